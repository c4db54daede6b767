/**
 * A lease on an account: at most one holder at a time, each with a fencing token larger than every one before it.
 *
 * Kept under one key of the state store, so it holds wherever the store is shared. Time is an argument: a holder that
 * sleeps past its expiry loses the lease without noticing, which is why `renew` is asked before an effect and the token
 * goes where the effect's receiver can compare it. The lease keeps two invocations out of each other's way; that no
 * order is placed twice rests on the journal and the client order ids, not on it.
 */
import { StateConflict, type StateStore } from "../ports.ts";
import type { AccountName } from "../trade.ts";
import { plusMs, type Instant } from "../time.ts";
import { leaseKey, type Lease } from "./fence.ts";

export type Acquisition = { readonly kind: "acquired"; readonly lease: Lease } | { readonly kind: "held"; readonly by: string; readonly until: Instant };

/** A holder's name is its own: who acquires under the name of a holder takes the lease over, with a new token. */
export async function acquireLease(state: StateStore, account: AccountName, holder: string, now: Instant, ttlMs: number): Promise<Acquisition> {
  const key = leaseKey(account);
  for (let attempt = 1; ; attempt += 1) {
    const found = await state.load(key);
    if (found && found.value.until > now && found.value.holder !== holder) return { kind: "held", by: found.value.holder, until: found.value.until };
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

/** The lease with its new expiry; undefined when it was lost, also by running out. */
export async function renewLease(state: StateStore, lease: Lease, now: Instant, ttlMs: number): Promise<Lease | undefined> {
  const renewed = { ...lease, until: plusMs(now, ttlMs) };
  return (await replaceOwn(state, lease, now, renewed)) ? renewed : undefined;
}

/** Leaves the token behind, so that the next holder's is larger. A lease that was lost is left alone. */
export async function releaseLease(state: StateStore, lease: Lease, now: Instant): Promise<void> {
  await replaceOwn(state, lease, now, { ...lease, until: now });
}

const ATTEMPTS_MAX = 5;

async function replaceOwn(state: StateStore, lease: Lease, now: Instant, replacement: Lease): Promise<boolean> {
  const key = leaseKey(lease.account);
  const found = await state.load(key);
  if (found?.value.token !== lease.token || found.value.until <= now) return false;
  try {
    await state.save(key, replacement, found.version);
    return true;
  } catch (error) {
    if (error instanceof StateConflict) return false;
    throw error;
  }
}
