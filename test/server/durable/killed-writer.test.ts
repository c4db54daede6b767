/** A process that appends is killed at moments that a seed draws; BALLAST_LOG_KILLS asks for more of them. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CommandLog } from "../../../src/server/durable/command-log.ts";
import { Prng } from "../../../src/simulator/prng.ts";
import { ROOT } from "../../support/command-line.ts";

const KILLS = Number(process.env["BALLAST_LOG_KILLS"] ?? 5);

/** What the process said until it was killed. */
async function writeUntilKilled(directory: string, writers: number, snapshotEvery: number, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(ROOT, "test/support/log-writer.ts"), directory, String(writers), String(snapshotEvery)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8");
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (text: string) => {
      said += text;
      if (said.split("\n").length > lines) child.kill("SIGKILL");
    });
    child.on("close", () => resolve());
  });
  return said.split("\n").slice(0, -1);
}

test(`${KILLS} kills in the middle of appends lose nothing that was acknowledged`, { timeout: 120_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "ballast-log-"));
  const draw = new Prng(20_261_121);
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const [opened, ...sequences] = await writeUntilKilled(directory, draw.integer(1, 8), draw.integer(20, 80), draw.integer(10, 300));
    const [, count, , lastSequence] = opened!.split(" ").map(Number);
    expect(lastSequence).toBeGreaterThanOrEqual(acknowledged);
    expect(count).toBe(lastSequence);
    expect(sequences.map(Number)).toEqual(sequences.map((_, index) => lastSequence! + 1 + index));
    acknowledged = Number(sequences.at(-1) ?? lastSequence);
  }
  let state = { count: 0, mixed: 0 };
  const log = await CommandLog.open(
    { directory, policy: { sync: "every-batch" } },
    {
      restore: (restored) => (state = restored as typeof state),
      apply: (command) => (state = { count: state.count + 1, mixed: (state.mixed * 31 + (command as { n: number }).n) % 1_000_003 }),
    },
  );
  expect(log.recovery.lastSequence).toBeGreaterThanOrEqual(acknowledged);
  let mixed = 0;
  for (let n = 1; n <= log.recovery.lastSequence; n += 1) mixed = (mixed * 31 + n) % 1_000_003;
  expect(state).toEqual({ count: log.recovery.lastSequence, mixed });
  await log.close();
  rmSync(directory, { recursive: true });
});
