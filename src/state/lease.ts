/**
 * A lease on an account: at most one holder at a time, each with a fencing token larger than every one before it.
 *
 * Kept under one key of the state store, so it holds wherever the store is shared. Time decides only when another may
 * take it: a holder whose time ran out keeps the lease for as long as nobody else took it, and once somebody did, its
 * writes are refused (fence.ts). The lease keeps two invocations out of each other's way; that no order is placed twice
 * rests on the journal and the client order ids as well.
 */
import { StateConflict, type Broker, type Clock, type Journal, type StateStore } from "../ports.ts";
import type { AccountName } from "../trade.ts";
import { plusMs, type Instant } from "../time.ts";
import { leaseKey, LeaseLost, type FencingStore, type Lease } from "./fence.ts";

export type Acquisition = { readonly kind: "acquired"; readonly lease: Lease } | Held;

export interface Held {
  readonly kind: "held";
  readonly by: string;
  readonly until: Instant;
}

/** The ports of a holder: each write, and each request that trades, is refused once the lease has gone to another. */
export interface HeldPorts {
  readonly journal: Journal;
  readonly state: StateStore;
  readonly broker: (broker: Broker) => Broker;
}

interface LeaseTerms {
  readonly store: FencingStore;
  readonly clock: Clock;
  readonly account: AccountName;
  /** A name of its own for each who asks. */
  readonly holder: string;
  /** A holder that is known to be dead, whose lease need not run out. */
  readonly insteadOf?: string;
}

/** How long a holder that died keeps the others waiting, and longer than any one request to a store or to a broker. */
const LEASE_MS = 60_000;

/**
 * Does `work` under the account's lease, or says who has it. @throws LeaseLost when another took it over meanwhile.
 */
export async function underLease<T>({ store, clock, account, holder, insteadOf }: LeaseTerms, work: (held: HeldPorts) => Promise<T>): Promise<{ readonly kind: "done"; readonly answer: T } | Held> {
  const acquired = await acquireLease(store.state, account, holder, clock.now(), LEASE_MS, insteadOf);
  if (acquired.kind === "held") return acquired;
  const holding = new Holding(store.state, acquired.lease, clock);
  const fenced = store.fencedBy(acquired.lease);
  try {
    const answer = await work({ journal: keptJournal(fenced.journal, holding), state: keptState(fenced.state, holding), broker: (broker) => keptBroker(broker, holding) });
    return { kind: "done", answer };
  } finally {
    await holding.release();
  }
}

/** A holder's name is its own: who acquires under the name of a holder, or instead of it, takes the lease over, with a new token. */
export async function acquireLease(state: StateStore, account: AccountName, holder: string, now: Instant, ttlMs: number, insteadOf = holder): Promise<Acquisition> {
  const key = leaseKey(account);
  for (let attempt = 1; ; attempt += 1) {
    const found = await state.load(key);
    if (found && found.value.until > now && found.value.holder !== holder && found.value.holder !== insteadOf) return { kind: "held", by: found.value.holder, until: found.value.until };
    const lease = { account, holder, token: (found?.value.token ?? 0) + 1, until: plusMs(now, ttlMs) };
    try {
      await state.save(key, lease, found?.version ?? 0);
      return { kind: "acquired", lease };
    } catch (error) {
      // Another invocation was faster: look who holds it now.
      if (!(error instanceof StateConflict) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

/** The lease with its new expiry, also when the old one had passed and nobody came; undefined when another took it. */
export async function renewLease(state: StateStore, lease: Lease, now: Instant, ttlMs: number): Promise<Lease | undefined> {
  const renewed = { ...lease, until: plusMs(now, ttlMs) };
  return (await replaceOwn(state, lease, renewed)) ? renewed : undefined;
}

/** Leaves the token behind, so that the next holder's is larger. A lease that was lost is left alone. */
export async function releaseLease(state: StateStore, lease: Lease, now: Instant): Promise<void> {
  await replaceOwn(state, lease, { ...lease, until: now });
}

const ATTEMPTS_MAX = 20;

async function replaceOwn(state: StateStore, lease: Lease, replacement: Lease): Promise<boolean> {
  const key = leaseKey(lease.account);
  for (let attempt = 1; ; attempt += 1) {
    const found = await state.load(key);
    if (found?.value.token !== lease.token) return false;
    try {
      await state.save(key, replacement, found.version);
      return true;
    } catch (error) {
      // Either another took the lease, or this holder renewed it twice at once: the token tells.
      if (!(error instanceof StateConflict) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

class Holding {
  readonly #state: StateStore;
  readonly #clock: Clock;
  #lease: Lease;

  constructor(state: StateStore, lease: Lease, clock: Clock) {
    this.#state = state;
    this.#lease = lease;
    this.#clock = clock;
  }

  /** Renews a lease of which half is over. */
  async keep(): Promise<void> {
    if (this.#lease.until - this.#clock.now() < LEASE_MS / 2) await this.renew();
  }

  /** A write under the newest token, or LeaseLost. */
  async renew(): Promise<void> {
    const renewed = await renewLease(this.#state, this.#lease, this.#clock.now(), LEASE_MS);
    if (!renewed) throw new LeaseLost(this.#lease, (await this.#state.load(leaseKey(this.#lease.account)))?.value);
    this.#lease = renewed;
  }

  async release(): Promise<void> {
    try {
      await releaseLease(this.#state, this.#lease, this.#clock.now());
    } catch {
      // The work is done or its own failure is on its way; a lease that could not be given back runs out.
    }
  }
}

function keptJournal(journal: Journal, holding: Holding): Journal {
  return {
    read: (run) => journal.read(run),
    async append(run, expectedLength, event) {
      await holding.keep();
      await journal.append(run, expectedLength, event);
    },
  };
}

function keptState(state: StateStore, holding: Holding): StateStore {
  return {
    load: (key) => state.load(key),
    async save(key, value, expectedVersion) {
      await holding.keep();
      await state.save(key, value, expectedVersion);
    },
  };
}

function keptBroker(broker: Broker, holding: Holding): Broker {
  return {
    account: () => broker.account(),
    openOrders: () => broker.openOrders(),
    assets: (symbols) => broker.assets(symbols),
    hoursOf: (date) => broker.hoursOf(date),
    find: (id) => broker.find(id),
    async submit(order) {
      await holding.renew();
      return broker.submit(order);
    },
    async cancel(id) {
      await holding.renew();
      await broker.cancel(id);
    },
  };
}
