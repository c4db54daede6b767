/**
 * What keeps the holder of a lost lease from writing: the fencing token, compared where the writing is done.
 *
 * A lease counts its acquisitions (lease.ts). Once a later token exists, the writes of an earlier holder are refused
 * with `LeaseLost`:
 *
 * - SQLite: always. The comparison is part of the statement that writes.
 * - DynamoDB, any append or save that begins after the later acquisition: always. It reads the lease first.
 * - DynamoDB, an append that had read the lease before the later acquisition and arrives after it: always, once the
 *   later holder has read that run. Reading claims the run's next free place for the reader's token, in the item in
 *   which the append would land and whose condition is the append's own. Until then the append may still land; the
 *   later holder then reads it like any other event. (A holder reads its run before it decides anything.)
 * - DynamoDB, a save that had read the lease before: not by the token, as the two are different items. It lands only if
 *   nobody has changed the value since it was loaded, and then whoever loaded it meanwhile is refused by its version.
 *
 * A request to the broker cannot be compared with anything. It is preceded by a write to the lease itself (lease.ts),
 * which succeeds only for the newest token and keeps others out for a minute from then; a process that stands still for
 * longer than that between the write and the request can still send it. What keeps that from being a second order is
 * the client order id, which is the same for every holder.
 *
 * Writes of no holder, such as a person's halt, are not fenced.
 */
import { z } from "zod";
import type { Journal, StateKey, StateStore } from "../ports.ts";
import type { Instant } from "../time.ts";
import type { AccountName } from "../trade.ts";

export interface Fence {
  readonly account: AccountName;
  readonly token: number;
}

/** A store whose writes can be bound to a lease. */
export interface FencingStore {
  readonly journal: Journal;
  readonly state: StateStore;
  /** The same store, for the holder of this token. */
  fencedBy(fence: Fence): { readonly journal: Journal; readonly state: StateStore };
}

export interface Lease extends Fence {
  readonly holder: string;
  readonly until: Instant;
}

/** The account's lease has gone to another: stop, and write nothing more. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
  /** Who has it now, as far as is known. */
  readonly to: string | undefined;

  constructor({ account, token }: Fence, to: Pick<Lease, "holder" | "token"> | undefined) {
    super(`the lease ${token} on account ${account} was lost to ${to ? `${to.holder}, who has ${to.token}` : "a later one"}`);
    this.to = to?.holder;
  }
}

export class FenceCheck {
  readonly #state: StateStore;
  readonly #fence: Fence;

  constructor(state: StateStore, fence: Fence) {
    this.#state = state;
    this.#fence = fence;
  }

  get token(): number {
    return this.#fence.token;
  }

  /** @throws LeaseLost when a later token exists. */
  async check(): Promise<void> {
    const newest = await this.#state.load(leaseKey(this.#fence.account));
    if (newest && newest.value.token > this.#fence.token) throw new LeaseLost(this.#fence, newest.value);
  }

  /** @throws LeaseLost for a later token that was met. */
  requireNoLaterThan(token: number | undefined): void {
    if (token !== undefined && token > this.#fence.token) throw new LeaseLost(this.#fence, undefined);
  }
}

const storedLease = z.strictObject({ account: z.string(), holder: z.string(), token: z.int().min(1), until: z.int() });

/** SQLite's statements read `token` from the value themselves. */
export function leaseKey(account: AccountName): StateKey<Lease> {
  return { name: `lease/${account}`, parse: (stored) => storedLease.parse(stored) as unknown as Lease };
}
