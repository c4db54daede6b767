/**
 * One process at a time for an account in a local store.
 *
 * A process that was killed leaves its lease behind. On the same machine that is seen by its process id, and the lease is
 * taken over at once; of another machine's process nothing is known, and its lease has to run out.
 */
import { hostname } from "node:os";
import { LeaseLost, leaseKey, type FencingStore } from "../src/state/fence.ts";
import { underLease, type HeldPorts } from "../src/state/lease.ts";
import { isoOf, type Instant } from "../src/time.ts";
import type { AccountName } from "../src/trade.ts";
import { UsageError } from "./usage-error.ts";

/** @throws UsageError while another process works for the account, or when another has taken over. */
export async function underLocalLease<T>(store: FencingStore, account: AccountName, work: (held: HeldPorts) => Promise<T>): Promise<T> {
  const clock = { now: () => Date.now() as Instant };
  const found = await store.state.load(leaseKey(account));
  const holder = `process ${process.pid} on ${hostname()}`;
  const dead = found && isOfDeadProcess(found.value.holder) ? { insteadOf: found.value.holder } : {};
  try {
    const result = await underLease({ store, clock, account, holder, ...dead }, work);
    if (result.kind === "done") return result.answer;
    throw new UsageError(`${result.by} works for account ${account}: wait until it has ended, or until ${isoOf(result.until)} if it no longer runs`);
  } catch (error) {
    if (error instanceof LeaseLost) throw new UsageError(`stopped: ${error.message}`, { cause: error });
    throw error;
  }
}

function isOfDeadProcess(holder: string): boolean {
  const [, pid, host] = /^process (\d+) on (.*)$/.exec(holder) ?? [];
  if (pid === undefined || host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // A process that may not be signalled is there.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
