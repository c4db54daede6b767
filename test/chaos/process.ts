/**
 * One delivery of a trigger in a process of its own, which may die.
 *
 * The process has its own adapter, its own clock and its own key at the venue, and shares with the others what outlives
 * a process: the venue and the store. It dies before, while or after it makes its n-th effect, reads included; or when
 * the venue gets its n-th request. Of a dead process nothing comes any more: its pending calls have no answer, and the
 * venue hears no further request of it. What it had sent before is on its way and may arrive.
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

export interface Death {
  readonly of: "effect" | "request";
  readonly number: number;
  readonly when: "before" | "while" | "after";
}

export interface ProcessTerms {
  readonly name: string;
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
  readonly #terms: ProcessTerms;
  readonly #died: Promise<"died">;
  #die!: (word: "died") => void;
  #effects = 0;
  #requests = 0;
  #isDead = false;

  constructor(terms: ProcessTerms) {
    this.keyId = terms.keyId;
    this.#terms = terms;
    this.#died = new Promise((resolve) => (this.#die = resolve));
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
      broker: this.#mortal(plant?.(broker) ?? broker),
      marketData: this.#mortal(alpacaMarketData({ ...wire, feed: "iex", url, breaker: breakers[1] })),
    };
    try {
      return await Promise.race([this.#run(trigger, ports), this.#died]);
    } finally {
      for (const breaker of breakers) breaker.close();
    }
  }

  #hasDied(): boolean {
    return this.#isDead;
  }

  /** Called by the venue as a request of this process comes; false where no more of it may come. */
  mayRequest(): boolean {
    if (this.#isDead) return false;
    this.#requests += 1;
    const { death } = this.#terms;
    if (death?.of !== "request" || death.number !== this.#requests) return true;
    void this.#end();
    return death.when !== "before";
  }

  async #run(trigger: Trigger, ports: Pick<Ports, "clock" | "broker" | "marketData">): Promise<Answer> {
    const { store, clock, name } = this.#terms;
    if (store.kind === "lone") return advanceRun(trigger, { ...ports, journal: this.#mortal(store.journal), state: this.#mortal(store.state) });
    const { account, strategy } = trigger.deployment;
    const mortal: FencingStore = {
      journal: this.#mortal(store.store.journal),
      state: this.#mortal(store.store.state),
      fencedBy: (fence) => {
        const { journal, state } = store.store.fencedBy(fence);
        return { journal: this.#mortal(journal), state: this.#mortal(state) };
      },
    };
    const holder = `${runIdOf(account, strategy.name, trigger.scheduledAt)} ${name}`;
    const leased = await underLease({ store: mortal, clock, account, holder }, ({ journal, state, broker }) => advanceRun(trigger, { ...ports, journal, state, broker: broker(ports.broker) }));
    return leased.kind === "held" ? leased : leased.answer;
  }

  #mortal<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): Promise<unknown> => this.#effect(() => (value as (...all: unknown[]) => Promise<unknown>).apply(target, args));
      },
    });
  }

  async #effect(make: () => Promise<unknown>): Promise<unknown> {
    if (this.#hasDied()) return never();
    this.#effects += 1;
    const { death } = this.#terms;
    const dies = death?.of === "effect" && death.number === this.#effects;
    if (dies && death.when === "before") return this.#end();
    const made = make();
    if (dies && death.when === "while") {
      made.catch(() => undefined); // nobody is left to hear of it
      return this.#end();
    }
    // It may have died meanwhile by another of its calls.
    const [settled] = await Promise.allSettled([made]);
    if (dies || this.#hasDied()) return this.#end();
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }

  #end(): Promise<never> {
    this.#isDead = true;
    this.#die("died");
    return never();
  }
}

/** A new one each time: one for all would remember everybody who waits for it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
