import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ballast } from "../support/command-line.ts";

const directory = mkdtempSync(join(tmpdir(), "ballast-halt-"));
afterAll(() => rmSync(directory, { recursive: true }));
const state = join(directory, "paper.sqlite");

const paper = (until: string) =>
  JSON.parse(ballast(["paper", "fixed-weights", "--replay", "--from", "2015-01-02", "--to", "2015-06-30", "--symbols", "JNJ,KO", "--schedule", "last session of week at open+5m", "--param", "band=0", "--until", until, "--state", state, "--json"]).out) as { outcomes: Record<string, number> };

test("a halted account trades nothing until it is resumed, and both are kept with their reasons", () => {
  expect(paper("2015-02-15T00:00:00Z").outcomes["refused"]).toBeUndefined();

  const halted = ballast(["halt", "--state", state, "--why", "prices look wrong", "--who", "kim"]);
  expect([halted.code, halted.out]).toEqual([0, expect.stringMatching(/^simulated is halted\n {2}\S+ {2}halted {3}kim: prices look wrong\n$/)]);
  const refused = paper("2015-04-15T00:00:00Z").outcomes["refused"]!;
  expect(refused).toBeGreaterThan(0);

  const resumed = ballast(["resume", "--state", state, "--why", "prices checked", "--who", "lee", "--json"]);
  expect(JSON.parse(resumed.out)).toMatchObject({ account: "simulated", position: { kind: "closed" }, history: [{ to: "halted", by: "kim" }, { to: "closed", by: "lee", why: "prices checked" }] });
  expect(paper("2015-06-29T00:00:00Z").outcomes["refused"]).toBe(refused);
  expect(ballast(["resume", "--state", state, "--why", "again", "--who", "lee"]).out).toMatch(/^simulated is trading\n {2}\S+ {2}halted {3}kim: prices look wrong\n {2}\S+ {2}trading {2}lee: prices checked\n/);
}, 30_000);

test.each([
  ["without a reason", ["halt", "--state", state]],
  ["with an empty one", ["halt", "--state", state, "--why", " "]],
  ["on a state file that is not there", ["resume", "--state", join(directory, "none.sqlite"), "--why", "x"]],
])("a word %s is wrong input", (_case, args) => {
  expect(ballast(args).code).toBe(2);
});

test("--cash-account is kept by a backtest, whose journal says what had settled, and by a plan", () => {
  const range = ["--from", "2015-01-02", "--to", "2015-03-31", "--cash-account"];
  const backtest = ballast(["backtest", "fixed-weights", ...range, "--param", "band=0", "--json"]);
  const without = ballast(["backtest", "fixed-weights", ...range.slice(0, -1), "--param", "band=0", "--json"]);
  expect([backtest.code, without.code]).toEqual([0, 0]);
  expect(backtest.out).not.toBe(without.out);
  expect(ballast(["plan", "fixed-weights", ...range, "--json"]).code).toBe(0);
}, 30_000);
