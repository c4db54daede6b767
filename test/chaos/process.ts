/**
 * One delivery of a trigger in a process of its own, which may die.
 *
 * The process has its own adapter, its own clock and its own key at the venue, and shares with the others what outlives
 * a process: the venue and the store.
 */
import { alpacaBroker } from "../../src/alpaca/broker.ts";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { alpacaMarketData } from "../../src/alpaca/market-data.ts";
import { ReadBreaker } from "../../src/alpaca/read-breaker.ts";
import { Secret } from "../../src/aws/secret.ts";
import type { Broker, Clock, Journal, Ports, StateStore } from "../../src/ports.ts";
import { advanceRun } from "../../src/run/advance-run.ts";
import type { Closed } from "../../src/run/close-run.ts";
import type { Trigger } from "../../src/run/deployment.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import type { CallAgainAt } from "../../src/run/work-orders.ts";
import type { FencingStore } from "../../src/state/fence.ts";
import { underLease, type Held } from "../../src/state/lease.ts";
import { Mortality, type Death } from "./mortality.ts";

export interface ProcessTerms {
  readonly name: string;
  readonly strategy: string;
  /** Its own at the venue. */
  readonly keyId: string;
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly death: Death | undefined;
  /** With "lone" nothing but the journal keeps two processes apart. */
  readonly store: { readonly kind: "fencing"; readonly store: FencingStore } | { readonly kind: "lone"; readonly journal: Journal; readonly state: StateStore };
  /** What a test puts between the run and the venue. */
  readonly plant: ((broker: Broker) => Broker) | undefined;
}

export type Answer = Closed | CallAgainAt | Held;

export class Process {
  readonly keyId: string;
  readonly strategy: string;
  readonly clock: Clock;
  readonly mortality: Mortality;
  readonly #terms: ProcessTerms;

  constructor(terms: ProcessTerms) {
    this.keyId = terms.keyId;
    this.strategy = terms.strategy;
    this.clock = terms.clock;
    this.mortality = new Mortality(terms.death);
    this.#terms = terms;
  }

  /** @throws what the run throws. */
  async advance(trigger: Trigger): Promise<Answer | "died"> {
    const { url, secret, clock, timeoutMs, plant, keyId } = this.#terms;
    const keys = { keyId: new Secret(keyId), secretKey: new Secret(secret) };
    const breakers = [new ReadBreaker("trading", clock), new ReadBreaker("data", clock)] as const;
    const wire = { keys, timeoutMs, retryDelayMs: 1 };
    const broker = alpacaBroker({ ...wire, host: compatibleServer(url), clock, breaker: breakers[0] });
    const ports = {
      clock,
      broker: this.mortality.mortal(plant?.(broker) ?? broker),
      marketData: this.mortality.mortal(alpacaMarketData({ ...wire, feed: "iex", url, breaker: breakers[1] })),
    };
    try {
      return await this.mortality.live(this.#run(trigger, ports));
    } finally {
      for (const breaker of breakers) breaker.close();
    }
  }

  async #run(trigger: Trigger, ports: Pick<Ports, "clock" | "broker" | "marketData">): Promise<Answer> {
    const { store, clock, name } = this.#terms;
    const { mortality } = this;
    if (store.kind === "lone") return advanceRun(trigger, { ...ports, journal: mortality.mortal(store.journal), state: mortality.mortal(store.state) });
    const { account, strategy } = trigger.deployment;
    const holder = `${runIdOf(account, strategy.name, trigger.scheduledAt)} ${name}`;
    const leased = await underLease({ store: mortalStore(store.store, mortality), clock, account, holder }, ({ journal, state, broker }) =>
      advanceRun(trigger, { ...ports, journal, state, broker: broker(ports.broker) }),
    );
    return leased.kind === "held" ? leased : leased.answer;
  }
}

export function mortalStore(store: FencingStore, mortality: Mortality): FencingStore {
  return {
    journal: mortality.mortal(store.journal),
    state: mortality.mortal(store.state),
    fencedBy: (fence) => {
      const { journal, state } = store.fencedBy(fence);
      return { journal: mortality.mortal(journal), state: mortality.mortal(state) };
    },
  };
}
