/**
 * A backtest: the path of a live run over a simulated world, from the first session to the last.
 *
 * Nothing here decides. The loop moves the market and calls `advanceRun`; what was traded is read from the journal
 * afterwards, and the account is marked at the end of each session.
 */
import { moneyToNumber, notional } from "../src/money.ts";
import { advanceRecorded } from "../src/replay/recording.ts";
import type { Recording } from "../src/replay/record-writer.ts";
import { advanceRun } from "../src/run/advance-run.ts";
import { drive } from "../src/run/drive.ts";
import type { Exchange } from "../src/simulator/exchange.ts";
import type { ExchangeEvent } from "../src/simulator/exchange-events.ts";
import { MemoryJournal, MemoryStateStore } from "../src/state/memory.ts";
import { epochDayOf, newYorkInstant, type Instant, type SessionDate } from "../src/time.ts";
import type { ReplayRecord } from "./result.ts";
import { TradingCosts } from "./trading-costs.ts";
import { dueInstants, endOf, simulatedWorld, type WorldSettings } from "./simulated-world.ts";

export interface BacktestSettings extends WorldSettings {
  readonly to: SessionDate;
  /** Called now and then with the share of the sessions that is done. */
  readonly onProgress?: (fraction: number) => void;
  /** Keeps what every run was told. */
  readonly recording?: Recording;
}

export async function runBacktest(settings: BacktestSettings): Promise<ReplayRecord> {
  const { deployment, from, to, onProgress, recording } = settings;
  const { account, symbols } = deployment;
  const journal = new MemoryJournal();
  const days: number[] = [];
  const equity: number[] = [];
  const cash: number[] = [];
  const weights: number[][] = [];

  const start = newYorkInstant(epochDayOf(from), 0);
  const end = endOf(to);
  const costs = new TradingCosts();
  const stores = { journal, state: new MemoryStateStore(), onEvent: (event: ExchangeEvent, exchange: Exchange) => costs.add(event, exchange) };
  const world = simulatedWorld(settings, stores, (session, exchange) => {
    const marked = exchange.account(account);
    const valueOf = new Map(marked.positions.map(({ symbol, quantity, marketPrice }) => [symbol, notional(marketPrice, quantity)]));
    days.push(session.day);
    equity.push(moneyToNumber(marked.equity));
    cash.push(moneyToNumber(marked.cash));
    weights.push(symbols.map((symbol) => (valueOf.get(symbol) ?? 0) / marked.equity));
  });

  await drive(dueInstants(settings, end), end, { triggeredTo: (start - 1) as Instant, waiting: [] }, {
    moveTo(at) {
      world.market.advanceTo(at);
      onProgress?.((at - start) / (end - start));
    },
    advance: (scheduledAt) => (recording ? advanceRecorded({ deployment, scheduledAt }, world.ports, recording) : advanceRun({ deployment, scheduledAt }, world.ports)),
  });
  world.market.advanceTo(end);

  const runs = await Promise.all(journal.runs().map((run) => journal.read(run)));
  return { days, equity, cash, weights, runs, feesPaid: world.exchange.feesPaid(account), costs: costs.sum };
}
