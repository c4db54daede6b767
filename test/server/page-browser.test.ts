import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientsAlone } from "../../src/server/market-source.ts";
import { operate } from "../../src/server/operate.ts";
import { Venue } from "../../src/server/venue.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { instantOf } from "../../src/time.ts";
import { ballast } from "../support/command-line.ts";
import { serveMarket, venueSettings, type ServedMarket } from "../support/served-market.ts";
import { serveInProcess, type ServedProcess } from "../support/served-process.ts";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

const SECRET = "a secret of at least thirty-two bytes";

interface Key {
  readonly id: string;
  readonly secret: string;
}

async function opened(browser: Browser, url: string, problems: string[] = []): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  page.on("pageerror", (error) => problems.push(error.message));
  // The browser itself logs what is refused and what does not answer; the page has to log nothing.
  page.on("console", (message) => {
    if (!/^(Failed to load resource|WebSocket connection to)/.test(message.text())) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) problems.push(`asked ${request.url()}`);
    if (/secret|PK[0-9A-Z]{18}|key-ann/.test(request.url())) problems.push(`told ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(url.replace("http", "ws")) || /secret|PK[0-9A-Z]{18}|key-ann/.test(socket.url())) problems.push(`connected to ${socket.url()}`);
  });
  await page.goto(url);
  return page;
}

/** By the keyboard alone: the field for the id has the focus. */
async function connect(page: Page, { id, secret }: Key): Promise<void> {
  await page.keyboard.type(id);
  await page.keyboard.press("Tab");
  await page.keyboard.type(secret);
  await page.keyboard.press("Enter");
}

/** A browser and a server take their time where others work too. */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 });
const text = (page: Page, id: string): Promise<string> => page.locator(id).innerText();
const rows = (page: Page, id: string): Promise<string[][]> => page.evaluate<string[][]>(`[...document.querySelectorAll("${id} tr")].map((row) => [...row.children].map((cell) => cell.textContent))`);

describe.skipIf(browserPath === undefined)("the page of a market with agents, in a browser", () => {
  const directory = mkdtempSync(join(tmpdir(), "ballast-page-"));
  const problems: string[] = [];
  let browser: Browser;
  let server: ServedProcess;
  let page: Page;
  let key: Key;

  /** Tabs until it has the focus. */
  const reach = async (id: string): Promise<void> => {
    for (let tabs = 0; tabs < 40; tabs += 1) {
      if (await page.evaluate<boolean>(`document.activeElement.id === "${id}" || document.activeElement.name === "${id}"`)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`no Tab reaches ${id}`);
  };

  beforeAll(async () => {
    key = JSON.parse(ballast(["keys", "create", "ann", "--dir", directory, "--json"]).out) as Key;
    server = await serveInProcess(["--dir", directory, "--agents", "--seed", "7", "--hours", "always", "--port", "0"], { BALLAST_SERVE_ADMIN_SECRET: SECRET });
    browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox", "--disable-gpu"] });
    page = await opened(browser, server.url, problems);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await server.end("SIGKILL");
    rmSync(directory, { recursive: true });
  });

  test("a wrong secret is told so, and the form is there again", async () => {
    await connect(page, { id: key.id, secret: "wrong" });
    await eventually(() => text(page, "#message")).toMatch(/^The server does not take this key/);
    expect(await page.locator("#desk").isVisible()).toBe(false);
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await page.locator("#key-id").fill("");
    await page.locator("#key-id").focus();
  });

  test("keys that are typed connect it, and are kept in the tab's session alone", async () => {
    await connect(page, key);
    await eventually(() => text(page, "#connection")).toBe("Live");
    await eventually(() => text(page, "#equity")).toBe("100,000.00");
    expect(await text(page, "#who")).toBe("ann");
    expect(await text(page, "#market")).toMatch(/^Market open, \d\d:\d\d:\d\d New York$/);
    await eventually(async () => [await rows(page, "#positions"), await rows(page, "#orders")]).toEqual([[["No positions"]], [["No open orders"]]]);
    expect(await page.evaluate("[Object.keys(localStorage), document.cookie, location.href, document.querySelector('#secret').value]")).toEqual([[], "", `${server.url}/`, ""]);
  });

  test("the ladder has both sides and moves, and trades come in", async () => {
    await eventually(async () => (await rows(page, "#ladder")).length).toBe(17);
    const ladder = (): Promise<string> => text(page, "#ladder");
    await eventually(ladder).toMatch(/Spread [\d.]+/);
    const before = await ladder();
    await eventually(ladder).not.toBe(before);
    await eventually(async () => (await rows(page, "#tape")).length).toBeGreaterThan(2);
    expect((await rows(page, "#tape"))[0]!.join(" ")).toMatch(/^\d\d:\d\d:\d\d [\d.,]+ \d+$/);
  });

  test("an order that is typed rests, is seen, and is canceled by its button, without a mouse", async () => {
    await reach("quantity");
    await page.keyboard.type("10");
    await page.keyboard.press("Tab");
    await page.keyboard.type("5");
    await page.keyboard.press("Enter");
    await eventually(() => rows(page, "#orders")).toEqual([["Buy limit", "AAA", "0 of 10", "5.00", "–", "day", "new", "Cancel"]]);
    await eventually(() => text(page, "#message")).toBe("Buy 10 AAA at 5.00: new");
    await page.locator("#orders button").focus();
    expect(await page.locator("#orders button").getAttribute("aria-label")).toBe("Cancel Buy 10 AAA at 5.00");
    await page.keyboard.press("Enter");
    await eventually(() => rows(page, "#orders")).toEqual([["No open orders"]]);
    expect(await page.evaluate("document.activeElement.id")).toBe("orders-title");
  });

  test("a market order fills, and its position is there", async () => {
    await page.locator("#type").selectOption("market");
    await reach("quantity");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("25");
    await page.keyboard.press("Enter");
    await eventually(() => text(page, "#message")).toMatch(/^Filled: bought \d+ AAA at [\d.]+$/);
    await eventually(async () => (await rows(page, "#positions"))[0]?.slice(0, 2)).toEqual(["AAA", "25"]);
    expect(await page.locator("#chart canvas").count()).toBe(1);
  });

  test("what the market refuses is told with its reason", async () => {
    await page.locator("#quantity").fill("1000000");
    await page.keyboard.press("Enter");
    await eventually(() => text(page, "#message")).toBe("Not placed: insufficient buying power");
  });

  test("a season is joined by the keyboard, and the page goes on with its key", async () => {
    const token = ballast(["keys", "admin-token", "test"], { env: { BALLAST_SERVE_ADMIN_SECRET: SECRET } }).out.trim();
    expect(await page.locator("#seasons").isVisible()).toBe(false);
    const made = await fetch(`${server.url}/sim/v1/seasons`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ name: "spring", endsAt: "2090-01-01T00:00:00Z", cash: "5000", symbols: ["BBB"] }) });
    expect(made.status).toBe(201);
    await eventually(() => rows(page, "#standings")).toEqual([["Nobody has joined yet"]]);
    await page.locator("#join-name").focus();
    await page.keyboard.type("Ann.1");
    await page.keyboard.press("Enter");
    await eventually(() => page.evaluate("document.activeElement.id")).toBe("use-key");
    expect(await page.locator("#given-secret").inputValue()).toMatch(/^[\w-]{40}$/);
    await page.keyboard.press("Enter");
    await eventually(() => text(page, "#who")).toBe("Ann.1 in season spring");
    await eventually(() => text(page, "#equity")).toBe("5,000.00");
    await eventually(() => rows(page, "#standings")).toEqual([["Ann.1 (you)", "1", "5,000.00", "0.00 %", "–", "0.00 %", "0.00", "0"]]);
    expect(await page.evaluate("[document.querySelector('#given-secret').value, document.querySelector('#join').hidden]")).toEqual(["", true]);
    await page.locator("#type").selectOption("market");
    await page.locator("#quantity").fill("1");
    await page.keyboard.press("Enter");
    await eventually(() => text(page, "#message")).toBe("Not placed: season spring permits BBB alone");
    expect((await fetch(`${server.url}/sim/v1/seasons/spring/end`, { method: "POST", headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    await page.locator("#disconnect").click();
    await page.locator("#key-id").fill("");
    await connect(page, key);
    await eventually(() => text(page, "#who")).toBe("ann");
    await eventually(() => text(page, "#season-rules")).toMatch(/^ended early, before Sat, Dec 31, 19:00 New York/);
    await page.locator("#type").selectOption("market");
  });

  test("on a narrow screen the button that cancels an order is seen without scrolling to it", async () => {
    await page.locator("#type").selectOption("limit");
    await page.locator("#quantity").fill("1");
    await page.locator("#limit").fill("1");
    await page.keyboard.press("Enter");
    const button = page.locator("#orders button").first();
    await button.waitFor();
    await page.setViewportSize({ width: 390, height: 1000 });
    const box = (await button.boundingBox())!;
    expect(box.x + box.width).toBeLessThanOrEqual(390);
    await button.click();
    await eventually(() => rows(page, "#orders")).toEqual([["No open orders"]]);
    await page.setViewportSize({ width: 1400, height: 1000 });
    await page.locator("#type").selectOption("market");
  });

  test("another symbol has a book and a tape of its own", async () => {
    await page.locator("#symbol").selectOption("BBB");
    await eventually(() => text(page, "#send")).toBe("Buy BBB");
    await eventually(async () => (await rows(page, "#tape")).length).toBeGreaterThan(1);
    await page.locator("#symbol").selectOption("AAA");
  });

  test("a server that is killed and comes back finds the page again, with everything", async () => {
    const { port } = new URL(server.url);
    await server.end("SIGKILL");
    await eventually(() => text(page, "#connection")).toMatch(/^(Connection lost, trying again|Connecting)…$/);
    await page.locator("#quantity").fill("3");
    await page.keyboard.press("Enter");
    await eventually(() => text(page, "#message")).toMatch(/^The server did not answer: the order may have been taken/);
    server = await serveInProcess(["--dir", directory, "--port", port]);
    await eventually(() => text(page, "#connection")).toBe("Live");
    await eventually(() => text(page, "#message")).toBe("The order that was not answered had not been taken.");
    await eventually(async () => (await rows(page, "#positions"))[0]?.slice(0, 2)).toEqual(["AAA", "25"]);
    await page.locator("#send").focus();
    await page.keyboard.press("Enter");
    await eventually(async () => (await rows(page, "#positions"))[0]?.[1]).toBe("28");
  }, 60_000);

  test.each([360, 1400])("fits a screen of %i pixels", async (width) => {
    await page.setViewportSize({ width, height: 800 });
    await eventually(() => page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  });

  test("disconnecting forgets the key", async () => {
    await page.locator("#disconnect").click();
    expect(await page.evaluate("[sessionStorage.length, document.querySelector('#desk').hidden, document.activeElement.id]")).toEqual([0, true, "key-id"]);
  });

  test("asks no other server for anything, tells no URL a key, and logs no error", () => expect(problems).toEqual([]));
});

describe.skipIf(browserPath === undefined)("the page of a hostile and a closed market, in a browser", () => {
  const MARKUP = "<img src=x onerror=alert(1)>";
  let browser: Browser;
  let market: ServedMarket;
  beforeAll(async () => {
    // No command lists such a symbol; a market's own settings could.
    const venue = new Venue(venueSettings({ startsAt: instantOf("2026-11-27T20:00:00Z"), market: clientsAlone([MARKUP as Symbol], "calendar") }));
    market = await serveMarket({ ann: "100000" }, {
      extend: (parts) => operate(parts, () => 0),
      authenticator: { authenticate: (keyId, secret) => (secret === "right" ? { keyId, account: keyId as AccountName, scopes: new Set(["read"] as const) } : undefined) },
    }, venue);
    browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser.close();
    await market.server.close();
  });

  test("markup in the name of a symbol is text", async () => {
    const problems: string[] = [];
    const page = await opened(browser, market.server.url, problems);
    await connect(page, { id: "ann", secret: "right" });
    await eventually(() => text(page, "#connection")).toBe("Live");
    await eventually(() => text(page, "#who")).toBe("ann (read only)");
    await page.locator("#symbol").selectOption(MARKUP);
    await eventually(() => text(page, "#ladder .middle th")).toBe("The book is empty");
    expect(await page.locator("img").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test("a key that may only read has no order entry; a closed market says when it opens; empty lists say so", async () => {
    const page = await opened(browser, market.server.url);
    await connect(page, { id: "ann", secret: "right" });
    await eventually(() => text(page, "#market")).toBe("Market closed, opens Mon, Nov 30, 09:30 New York");
    expect(await page.locator("#order").isVisible()).toBe(false);
    await eventually(async () => [await rows(page, "#positions"), await rows(page, "#orders"), await rows(page, "#tape")]).toEqual([[["No positions"]], [["No open orders"]], [["No trades yet"]]]);
  });
});
