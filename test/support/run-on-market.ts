/** One deployment over made-up bars: the market is moved by hand, and the run is called as a trigger would call it. */
import { simulatedWorld, type SimulatedWorld } from "../../backtest/simulated-world.ts";
import type { Dataset } from "../../backtest/dataset.ts";
import type { Broker, Ports } from "../../src/ports.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import { haltAccount, resumeAccount } from "../../src/run/halt-account.ts";
import type { Closed } from "../../src/run/close-run.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import type { CallAgainAt } from "../../src/run/work-orders.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { instantOf, isoOf, type Instant } from "../../src/time.ts";
import { worldSettings } from "./made-up-market.ts";

export interface MarketOptions {
  readonly from: string;
  readonly cash?: number;
  readonly halfSpreadBps?: number;
  /** Stands between the run and the venue. */
  readonly broker?: (venue: Broker, now: () => Instant) => Broker;
}

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;

/** No run of these tests asks to be called more often. */
const CALLS_MAX = 1_000;

export class RunOnMarket {
  readonly world: SimulatedWorld;
  /** May be exchanged for another strategy's on the same account. */
  deployment: Deployment;
  readonly journal = new MemoryJournal();
  readonly state = new MemoryStateStore();
  ports: Ports;

  constructor(deployment: Deployment, dataset: Dataset, { from, cash, halfSpreadBps, broker }: MarketOptions) {
    this.deployment = deployment;
    this.world = simulatedWorld(worldSettings(dataset, deployment, from, cash, halfSpreadBps), { journal: this.journal, state: this.state }, () => undefined);
    const { ports, exchange } = this.world;
    this.ports = broker ? { ...ports, broker: broker(ports.broker, () => exchange.now) } : ports;
  }

  /** Moves the market to `at` and calls the run of `scheduledAt`; "2026-11-23T14:35:00.000Z completed" or "call again at …". */
  async call(scheduledAt: string, at = scheduledAt): Promise<string> {
    this.world.market.advanceTo(instantOf(at));
    return textOf(await advanceRun({ deployment: this.deployment, scheduledAt: instantOf(scheduledAt) }, this.ports));
  }

  /** Calls the run whenever it asks for it: the instants of the calls, and the outcome. */
  async play(scheduledAt: string, from = scheduledAt): Promise<{ readonly calls: readonly string[]; readonly outcome: string }> {
    const calls: string[] = [];
    for (let at = from; calls.length < CALLS_MAX; ) {
      calls.push(at);
      const answer = await this.call(scheduledAt, at);
      if (!answer.startsWith(AGAIN)) return { calls, outcome: answer };
      at = answer.slice(AGAIN.length);
    }
    throw new Error(`the run of ${scheduledAt} has no end`);
  }

  async events(scheduledAt: string): Promise<readonly JournalEvent[]> {
    const { account, strategy } = this.deployment;
    return this.journal.read(runIdOf(account, strategy.name, instantOf(scheduledAt)));
  }

  async eventsOf<T extends JournalEvent["type"]>(scheduledAt: string, type: T): Promise<readonly EventOf<T>[]> {
    return (await this.events(scheduledAt)).filter((event): event is EventOf<T> => event.type === type);
  }

  async halt(why: string): Promise<void> {
    await this.#setHalt(true, why);
  }

  async resume(why: string): Promise<void> {
    await this.#setHalt(false, why);
  }

  async #setHalt(halted: boolean, why: string): Promise<void> {
    const word = { account: this.deployment.account, who: "a person", why, now: this.world.exchange.now };
    await (halted ? haltAccount(this.state, word) : resumeAccount(this.state, word));
  }
}

const AGAIN = "call again at ";

function textOf(answer: Closed | CallAgainAt): string {
  return answer.kind === "closed" ? answer.outcome : `${AGAIN}${isoOf(answer.at)}`;
}
