import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvLine, writeOutputs } from "../../backtest/report.ts";
import { reportPage, TRADES_MAX } from "../../backtest/report-page.ts";
import { journalHashOf, type BacktestResult } from "../../backtest/result.ts";
import { statisticsOf } from "../../backtest/statistics.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import type { Symbol } from "../../src/trade.ts";
import { madeUpResult } from "../support/made-up-result.ts";

const result = madeUpResult({}, { from: "2019-12-02", to: "2020-04-30" });
const pageOf = (one: BacktestResult): Promise<string> => reportPage(one, statisticsOf(one));

describe("the files of a backtest", () => {
  const runs = [[{ type: "run-closed", seq: 0 }, { type: "run-closed", seq: 1 }], [{ type: "run-closed", seq: 0 }]] as unknown as JournalEvent[][];
  let directory = "";
  const read = (name: string): Promise<string> => readFile(join(directory, name), "utf8");
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "ballast-report-"));
    await writeOutputs(join(directory, "not/yet/there"), result, runs);
    directory = join(directory, "not/yet/there");
  });
  afterAll(() => rm(join(directory, "../../.."), { recursive: true }));

  test("are these six", async () => {
    expect(await readdir(directory)).toEqual(["equity.csv", "fills.csv", "journal.jsonl", "orders.csv", "report.html", "summary.json"]);
  });
  test("orders.csv has a line an order, with exact decimals and instants in UTC", async () => {
    const lines = (await read("orders.csv")).trimEnd().split("\n");
    expect(lines.length).toBe(result.orders.length + 1);
    expect(lines[0]).toBe("scheduled_at,planned_at,client_order_id,symbol,side,type,quantity,reference_price,price_bound,expected_fees,status,filled_quantity,reason");
    expect(lines[1]).toMatch(/^2020-01-02T14:30:00\.000Z,2020-01-02T14:35:00\.000Z,bal-0{32},[A-Z]+,buy,market,\d+\.\d+,\d+\.\d+,\d+\.\d+,1,filled,\d+\.\d+,rank [12] of 4 by 12-month return$/);
  });
  test("fills.csv has a line a fill", async () => {
    const lines = (await read("fills.csv")).trimEnd().split("\n");
    expect(lines.length).toBe(result.fills.length + 1);
    expect(lines[0]).toBe("at,fill_id,client_order_id,symbol,side,quantity,price,notional,reason");
  });
  test("equity.csv has a line a session", async () => {
    const lines = (await read("equity.csv")).trimEnd().split("\n");
    expect(lines.length).toBe(result.days.length + 1);
    expect(lines[0]).toBe("date,equity,cash,drawdown,benchmark_SPX,weight_AAPL,weight_JPM,weight_KO,weight_XOM");
    expect(lines[1]).toMatch(/^2019-12-02,100000,100000,0,\d+\.\d\d,0,0,0,0$/);
  });
  test("the SHA-256 of journal.jsonl is the journal hash", async () => {
    const text = await read("journal.jsonl");
    expect(text).toBe('{"type":"run-closed","seq":0}\n{"type":"run-closed","seq":1}\n{"type":"run-closed","seq":0}\n');
    expect(createHash("sha256").update(text).digest("hex")).toBe(journalHashOf(runs));
  });
  test("summary.json has the figures", async () => {
    expect(JSON.parse(await read("summary.json"))).toMatchObject({ strategy: "momentum", sessions: 104, startEquity: 100_000, seed: 1, journalHash: "a1".repeat(32) });
  });
});

test.each([
  [["plain", "", "1.5"], "plain,,1.5"],
  [["a, b", 'say "no"', "two\nlines", "cr\rhere"], '"a, b","say ""no""","two\nlines","cr\rhere"'],
])("fields %j are quoted as RFC 4180 says", (fields, line) => expect(csvLine(fields)).toBe(line));

describe("report.html", () => {
  test("shows the figures, the months and the hashes", async () => {
    const page = await pageOf(result);
    expect(page).toContain("<h1>momentum</h1>");
    expect(page).toContain("2019-12-02 to 2020-04-30 · 104 sessions");
    expect(page).toMatch(/<th scope="row">2020<\/th><td class="(gain|loss)" style="--heat:/);
    expect(page).toContain(`<td>${"3f".repeat(32)}</td>`);
    expect(page).toContain("the newest quote is older than quoteAgeMaxMs");
    expect(page).toContain("Equity against SPX");
  });
  test("shows which profile filled the orders, and what trading cost", async () => {
    const page = await pageOf({ ...result, profile: "realistic" });
    expect(page).toContain('<tr><th scope="row">profile</th><td>realistic</td></tr>');
    for (const [name, value] of [["Spread", "1,250.50"], ["Impact", "60.00"], ["Fees", "432.10"], ["Cost of trading", "1,742.60"]]) expect(page).toContain(`<tr><th scope="row">${name}, USD</th><td>${value}</td></tr>`);
  });
  test("needs no other file and no server", async () => {
    const page = await pageOf(result);
    const markup = page.replaceAll(/<script>[^]*?<\/script>|<!--[^]*?-->/g, "");
    expect(markup).not.toMatch(/(src|href)="(?!data:)/);
    expect(markup).not.toContain("@import");
    expect(page).toContain("default-src 'none'");
  });
  test("carries the licence of the chart library", async () => expect(await pageOf(result)).toContain("The MIT License (MIT)"));
  test("writes what strategies and data say as text, not as markup", async () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
    const page = await pageOf({
      ...result,
      strategy: evil,
      symbols: [evil as Symbol, ...result.symbols.slice(1)],
      params: { [evil]: evil },
      settings: { [evil]: [evil] },
      notes: [evil],
      fills: [{ ...result.fills[0]!, symbol: evil as Symbol, reason: evil }],
      benchmark: { symbol: evil as Symbol, equity: result.benchmark!.equity },
    });
    expect(page).not.toContain("<script>alert");
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=alert(2)&gt;&quot;&#39;&amp;");
    const data = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(page)![1]!;
    expect((JSON.parse(data) as { trades: unknown[][] }).trades[0]![6]).toBe(evil);
  });
  test("carries the latest fills up to a cap and says so", async () => {
    const fill = result.fills[0]!;
    const fills = Array.from({ length: TRADES_MAX + 2 }, (_, i) => ({ ...fill, reason: `fill ${i}` }));
    const page = await pageOf({ ...result, fills });
    expect(page).toContain("The latest 5,000 of 5,002 fills; fills.csv has all of them.");
    expect(page).not.toContain('"fill 1"');
    expect(page).toContain('"fill 2"');
    expect(await pageOf(result)).not.toContain("fills.csv has all of them");
  });
  test("puts the small weights of many symbols into one band", async () => {
    const symbols = Array.from({ length: 30 }, (_, i) => `SYM${i}` as Symbol);
    const weights = symbols.map((_, i) => new Float64Array(result.days.length).fill(i === 3 ? 0.5 : 0.001));
    const page = await pageOf({ ...result, symbols, weights });
    const data = JSON.parse(/id="data">([^]*?)<\/script>/.exec(page)![1]!) as { bands: string[]; weights: number[][] };
    expect(data.bands).toEqual([...symbols.slice(0, 19), "11 others"]);
    expect([data.weights[3]![0], data.weights[19]![0]]).toEqual([0.5, 0.011]);
  });
  test("is made of a result without benchmark, trades and days", async () => {
    const { benchmark: _, ...alone } = result;
    const empty = new Float64Array();
    const page = await pageOf({ ...alone, days: new Int32Array(), equity: empty, cash: empty, weights: result.symbols.map(() => empty), fills: [], orders: [], notes: [], outcomes: {}, refusals: {}, params: {} });
    expect(page).toContain('<th scope="row">CAGR</th><td>–</td>');
    expect(page).not.toContain("NaN");
    expect(page).not.toContain("Before you believe it");
  });
});
