/**
 * A local paper run: the path of a backtest, with everything that must survive kept in a store.
 *
 * After each step the exchange and the loop are saved as one value, and an order is saved before its submission is
 * acknowledged. So the process may end at any moment and another goes on from the store: an order that was not saved
 * was not acknowledged, and is submitted again under its own id when its run is resumed. Orders that have ended move
 * out of the snapshot into entries of their own, after the snapshot that has them is saved.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import type { Broker, Ports, StateKey, StateStore } from "../src/ports.ts";
import { advanceRecorded } from "../src/replay/recording.ts";
import type { Recording } from "../src/replay/record-writer.ts";
import { advanceRun } from "../src/run/advance-run.ts";
import type { Closed } from "../src/run/close-run.ts";
import { drive, type DriveState } from "../src/run/drive.ts";
import { SNAPSHOT_FORMAT } from "../src/simulator/exchange-snapshot.ts";
import { Exchange, type ExchangeSnapshot } from "../src/simulator/exchange.ts";
import type { SqliteStore } from "../src/state/sqlite.ts";
import { epochDayOf, newYorkInstant, type Instant } from "../src/time.ts";
import type { Account, AccountName, ClientOrderId, Order } from "../src/trade.ts";
import { dueInstants, simulatedWorld, type WorldSettings } from "./simulated-world.ts";

interface PaperState {
  /** What the run was started with; other parameters need another file. */
  readonly identity: string;
  readonly exchange: ExchangeSnapshot;
  readonly drive: DriveState;
}

/** The state file belongs to a run that was started with something else. */
class PaperRunDiffers extends Error {
  override readonly name = "PaperRunDiffers";
}

export interface PaperProgress {
  readonly account: Account;
  readonly waiting: number;
}

/** Plays the market from where the store left it up to `until`, and runs what falls due. */
export async function continuePaper(
  settings: WorldSettings,
  store: Pick<Ports, "journal" | "state">,
  until: Instant,
  onClosed: (closed: Closed, at: Instant) => void,
  recording?: Recording,
): Promise<PaperProgress> {
  const { deployment } = settings;
  await claimAccount(store.state, deployment.account, deployment.strategy.name);
  const start = newYorkInstant(epochDayOf(settings.from), 0);
  const identity = identityOf(settings);
  const key = paperKey(deployment.account, deployment.strategy.name);
  const stored = await store.state.load(key);
  if (stored && stored.value.identity !== identity) {
    throw new PaperRunDiffers(`the state file holds a run of ${deployment.strategy.name} that was started with other parameters, symbols, dates or settings; give another --state file`);
  }

  let version = stored?.version ?? 0;
  let driveState = stored?.value.drive ?? { triggeredTo: (start - 1) as Instant, waiting: [] };
  const save = async (exchange: Exchange): Promise<void> => {
    await store.state.save(key, { identity, exchange: exchange.snapshot(), drive: driveState }, version);
    version += 1;
    for (const order of exchange.takeEnded()) await archive(store.state, deployment.account, order);
  };
  const world = simulatedWorld(
    settings,
    { journal: store.journal, state: store.state, durable: (broker, exchange) => durableBroker(broker, store.state, deployment.account, () => save(exchange)) },
    () => undefined,
    stored?.value.exchange,
  );

  await drive(dueInstants(settings, until), until, driveState, {
    moveTo: (at) => world.market.advanceTo(at),
    advance: (scheduledAt) => (recording ? advanceRecorded({ deployment, scheduledAt }, world.ports, recording) : advanceRun({ deployment, scheduledAt }, world.ports)),
    async keep(state) {
      driveState = state;
      await save(world.exchange);
    },
    onClosed,
  });
  if (until > world.exchange.now) world.market.advanceTo(until);
  await save(world.exchange);
  return { account: world.exchange.account(deployment.account), waiting: driveState.waiting.length };
}

/**
 * A file has one strategy's account. What an account remembers from run to run (holdings, the day's budget, its highest
 * equity, halts) would otherwise be of two that know nothing of each other's money.
 */
async function claimAccount(state: StateStore, account: AccountName, strategy: string): Promise<void> {
  const key: StateKey<{ readonly strategy: string }> = { name: `paper/${account}`, parse: (stored) => z.object({ strategy: z.string() }).parse(stored) };
  const claimed = await state.load(key);
  if (!claimed) await state.save(key, { strategy }, 0);
  else if (claimed.value.strategy !== strategy) throw new PaperRunDiffers(`the state file holds a run of ${claimed.value.strategy}, and a file has one strategy's account; give ${strategy} another --state file`);
}

/** The account as the state file has it; undefined when it holds no run of this strategy. */
export async function paperAccount({ deployment }: Pick<WorldSettings, "deployment">, { state }: SqliteStore): Promise<Account | undefined> {
  const stored = await state.load(paperKey(deployment.account, deployment.strategy.name));
  if (!stored) return undefined;
  const { fees, shares } = deployment.settings;
  return Exchange.restore({ fees, halfSpreadBps: 0, wholeShares: shares === "whole" }, stored.value.exchange).account(deployment.account);
}

function durableBroker(broker: Broker, state: StateStore, account: AccountName, save: () => Promise<void>): Broker {
  return {
    account: () => broker.account(),
    openOrders: () => broker.openOrders(),
    assets: (symbols) => broker.assets(symbols),
    hoursOf: (date) => broker.hoursOf(date),
    async submit(order) {
      if (await state.load(orderKey(account, order.clientOrderId))) return { kind: "duplicate" };
      const outcome = await broker.submit(order);
      if (outcome.kind === "accepted") await save();
      return outcome;
    },
    async find(id) {
      return (await broker.find(id)) ?? (await state.load(orderKey(account, id)))?.value;
    },
    async cancel(id) {
      await broker.cancel(id);
      await save();
    },
  };
}

/** Written once; a crash may have come between this entry and the snapshot without the order. */
async function archive(state: StateStore, account: AccountName, order: Order): Promise<void> {
  const key = orderKey(account, order.clientOrderId);
  if (!(await state.load(key))) await state.save(key, order, 0);
}

function identityOf({ deployment, from, cash, liquidity }: WorldSettings): string {
  const { account, strategy, symbols, settings } = deployment;
  return hash("sha256", JSON.stringify([account, strategy.name, strategy.params, strategy.schedule, symbols, settings, from, cash, liquidity]));
}

const paperSchema = z.object({
  identity: z.string(),
  exchange: z.looseObject({ format: z.literal(SNAPSHOT_FORMAT) }),
  drive: z.object({ triggeredTo: z.number(), waiting: z.array(z.object({ scheduledAt: z.number(), at: z.number() })) }),
});

function paperKey(account: AccountName, strategy: string): StateKey<PaperState> {
  return { name: `paper/${account}/${strategy}`, parse: (stored) => paperSchema.parse(stored) as unknown as PaperState };
}

const orderSchema = z.looseObject({ clientOrderId: z.string(), status: z.string() });

function orderKey(account: AccountName, id: ClientOrderId): StateKey<Order> {
  return { name: `order/${account}/${id}`, parse: (stored) => orderSchema.parse(stored) as unknown as Order };
}
