/** A paper run of which every scheduled instant is the work of a process of its own. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { dueInstants, type WorldSettings } from "../backtest/simulated-world.ts";
import type { JournalEvent } from "../src/run/journal.ts";
import type { SqliteStore } from "../src/state/sqlite.ts";
import { isoOf, type Instant } from "../src/time.ts";
import { UsageError } from "./usage-error.ts";

const PROGRAM = fileURLToPath(new URL("ballast.js", import.meta.url));

/** `args` are those of a `paper --replay`; each process restores the world from its state file, runs what is due, and ends. */
export function runEachInstantAlone(world: WorldSettings, until: Instant, args: readonly string[]): void {
  for (const instant of dueInstants(world, until)) {
    const { status } = spawnSync(process.execPath, [PROGRAM, ...args, "--until", isoOf(instant), "--json"], { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new UsageError(`the process for ${isoOf(instant)} ended with code ${status ?? "none"}; the state file holds what was done before`);
  }
}

/** All runs of a state file, in the order in which they were opened. */
export async function journalsOf({ journal }: Pick<SqliteStore, "journal">): Promise<readonly (readonly JournalEvent[])[]> {
  return Promise.all(journal.runs().map((run) => journal.read(run)));
}
