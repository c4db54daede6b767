import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function ballast(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/ballast.ts", ...args], { cwd: root, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

describe("ballast calendar", () => {
  test("--json prints sessions in UTC and New York time, and closures with their reason", () => {
    const { code, out } = ballast("calendar", "--from", "2026-11-25", "--to", "2026-11-29", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      sessions: [
        { date: "2026-11-25", open: "2026-11-25T14:30:00.000Z", close: "2026-11-25T21:00:00.000Z", earlyClose: false, openNewYork: "09:30", closeNewYork: "16:00" },
        { date: "2026-11-27", open: "2026-11-27T14:30:00.000Z", close: "2026-11-27T18:00:00.000Z", earlyClose: true, openNewYork: "09:30", closeNewYork: "13:00" },
      ],
      closures: [{ date: "2026-11-26", reason: "Thanksgiving Day" }],
    });
  });

  test("the text shows half days, closures and the counts", () => {
    const { code, out } = ballast("calendar", "--from", "2026-11-25", "--to", "2026-11-29");
    expect(code).toBe(0);
    expect(out).toContain("│ 2026-11-27 │ Fri │ 09:30 │ 13:00 │ 14:30    │ 18:00     │ half day │");
    expect(out).toContain("│ 2026-11-26 │ Thu │ Thanksgiving Day │");
    expect(out).toContain("2 sessions, 1 closure on weekdays");
  });

  test.each([
    [["--from", "2026-13-01", "--to", "2026-12-01"], '--from "2026-13-01" is not a date'],
    [["--from", "2026-12-02", "--to", "2026-12-01"], "--from 2026-12-02 lies after --to 2026-12-01"],
    [["--from", "2029-12-01", "--to", "2030-01-01"], "2030-01-01 is outside the session calendar, which covers 1990-01-01 to 2029-12-31"],
    [["--from", "2026-12-02"], "--to"],
  ])("%j ends with exit code 2 and one clear line", (args, message) => {
    const { code, out, err } = ballast("calendar", ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});

describe("ballast settlement", () => {
  test("--json prints a list in the order asked", () => {
    const { code, out } = ballast("settlement", "2026-11-25", "1988-11-11", "2017-09-05", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual([
      { tradeDate: "2026-11-25", settlementDate: "2026-11-27", cycle: 1 },
      { tradeDate: "1988-11-11", settlementDate: "1988-11-18", cycle: 5 },
      { tradeDate: "2017-09-05", settlementDate: "2017-09-07", cycle: 2 },
    ]);
  });

  test("--force-cycle takes the place of the date's cycle", () => {
    expect(ballast("settlement", "2026-11-25", "--force-cycle", "2").out).toContain("│ 2026-11-25 │ 2026-11-30 │ T+2   │");
  });

  test.each([
    [["2026-11-26"], "2026-11-26 is not a trading day: Thanksgiving Day"],
    [["yesterday"], 'trade date "yesterday" is not a date'],
    [["1987-12-31"], "settlement dates are known for trades from 1988-01-01 to 2029-12-31"],
    [["2026-11-25", "--force-cycle", "4"], "Allowed choices are 1, 2, 3, 5"],
    [[], "missing required argument"],
  ])("%j ends with exit code 2 and one clear line", (args, message) => {
    const { code, out, err } = ballast("settlement", ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});
