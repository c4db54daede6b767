import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import nock from "nock";
import { afterEach, describe, expect, test } from "vitest";
import { alpacaBroker } from "../../src/alpaca/broker.ts";
import { basePathOf, compatibleServer, dataBasePath, liveTrading, paperTrading, type LiveConfirmation, type TradingHost } from "../../src/alpaca/hosts.ts";
import { clock, limitOrder, wireOptions, wireOrder } from "./alpaca-world.ts";

afterEach(() => nock.cleanAll());

test("a broker without a host trades on paper", async () => {
  const paper = nock("https://paper-api.alpaca.markets").post("/v2/orders").reply(200, wireOrder());
  expect(await alpacaBroker({ ...wireOptions(), clock }).submit(limitOrder)).toEqual({ kind: "accepted" });
  expect(paper.isDone()).toBe(true);
});

test("a broker with a live host made by both words trades live", async () => {
  const live = nock("https://api.alpaca.markets").post("/v2/orders").reply(200, wireOrder());
  const host = liveTrading({ configuredVenue: "live", confirmation: "trade real money" });
  expect(await alpacaBroker({ ...wireOptions(), clock, host }).submit(limitOrder)).toEqual({ kind: "accepted" });
  expect(live.isDone()).toBe(true);
});

describe("nothing else reaches a live host", () => {
  test.each([
    {},
    { configuredVenue: "live" },
    { confirmation: "trade real money" },
    { configuredVenue: true, confirmation: true },
    { configuredVenue: "paper", confirmation: "trade real money" },
    { configuredVenue: "live", confirmation: "yes" },
  ])("not the words %o", (words) => {
    expect(() => liveTrading(words as unknown as LiveConfirmation)).toThrow(RangeError);
  });

  test.each([
    "https://api.alpaca.markets",
    "https://API.Alpaca.Markets/",
    "https://api.alpaca.markets.",
    "https://api.alpaca.markets:443/v2",
    "http://api.alpaca.markets",
    "https://broker-api.alpaca.markets",
    "https://alpaca.markets",
    "https://%61pi.alpaca.markets",
    "https://paper-api.alpaca.markets@api.alpaca.markets",
    "https://data.alpaca.markets/../v2",
    "https://api.alpaca.markets?",
    "  https://api.alpaca.markets",
    "https:\\\\api.alpaca.markets",
    "https://api\u3002alpaca\u3002markets",
  ])("not the address %s of a compatible server, nor of market data", (url) => {
    expect(() => compatibleServer(url)).toThrow(RangeError);
    expect(() => dataBasePath(url)).toThrow(RangeError);
  });

  test.each(["ftp://localhost", "localhost:8080", "", "http://user@localhost:1", "http://localhost:1/?a=b"])("not what is no plain http address: %s", (url) => {
    expect(() => compatibleServer(url)).toThrow(RangeError);
  });

  test("not an object that looks like a host", () => {
    const lookalikes: unknown[] = [{ venue: "live" }, { venue: "live", basePath: "https://api.alpaca.markets" }, Object.create(paperTrading), structuredClone(paperTrading), undefined];
    for (const lookalike of lookalikes) expect(() => basePathOf(lookalike as TradingHost)).toThrow(TypeError);
  });

  test("not a redirect from the paper host", async () => {
    nock("https://paper-api.alpaca.markets").post("/v2/orders").reply(307, "", { Location: "https://api.alpaca.markets/v2/orders" });
    const live = nock("https://api.alpaca.markets").post("/v2/orders").reply(200, wireOrder());
    expect(await alpacaBroker({ ...wireOptions(), clock }).submit(limitOrder)).toMatchObject({ kind: "unknown" });
    expect(live.isDone()).toBe(false);
  });

  test("not another file: the live host's name and the SDK's ways to it stand in none", () => {
    const root = join(import.meta.dirname, "../../src");
    const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts") && path !== join("alpaca", "hosts.ts"));
    expect(sources.length).toBeGreaterThan(20);
    for (const path of sources) {
      const text = readFileSync(join(root, path), "utf8");
      expect(text, path).not.toMatch(/(?<!paper-)api\.alpaca\.markets|LIVE_TRADING_BASE_PATH|\bnew Alpaca\(|\bpaper: false/);
    }
  });
});

test.each([
  ["http://127.0.0.1:4000", "http://127.0.0.1:4000"],
  ["http://127.0.0.1:4000/alpaca/", "http://127.0.0.1:4000/alpaca"],
  ["https://simulator.example", "https://simulator.example"],
])("a compatible server at %s has the base path %s", (url, basePath) => {
  expect(basePathOf(compatibleServer(url))).toBe(basePath);
});

test("market data come from Alpaca's data host unless a compatible server is named", () => {
  expect(dataBasePath()).toBe("https://data.alpaca.markets");
  expect(dataBasePath("http://127.0.0.1:4000")).toBe("http://127.0.0.1:4000");
});
