import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { REFUSALS } from "../../src/risk/refusals.ts";
import { ballast, ROOT } from "../support/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "ballast-explain-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("ballast refusals", () => {
  test("prints every refusal there is, with its meaning and its remedy", () => {
    const { code, out } = ballast(["refusals", "--json"]);
    expect(code).toBe(0);
    const rows = JSON.parse(out) as { code: string; meaning: string; remedy: string }[];
    expect(rows.map((row) => row.code)).toEqual(Object.keys(REFUSALS).sort());
    for (const row of rows) expect(REFUSALS[row.code as keyof typeof REFUSALS]).toEqual({ meaning: row.meaning, remedy: row.remedy });
    for (const { code: one, meaning, remedy } of rows) expect(ballastText()).toContain(`${one}\n  ${meaning}\n  -> ${remedy}\n`);
  });

  test("and README has the same table: else put there what npx ballast refusals --markdown prints", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const table = /<!-- refusals: npx ballast refusals --markdown -->\n([^]*?)<!-- \/refusals -->/.exec(readme)?.[1];
    expect(table).toBe(ballast(["refusals", "--markdown"]).out);
  });
});

let text: string | undefined;
function ballastText(): string {
  return (text ??= ballast(["refusals"]).out);
}

describe("ballast explain", () => {
  const report = join(folder, "report");
  const journal = join(report, "journal.jsonl");

  test("tells of a backtest's last run, and of one by the end of its id", () => {
    expect(ballast(["backtest", "momentum", "--from", "2016-01-01", "--to", "2016-03-31", "--out", report]).code).toBe(0);
    const last = ballast(["explain", "last", "--journal", journal]);
    expect(last.code).toBe(0);
    expect(last.out).toMatch(/^simulated\/momentum\/2016-03-01T14:35:00\.000Z: completed\n/);
    expect(last.out).toContain("  Target: 20 % of equity, because: rank 1: ");
    expect(ballast(["explain", "2016-03-01T14:35:00.000Z", "--journal", journal]).out).toBe(last.out);
    expect(JSON.parse(ballast(["explain", "last", "--journal", journal, "--json"]).out)).toMatchObject({ run: "simulated/momentum/2016-03-01T14:35:00.000Z", outcome: "completed", refused: [] });
  });

  test("tells of a paper run from its state file", () => {
    const state = join(folder, "paper.sqlite");
    expect(ballast(["paper", "momentum", "--replay", "--from", "2016-01-01", "--to", "2016-01-31", "--state", state]).code).toBe(0);
    expect(ballast(["explain", "last", "--state", state]).out).toMatch(/^simulated\/momentum\/2016-01-04T14:35:00\.000Z: completed\n/);
  });

  test.each([
    ["a state file and a journal", ["last", "--state", "x.sqlite", "--journal", journal], "explain takes --journal or a store, and not both"],
    ["a run that is not there", ["1999", "--journal", journal], "holds no run 1999; it has 3, from simulated/momentum/2016-01-04T14:35:00.000Z to"],
    ["a part of several runs", ["simulated/momentum/2016", "--journal", journal], "simulated/momentum/2016 can be 3 runs of "],
    ["a state file that is not there", ["last", "--state", join(folder, "none.sqlite")], "there is no state file"],
    ["a journal that is not there", ["last", "--journal", join(folder, "none.jsonl")], "could not be read"],
  ])("%s is wrong input", (_case, args, message) => {
    const { code, out, err } = ballast(["explain", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });

  test("a line that is no event is named", () => {
    const broken = join(folder, "broken.jsonl");
    writeFileSync(broken, '{"type":"run-opened"');
    expect(ballast(["explain", "last", "--journal", broken]).err).toBe(`ballast: ${broken}:1 is no journal event: it is not JSON\n`);
  });
});
