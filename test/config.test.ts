import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigInvalid, limitsOf, parseConfig, symbolsOf, type Config } from "../src/config.ts";
import { moneyOf } from "../src/money.ts";
import { defineStrategy, keep, z } from "../src/strategy.ts";
import type { AccountName } from "../src/trade.ts";
import { strategies } from "../strategies/index.ts";

const picky = defineStrategy({
  name: "picky",
  description: "",
  params: z.object({ days: z.number().int().min(2).default(20) }),
  schedule: "every session at open+5m",
  lookback: ({ days }) => days,
  universe: () => ["SPY", "IEF"],
  signal: () => keep("nothing"),
});
const KNOWN = [...strategies, picky];

/** One account and the given entries, as flow mappings. */
function config(...entries: readonly string[]): Config {
  return parseConfig(`accounts: { main: { secret: keys/main }, other: { secret: keys/other } }\nstrategies:\n${entries.map((entry) => `  - ${entry}\n`).join("")}`, KNOWN);
}

/** What the file is refused with. */
function problem(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalid);
    return (error as Error).message;
  }
  return "nothing";
}

describe("a configuration", () => {
  test("that ships with the project fits", () => {
    const { accounts, deployments } = parseConfig(readFileSync(new URL("../ballast.yaml", import.meta.url), "utf8"), strategies);
    expect([...accounts.keys()]).toEqual(["paper"]);
    expect(deployments.map(({ account, strategy }) => `${account} ${strategy.name}`)).toEqual(["paper momentum", "paper fixed-weights"]);
  });

  test("that says little gets the defaults, in the integers of the rest", () => {
    const { accounts, deployments } = config("{ strategy: picky, account: main }");
    expect(accounts.get("main" as AccountName)).toMatchObject({ name: "main", venue: "alpaca-paper", secret: "keys/main", feed: "iex" });
    expect(deployments).toMatchObject([
      {
        account: "main",
        symbols: ["IEF", "SPY"],
        strategy: { name: "picky", params: { days: 20 }, lookback: 20 },
        settings: {
          allocation: 1_000_000,
          tradingHours: "core",
          shares: "fractional",
          executionStyle: "marketable-limit",
          fees: "alpaca",
          seed: 0,
          limits: { positionWeightMax: 100_000, grossExposureMax: 1_000_000, cashReserveMin: 0, orderNotionalMin: moneyOf("1"), orderNotionalMax: moneyOf("1000000"), ordersPerRunMax: 200, collarBps: 100, quoteAgeMaxMs: 60_000 },
        },
      },
    ]);
  });

  test("names a style of execution alone, or with its settings", () => {
    const styles = ["market", "twap", "{ style: vwap, minutes: 60, slices: 12 }"].map((execution) => config(`{ strategy: picky, account: main, execution: ${execution} }`).deployments[0]!.settings.executionStyle);
    expect(styles).toEqual(["market", { style: "twap", minutes: 30, slices: 6, capBps: 10, participationMax: 0.1 }, { style: "vwap", minutes: 60, slices: 12, capBps: 10, participationMax: 0.1 }]);
  });

  test("names no feed as its own fallback", () => {
    const yaml = (fallback: string): string => `accounts: { main: { secret: keys/main, feed: sip, feedFallback: ${fallback} } }\nstrategies: [{ strategy: picky, account: main }]`;
    expect(parseConfig(yaml("iex"), [picky]).accounts.get("main" as AccountName)).toMatchObject({ feed: "sip", feedFallback: "iex" });
    expect(() => parseConfig(yaml("sip"), [picky])).toThrow("accounts.main.feedFallback: is the feed itself");
  });

  test("says which of its strategies' funds have leverage, and of no others", () => {
    const yaml = (symbol: string): string => `accounts: { main: { secret: keys/main, rules: { marginAccount: { leveraged: { ${symbol}: 3 }, notMarginable: [BIL] } } } }\nstrategies: [{ strategy: picky, account: main, symbols: [TQQQ, BIL] }]`;
    expect(parseConfig(yaml("TQQQ"), [picky]).deployments[0]!.settings.accountRules?.marginAccount).toEqual({ leveraged: { TQQQ: 3 }, notMarginable: ["BIL"] });
    expect(() => parseConfig(yaml("TQQ"), [picky])).toThrow("accounts.main.rules.marginAccount.leveraged: no strategy of the account trades TQQ");
  });

  test("sets what it says", () => {
    const { deployments } = config("{ strategy: picky, account: main, symbols: [TLT, BRK.B, TLT], params: { days: 5 }, schedule: last session of month at close-15m, allocation: 0.25, shares: whole, execution: market, fees: ib, limits: { positionWeightMax: 0.5, cashReserveMin: 0.02, orderNotionalMin: 12.5 } }");
    expect(deployments[0]).toMatchObject({
      symbols: ["BRK.B", "TLT"],
      strategy: { params: { days: 5 }, schedule: { every: "month", on: "last", at: "close-15m" }, lookback: 5 },
      settings: { allocation: 250_000, shares: "whole", executionStyle: "market", fees: "ib", limits: { positionWeightMax: 500_000, cashReserveMin: 20_000, orderNotionalMin: moneyOf("12.5") } },
    });
  });

  test.each<[string, string, RegExp]>([
    ["a misspelt limit", "{ strategy: picky, account: main, limits: { positionWeigthMax: 0.5 } }", /strategies\[0\]\.limits: Unrecognized key: "positionWeigthMax"/],
    ["a misspelt key", "{ strategy: picky, account: main, alocation: 0.5 }", /strategies\[0\]: Unrecognized key: "alocation"/],
    ["a cap above 100 %", "{ strategy: picky, account: main, limits: { positionWeightMax: 1.01 } }", /strategies\[0\]\.limits\.positionWeightMax: Too big/],
    ["a percentage where a fraction is meant", "{ strategy: picky, account: main, allocation: 50 }", /strategies\[0\]\.allocation: Too big/],
    ["a negative cap", "{ strategy: picky, account: main, limits: { grossExposureMax: -0.1 } }", /strategies\[0\]\.limits\.grossExposureMax: Too small/],
    ["a negative amount", "{ strategy: picky, account: main, limits: { orderNotionalMin: -1 } }", /strategies\[0\]\.limits\.orderNotionalMin: Too small/],
    ["a negative age", "{ strategy: picky, account: main, limits: { quoteAgeMaxMs: -1 } }", /strategies\[0\]\.limits\.quoteAgeMaxMs: Too small/],
    ["no order at all", "{ strategy: picky, account: main, limits: { ordersPerRunMax: 0 } }", /strategies\[0\]\.limits\.ordersPerRunMax: Too small/],
    ["text for a number", "{ strategy: picky, account: main, limits: { collarBps: wide } }", /strategies\[0\]\.limits\.collarBps: Invalid input: expected number, received string/],
    ["NaN", "{ strategy: picky, account: main, allocation: .nan }", /strategies\[0\]\.allocation: Invalid input/],
    ["a strategy that there is not", "{ strategy: wishful, account: main }", /strategies\[0\]\.strategy: no strategy is named wishful; there are .*momentum.*picky/],
    ["an account that there is not", "{ strategy: picky, account: nobody }", /strategies\[0\]\.account: no account is named nobody/],
    ["a schedule that cannot be read", "{ strategy: picky, account: main, schedule: when I feel like it }", /strategies\[0\]\.schedule: .+/],
    ["a parameter that there is not", "{ strategy: picky, account: main, params: { dyas: 5 } }", /strategies\[0\]\.params: Unrecognized key: "dyas"/],
    ["a parameter out of its range", "{ strategy: picky, account: main, params: { days: 1 } }", /strategies\[0\]\.params\.days: Too small/],
    ["no symbols", "{ strategy: trend, account: main }", /strategies\[0\]\.symbols: trend names no symbols of its own/],
    ["an empty list of symbols", "{ strategy: picky, account: main, symbols: [] }", /strategies\[0\]\.symbols: Too small/],
    ["a symbol in small letters", "{ strategy: picky, account: main, symbols: [SPY, ief] }", /strategies\[0\]\.symbols\[1\]: a ticker in capitals/],
    ["a symbol in small letters among the parameters", "{ strategy: fixed-weights, account: main, params: { weights: { SPY: 0.5, ief: 0.5 } } }", /strategies\[0\]\.params: fixed-weights: universe has "ief", which is no symbol in capitals/],
    ["a symbol of another market among the parameters", "{ strategy: fixed-weights, account: main, params: { weights: { SPY: 0.5, 7203.T: 0.5 } } }", /strategies\[0\]\.params: with these, fixed-weights names "7203.T", which is no ticker in capitals/],
    ["a way to execute that there is not", "{ strategy: picky, account: main, execution: hope }", /strategies\[0\]\.execution\.style: must be one of market, marketable-limit, walk-the-book, twap, vwap, at-open, at-close/],
    ["a misspelt setting of a style", "{ strategy: picky, account: main, execution: { style: twap, minuts: 5 } }", /strategies\[0\]\.execution: Unrecognized key: "minuts"/],
    ["patience that ends before it begins", "{ strategy: picky, account: main, execution: { style: walk-the-book, patienceMinMs: 9000, patienceMaxMs: 8000 } }", /strategies\[0\]\.execution\.patienceMinMs: is longer than patienceMaxMs/],
  ])("with %s is refused by its path", (_case, entry, message) => {
    expect(problem(() => config(entry))).toMatch(message);
  });

  test("names every field that does not fit, and the file", () => {
    const text = problem(() => parseConfig("accounts: { Main: { secret: x } }\nstrategies: [{ strategy: picky, account: main, allocation: 2, limits: { collarBps: -1 } }]", KNOWN, "mine.yaml"));
    expect(text.split("\n")).toEqual([
      "mine.yaml:",
      expect.stringMatching(/^ {2}accounts\.Main: /),
      expect.stringMatching(/^ {2}strategies\[0\]\.allocation: Too big/),
      expect.stringMatching(/^ {2}strategies\[0\]\.limits\.collarBps: Too small/),
    ]);
  });

  test.each([
    ["is empty", "", "(the file): Invalid input: expected object, received null"],
    ["is no YAML", "accounts: {", "is not YAML"],
    ["says one thing twice", "accounts: {}\naccounts: {}\nstrategies: []", "is not YAML: Map keys must be unique"],
    ["has no strategy", "accounts: {}\nstrategies: []", "strategies: Too small"],
    ["has an account without a secret", "accounts: { main: {} }\nstrategies: [{ strategy: picky, account: main }]", "accounts.main.secret: Invalid input"],
    ["has a venue that there is not", "accounts: { main: { secret: x, venue: moon } }\nstrategies: [{ strategy: picky, account: main }]", "accounts.main.venue: Invalid option"],
    ["has keys in it", "accounts: { main: { secret: x, keyId: PK } }\nstrategies: [{ strategy: picky, account: main }]", 'accounts.main: Unrecognized key: "keyId"'],
  ])("that %s is refused", (_case, text, message) => {
    expect(problem(() => parseConfig(text, KNOWN))).toContain(message);
  });
});

describe("strategies that share an account", () => {
  test("may divide all of it between them, each its own symbols", () => {
    const both = config("{ strategy: picky, account: main, allocation: 0.4 }", "{ strategy: trend, account: main, symbols: [GLD], allocation: 0.6 }");
    expect(both.deployments.map(({ settings }) => settings.allocation)).toEqual([400_000, 600_000]);
  });

  test.each<[string, readonly string[], string]>([
    ["trade one symbol", ["{ strategy: picky, account: main, allocation: 0.5 }", "{ strategy: trend, account: main, symbols: [GLD, SPY], allocation: 0.5 }"], "strategies[1].symbols: SPY is already traded on account main by strategies[0]"],
    ["take more than there is", ["{ strategy: picky, account: main, allocation: 0.5 }", "{ strategy: trend, account: main, symbols: [GLD], allocation: 0.500001 }"], "strategies[1].allocation: the strategies of account main add up to 100.0001 % of its equity"],
    ["take all twice, by default", ["{ strategy: picky, account: main }", "{ strategy: trend, account: main, symbols: [GLD] }"], "strategies[1].allocation: the strategies of account main add up to 200 % of its equity"],
    ["are one strategy twice", ["{ strategy: trend, account: main, symbols: [SPY], allocation: 0.5 }", "{ strategy: trend, account: main, symbols: [GLD], allocation: 0.5 }"], "strategies[1]: trend runs twice on account main"],
  ])("may not %s", (_case, entries, message) => {
    expect(problem(() => config(...entries))).toContain(message);
  });

  test("on two accounts do as they like", () => {
    expect(config("{ strategy: picky, account: main }", "{ strategy: trend, account: other, symbols: [SPY] }").deployments).toHaveLength(2);
  });
});

test("limits are read alone as they are in the file", () => {
  expect(limitsOf({ positionWeightMax: 0.333333, orderNotionalMax: 2_500.5 })).toMatchObject({ positionWeightMax: 333_333, orderNotionalMax: moneyOf("2500.5") });
  expect(() => limitsOf({ positionWeightMax: 1.5 })).toThrow();
});

test("symbols are put in order, each once", () => {
  expect(symbolsOf(["TLT", "AAA", "TLT"])).toEqual(["AAA", "TLT"]);
});
