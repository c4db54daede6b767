import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { venueCommandSchema } from "../../src/server/commands.ts";
import { CommandLog } from "../../src/server/durable/command-log.ts";
import { DurableVenue } from "../../src/server/durable-venue.ts";
import { loggedCommand } from "../../src/server/logged-command.ts";
import { plusMs } from "../../src/time.ts";
import { NOON, venueSettings } from "../support/served-market.ts";

const directory = mkdtempSync(join(tmpdir(), "ballast-logged-"));
afterAll(() => rmSync(directory, { recursive: true }));

const place = { type: "place", at: NOON, account: "ann", order: { symbol: "AAA", side: "buy", type: "limit", timeInForce: "day", orderClass: "bracket", quantity: 1_000_000_000, limitPrice: 10_000_000, trail: { by: "price", price: 1 }, takeProfit: { limitPrice: 2 }, stopLoss: { stopPrice: 1 } } };
const replace = { type: "replace", at: NOON, account: "ann", order: "an id", changes: { quantity: 2, trail: { ppm: 1 }, timeInForce: "gtc" } };
const commands = [place, replace, { type: "cancel", at: NOON, account: "ann", order: "an id" }, { type: "quote", at: NOON, symbol: "AAA", bid: 1, ask: 2, quantity: 3 }];

/** Every name in a command and in what lies in it, from the outside in. */
function pathsOf(value: object, before: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => [[...before, name], ...(typeof inner === "object" && inner !== null ? pathsOf(inner, [...before, name]) : [])]);
}

function changed(command: object, path: readonly string[], change: (parent: Record<string, unknown>, name: string) => void): object {
  const copy = structuredClone(command) as Record<string, unknown>;
  const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, copy);
  change(parent, path.at(-1)!);
  return copy;
}

const edited = fc.constantFrom(...commands).chain((command) =>
  fc.record({ path: fc.constantFrom(...pathsOf(command)), how: fc.constantFrom("as it is", "absent", "misspelt", "other"), value: fc.oneof(fc.constantFrom(0, -1, 1.5, 2 ** 60, "", "buy", "gtc", "cancel", "percent", true, null, [], {}), fc.string({ maxLength: 130 })) }).map(({ path, how, value }) =>
    changed(command, path, (parent, name) => {
      if (how === "other") parent[name] = value;
      if (how === "misspelt") parent[`${name}s`] = parent[name];
      if (how === "absent" || how === "misspelt") Reflect.deleteProperty(parent, name);
    }),
  ),
);

test("a command of the log is taken exactly where the schema of commands takes it, and as it stands there", () => {
  const taken = { yes: 0, no: 0 };
  fc.assert(
    fc.property(edited, (command) => {
      const { success, data } = venueCommandSchema.safeParse(command);
      taken[success ? "yes" : "no"] += 1;
      if (success) expect(loggedCommand(command, 1, directory)).toEqual(data);
      else expect(() => loggedCommand(command, 1, directory)).toThrow("command 1 of the log");
    }),
    { seed: 6, numRuns: 2_000 },
  );
  expect(Math.min(taken.yes, taken.no)).toBeGreaterThan(300);
});

test("a log with a command that this version does not know stops the start, and says which and why", async () => {
  const log = await CommandLog.open({ directory, policy: { sync: "never" } }, { restore: () => undefined, apply: () => undefined });
  await log.append({ type: "open-account", at: NOON, account: "ann", cash: 1_000_000 });
  await log.append({ ...place, order: { ...place.order, iceberg: 5 } });
  await log.close();
  const open = DurableVenue.open({ directory, policy: { sync: "never" }, snapshotEvery: 100, venue: venueSettings(), onSnapshotFailure: (error) => { throw error; } });
  await expect(open).rejects.toThrow(`command 2 of the log in ${directory} is none that this version knows (order: Unrecognized key: "iceberg"): start the version that wrote it`);
});

test("a start tells of the commands at which the market threw, as it had when they came", async () => {
  const kept = join(directory, "threw");
  const settings = { directory: kept, policy: { sync: "never" }, snapshotEvery: 100, venue: venueSettings(), onSnapshotFailure: (error: unknown) => { throw error; } } as const;
  mkdirSync(kept);
  const first = await DurableVenue.open(settings);
  await first.append({ type: "open-account", at: plusMs(NOON, 1_000), account: "ann" as never, cash: 1 as never });
  await first.append({ type: "open-account", at: NOON, account: "bob" as never, cash: 1 as never });
  await first.release();
  const again = await DurableVenue.open(settings);
  await again.release();
  expect([first.failedAgain, again.failedAgain]).toEqual([[], [`command 2: the market cannot go back from ${NOON + 1_000} to ${NOON}`]]);
});
