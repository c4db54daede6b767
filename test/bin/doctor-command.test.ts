import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONFIG } from "../handlers/local-world.ts";
import { startOperatorWorld, type Kept, type OperatorWorld } from "./operator-world.ts";

interface Found {
  readonly account: string;
  readonly check: string;
  readonly level: string;
  readonly says: string;
  readonly remedy?: string;
}

let world: OperatorWorld;
afterEach(() => world.close());

async function found(...args: readonly string[]): Promise<{ readonly code: number | null; readonly levels: string; readonly of: (check: string) => Found }> {
  const { code, out } = await world.run("doctor", "--json", ...args);
  const { findings } = JSON.parse(out) as { findings: readonly Found[] };
  return { code, levels: findings.map(({ check, level }) => `${check} ${level}`).join(", "), of: (check) => findings.find((one) => one.check === check)! };
}

describe.each<[Kept]>([["in a file"], ["in a table"]])("with a store %s", (kept) => {
  beforeEach(async () => {
    world = await startOperatorWorld(kept);
  });

  test("an account that is ready fails no check, and what could be safer is a warning", async () => {
    const { code, levels, of } = await found();
    expect(levels).toBe("config OK, store OK, state OK, runs OK, host OK, keys OK, permissions WARN, clock OK, calendar OK, market data OK, bars OK");
    expect(code).toBe(0);
    expect(of("store").says).toMatch(kept === "in a file" ? /^store\.sqlite \(SQLite schema \d+\) can be read and written$/ : /^table ballast-test \(DynamoDB table\) can be read and written$/);
    expect(of("permissions")).toMatchObject({ says: "status ACTIVE, buying power times 2, may sell short", remedy: 'Ballast borrows nothing: set no_shorting: true and max_margin_multiplier: "1" in the account\'s configuration at the broker' });
    expect(of("calendar").says).toBe("the next 20 sessions agree, up to 2026-12-16");
  });
});

describe("with a store in a file", () => {
  beforeEach(async () => {
    world = await startOperatorWorld("in a file");
  });

  test("a clock that is off, a calendar that differs, a halt and a run that nobody ended are found", async () => {
    world.broker.openAnswers = 1_000;
    await world.run("run", "--once");
    await world.run("halt", "--account", "paper", "--why", "an incident");
    world.broker.clockAheadMs = 90_000;
    world.broker.closedOn = "2026-12-09";
    const { code, levels, of } = await found("--sessions", "15");
    expect(levels).toBe("config OK, store OK, state WARN, runs OK, host OK, keys OK, permissions WARN, clock FAIL, calendar WARN, market data OK, bars OK");
    expect(code).toBe(1);
    expect(of("state").says).toMatch(/^halted since \S+: an incident$/);
    expect(of("runs").says).toBe("1 under way: paper/fixed-weights/2026-11-18T14:35:00.000Z");
    expect(of("clock").says).toMatch(/^the venue's clock is (89|90)\d{3} ms ahead of this machine's/);
    expect(of("calendar").says).toBe("2026-12-09: ours 2026-12-09T14:30:00.000Z to 2026-12-09T21:00:00.000Z, the venue's no session");
  });

  test("bars that a strategy looks back on and the venue does not have are told, with how many there are", async () => {
    expect((await found()).of("bars")).toMatchObject({ level: "OK", says: "fixed-weights looks back on 20 daily bars, and every symbol has them" });
    world.broker.barsSince["IEF"] = "2026-11-12";
    const { code, of } = await found();
    expect(of("bars")).toMatchObject({ level: "WARN", says: "fixed-weights looks back on 20 daily bars: IEF has 4, from 2026-11-12 on, and the rest in 16 sessions", remedy: "see that the strategy decides well by fewer, or leave the symbol out until then" });
    expect(code).toBe(0);
    world.broker.barsSince["IEF"] = "2027-01-04";
    const none = await found();
    expect(none.of("bars")).toMatchObject({ level: "FAIL", says: "Alpaca's iex bars up to 2026-11-17: IEF has no bars" });
    expect(none.code).toBe(1);
  });

  test("keys that the venue does not take, an account that is blocked, and a venue of real money without its word fail", async () => {
    world.broker.failure = 403;
    const rejected = await found();
    expect([rejected.code, rejected.levels]).toEqual([1, "config OK, store OK, state OK, runs OK, host OK, keys FAIL"]);
    world.broker.failure = undefined;
    world.broker.blocked = true;
    expect((await found()).of("keys")).toMatchObject({ level: "FAIL", says: "accepted, but the account is blocked" });
    world.configure(CONFIG.replace("alpaca-paper", "alpaca-live"));
    expect((await found()).of("host")).toMatchObject({ level: "FAIL", remedy: "look again with --live paper, or change the configuration" });
  });

  test("a configuration that does not hold, and a file that is no store, are findings", async () => {
    world.configure(CONFIG.replace("alpaca-paper", "alpaca-dream"));
    expect(await found()).toMatchObject({ code: 1, levels: "config FAIL" });
    world.configure(CONFIG);
    const { code, out } = await world.run("doctor");
    expect(code).toBe(0);
    expect(out).toMatch(/^OK {4}\(all\) {7}config {7}ballast\.yaml: 1 account, 1 strategy\n/);
    writeFileSync(join(world.folder, "store.sqlite"), "no database");
    expect(await found()).toMatchObject({ code: 1, levels: "store FAIL" });
  });
});
