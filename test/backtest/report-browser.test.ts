import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportPage } from "../../backtest/report-page.ts";
import { statisticsOf } from "../../backtest/statistics.ts";
import type { Symbol } from "../../src/trade.ts";
import { madeUpResult } from "../support/made-up-result.ts";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

describe.skipIf(browserPath === undefined)("report.html in a browser", () => {
  const reason = "<b id=injected>rank</b>";
  const made = madeUpResult();
  const result = { ...made, fills: made.fills.map((fill, i) => (i === 5 ? { ...fill, symbol: "EVIL" as Symbol, reason } : fill)) };
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1200, height: 900 }, timezoneId: "Asia/Tokyo" });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => problems.push(message.text()));
    page.on("request", (request) => problems.push(`request ${request.url().slice(0, 80)}`));
    await page.setContent(await reportPage(result, statisticsOf(result)));
  });
  afterAll(() => browser.close());

  const rows = (): Promise<string[][]> => page.evaluate<string[][]>("[...document.querySelectorAll('.trades tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))");

  test("draws three charts, on a log scale as the curve grows sixfold, and dates them in UTC", async () => {
    expect(await page.locator(".uplot canvas").count()).toBe(3);
    expect(await page.locator("#log").isChecked()).toBe(true);
    expect(await page.locator("#equity .u-legend").innerText()).toMatch(/2020-12-31[^]*momentum[^]*580,873[^]*SPX[^]*189,159/);
  });
  test("redraws on a linear scale and without a band", async () => {
    await page.locator("#log").uncheck();
    await page.locator("#weights .u-legend th", { hasText: "JPM" }).click();
    await expect.poll(() => page.locator("#weights .u-series.u-off").count()).toBe(1);
    expect(await page.locator(".uplot canvas").count()).toBe(3);
  });
  test("lists a hundred trades, and more when asked", async () => {
    expect((await rows()).length).toBe(100);
    expect(await page.locator("#shown").innerText()).toBe("100 of 411 shown.");
    await page.locator("#more").click();
    expect((await rows()).length).toBe(411);
    expect(await page.locator("#more").isVisible()).toBe(false);
  });
  test("sorts by a column, and the other way round", async () => {
    await page.locator(".trades th button", { hasText: "Quantity" }).click();
    const largest = Number((await rows())[0]![3]!.replaceAll(",", ""));
    await page.locator(".trades th button", { hasText: "Quantity" }).click();
    expect(Number((await rows())[0]![3]!.replaceAll(",", ""))).toBeLessThan(largest);
    expect(await page.locator(".trades th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
  });
  test("filters by words and by side, and shows markup as text", async () => {
    await page.locator("#find").fill("evil RANK");
    const found = await rows();
    expect(found.map((row) => [row[1], row[6]])).toEqual([["EVIL", reason]]);
    expect(await page.locator("#injected").count()).toBe(0);
    await page.locator("#find").fill("");
    await page.locator("#side").selectOption("sell");
    expect(new Set((await rows()).map((row) => row[2]))).toEqual(new Set(["sell"]));
  });
  test("fits a narrow screen", async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => page.evaluate<number>("document.querySelector('#equity canvas').clientWidth")).toBeLessThan(390);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  });
  test("asks no server for anything and logs no error", () => expect(problems).toEqual([]));
});
