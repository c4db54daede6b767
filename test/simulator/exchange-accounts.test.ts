import { describe, expect, test } from "vitest";
import { moneyToText, priceOf, shares } from "../../src/money.ts";
import type { Collateral } from "../../src/rules/margin.ts";
import { Exchange } from "../../src/simulator/exchange.ts";
import type { AccountTerms } from "../../src/simulator/trading-account.ts";
import { epochDayOf, sessionDateOf } from "../../src/time.ts";
import type { ClientOrderId, Symbol } from "../../src/trade.ts";
import { ExchangeMarket, ME, XYZ, YOU, type TicketText } from "../support/exchange-market.ts";

const NOON = "2024-07-10T16:00:00Z";
const MARGIN: AccountTerms = { multiplier: 2, shorting: true, debitInterestBps: 650, borrowFeeBps: 0 };
const code = (market: ExchangeMarket, text: TicketText): string => {
  const outcome = market.place("x", text);
  return outcome.kind === "rejected" ? outcome.code : outcome.kind;
};
const cash = (market: ExchangeMarket): string => moneyToText(market.exchange.account(ME).cash);
const buyingPower = (market: ExchangeMarket): string => moneyToText(market.exchange.account(ME).buyingPower);
const positions = (market: ExchangeMarket): (string | number)[][] => market.exchange.account(ME).positions.map(({ symbol, quantity, averageEntryPrice }) => [symbol, quantity / 1e9, (averageEntryPrice ?? 0) / 1e6]);

describe("margin and short positions", () => {
  test.each([
    [1, "100000"],
    [2, "200000"],
    [4, "400000"],
  ] as const)("an account of 100,000 USD with multiplier %d may buy for %s in the session", (multiplier, expected) => {
    expect(buyingPower(new ExchangeMarket("2026-07-08T16:00:00Z", {}, { ...MARGIN, multiplier }))).toBe(expected);
  });

  test("open buys reserve buying power, a cancel gives it back", () => {
    const market = new ExchangeMarket(NOON, {}, MARGIN).price("100");
    market.place("a", { side: "buy", type: "limit", limit: "90", qty: 1000 });
    expect(buyingPower(market)).toBe("110000");
    market.exchange.cancel(ME, "a" as ClientOrderId);
    expect(buyingPower(market)).toBe("200000");
  });

  test("a debit costs interest overnight: 50,000 USD at 6.5 % for one day of 360", () => {
    const market = new ExchangeMarket(NOON, {}, MARGIN).price("100").hold(1500);
    expect(cash(market)).toBe("-50000");
    market.at("2024-07-10T20:01:00Z");
    expect(cash(market)).toBe("-50009.027778");
  });

  test("a short sale opens with its proceeds in cash and closes with the difference", () => {
    const market = new ExchangeMarket(NOON, {}, MARGIN).price("100");
    market.place("s", { side: "sell", type: "market", qty: 100 });
    expect([cash(market), positions(market)]).toEqual(["110000", [["XYZ", -100, 100]]]);
    market.price("90");
    expect(moneyToText(market.exchange.account(ME).equity)).toBe("101000");
    market.place("c", { side: "buy", type: "market", qty: 100 });
    expect([cash(market), positions(market)]).toEqual(["101000", []]);
  });

  test("no order goes through zero, and short sales are of whole shares", () => {
    const market = new ExchangeMarket(NOON, {}, MARGIN).price("100").hold(10);
    expect(code(market, { side: "sell", type: "market", qty: 11 })).toBe("insufficient_quantity");
    market.place("out", { side: "sell", type: "market", qty: 10 });
    expect(code(market, { side: "sell", type: "market", qty: 0.5 })).toBe("fractional_short");
    market.place("short", { side: "sell", type: "market", qty: 5 });
    expect(code(market, { side: "buy", type: "market", qty: 6 })).toBe("insufficient_quantity");
  });

  test("a short sale takes 3 % more than the ask, and there must be that much", () => {
    const market = new ExchangeMarket(NOON, {}, MARGIN).price("100");
    expect(code(market, { side: "sell", type: "market", qty: 1942 })).toBe("insufficient_buying_power");
    expect(code(market, { side: "sell", type: "market", qty: 1941 })).toBe("accepted");
  });

  test("a short position pays the borrow fee on round lots and the dividend", () => {
    const market = new ExchangeMarket(NOON, {}, { ...MARGIN, borrowFeeBps: 360 }).price("100");
    market.place("s", { side: "sell", type: "market", qty: 250 });
    market.at("2024-07-10T20:01:00Z");
    expect(cash(market)).toBe("124998");
    market.exchange.accrueDividend(XYZ, 1, undefined);
    expect(cash(market)).toBe("124748");
  });

  test("after a fall of ten per cent short sales need a limit above the bid, that day and the next", () => {
    const market = new ExchangeMarket(NOON, { shortSaleRestriction: true }, MARGIN).price("100").at("2024-07-11T15:00:00Z").price("90");
    expect(code(market, { side: "sell", type: "market" })).toBe("short_sale_restricted");
    expect(code(market, { side: "sell", type: "limit", limit: "90" })).toBe("short_sale_restricted");
    expect(code(market, { side: "sell", type: "limit", limit: "90.01" })).toBe("accepted");
    market.at("2024-07-12T15:00:00Z").price("91");
    expect(market.place("y", { side: "sell", type: "market" }).kind).toBe("rejected");
    market.at("2024-07-15T15:00:00Z").price("91");
    expect(market.place("z", { side: "sell", type: "market" }).kind).toBe("accepted");
  });
});

describe("an account on margin of 100,000 USD", () => {
  const SESSION = "2026-11-24T17:00:00Z";
  const ABC = "ABC" as Symbol;
  /** Quoted at 100 USD. */
  const listing = (collateral: Collateral | undefined, multiplier: 2 | 4): ExchangeMarket => {
    const market = new ExchangeMarket(SESSION, {}, { ...MARGIN, debitInterestBps: 0, multiplier }).price("100");
    market.exchange.list(ABC, collateral);
    market.exchange.quote(ABC, { bid: priceOf("100"), ask: priceOf("100"), quantity: shares(1_000_000) }, priceOf("100"));
    return market;
  };
  const buy = (qty: number) => ({ side: "buy", type: "market", symbol: ABC, qty }) as const;

  // Of 50,000 USD: initial margin 25,000, or all of it; maintenance 30, 50, 75 or 100 per cent.
  test.each([
    ["an ordinary share", undefined, "150000", "340000"],
    ["a fund of twice its index", { leverage: 2, marginable: true }, "150000", "300000"],
    ["a fund of three times its index", { leverage: 3, marginable: true }, "150000", "250000"],
    ["a share that is not lent on", { leverage: 1, marginable: false }, "100000", "200000"],
  ] as const)("that holds 50,000 USD of %s has so much buying power left with multipliers 2 and 4", (_, collateral, withTwo, withFour) => {
    const left = ([2, 4] as const).map((multiplier) => {
      const market = listing(collateral, multiplier);
      market.place("b", buy(500));
      market.exchange = Exchange.restore(market.settings, market.exchange.snapshot());
      return buyingPower(market);
    });
    expect(left).toEqual([withTwo, withFour]);
  });

  test("buys what is not lent on for its own money only, open orders deducted, and others on margin", () => {
    const market = listing({ leverage: 1, marginable: false }, 2);
    market.place("b", buy(500));
    expect(code(market, buy(501))).toBe("insufficient_buying_power");
    market.place("waits", { side: "buy", type: "limit", limit: "90", symbol: ABC, qty: 100 });
    expect(code(market, buy(411))).toBe("insufficient_buying_power");
    expect(code(market, { side: "buy", type: "market", qty: 910 })).toBe("accepted");
  });

  test("is called for the margin of a fund of three times its index, which it stays under a new name", () => {
    const market = listing({ leverage: 3, marginable: true }, 2);
    market.place("b", buy(2000));
    market.at("2026-11-24T21:01:00Z");
    expect(market.exchange.marginCallOf(ME)).toMatchObject({ amount: 50_000_000_000 });
    market.exchange.changeSymbol(ABC, "NEW" as Symbol);
    expect(market.exchange.collateralOf("NEW" as Symbol)).toEqual({ leverage: 3, marginable: true });
  });
});

describe("the most that anybody holds of a symbol", () => {
  const most = (market: ExchangeMarket, symbol = XYZ): number => market.exchange.heldAtMost(symbol) / 1e9;

  test("is known after fills, long and short, and does not fall by a sale", () => {
    const market = new ExchangeMarket(NOON, {}, MARGIN).price("100").hold(100);
    market.place("short", { side: "sell", type: "market", qty: 150 }, YOU);
    expect(most(market)).toBe(150);
    market.place("cover", { side: "buy", type: "market", qty: 150 }, YOU);
    expect(most(market)).toBe(150);
  });

  test("is known after a split, under a new symbol, and in an exchange that is restored", () => {
    const market = new ExchangeMarket(NOON).price("100").hold(100);
    market.exchange.split(XYZ, 7, undefined);
    expect(most(market)).toBe(700);
    market.exchange.changeSymbol(XYZ, "NEW" as Symbol);
    expect(most(market, "NEW" as Symbol)).toBe(700);
    market.exchange = Exchange.restore(market.settings, market.exchange.snapshot());
    expect(most(market, "NEW" as Symbol)).toBe(700);
  });
});

describe("corporate actions", () => {
  const before = (): ExchangeMarket => new ExchangeMarket(NOON).price("100").hold(100);
  const after = (market: ExchangeMarket, id: string): unknown[] => {
    const order = market.exchange.orderOf(ME, id as ClientOrderId);
    return [order?.status, (order?.quantity ?? 0) / 1e9, (order?.limitPrice ?? order?.stopPrice ?? 0) / 1e6];
  };

  test("a forward split multiplies positions, adjusts GTC buy limits and sell stops, and leaves other orders alone", () => {
    const market = before();
    market.place("buy-limit", { side: "buy", type: "limit", limit: "90.05", timeInForce: "gtc" });
    market.place("sell-stop", { side: "sell", type: "stop", stop: "80", timeInForce: "gtc" });
    market.place("sell-limit", { side: "sell", type: "limit", limit: "120", timeInForce: "gtc" });
    market.at("2024-07-11T13:30:00Z").exchange.split(XYZ, 7, priceOf("14.30"));
    expect([after(market, "buy-limit"), after(market, "sell-stop"), after(market, "sell-limit")]).toEqual([
      ["new", 70, 12.86],
      ["new", 70, 11.43],
      ["new", 10, 120],
    ]);
    expect(positions(market)).toEqual([["XYZ", 700, 14.285714]]);
    market.price("12");
    expect(market.fills("buy-limit")).toEqual(["70@12"]);
  });

  test("a reverse split cancels GTC orders and pays fractions in cash", () => {
    const market = before();
    market.place("buy-limit", { side: "buy", type: "limit", limit: "90", timeInForce: "gtc" });
    market.at("2024-07-11T13:30:00Z").exchange.split(XYZ, 1 / 8, priceOf("800"));
    expect(market.status("buy-limit")).toBe("canceled");
    expect([positions(market), cash(market)]).toEqual([[["XYZ", 12, 800]], "90400"]);
  });

  test("a waiting order that would sell more than is left after a split is canceled", () => {
    const market = before().at("2024-07-10T22:00:00Z");
    market.place("s", { side: "sell", type: "market", qty: 100 });
    market.at("2024-07-11T13:30:00Z").exchange.split(XYZ, 0.5, priceOf("200"));
    expect(market.status("s")).toBe("canceled");
  });

  test("a new symbol takes the position and the open orders along", () => {
    const market = before();
    market.place("s", { side: "sell", type: "limit", limit: "110", qty: 100 });
    market.exchange.changeSymbol(XYZ, "NEW" as Symbol);
    expect(positions(market)).toEqual([["NEW", 100, 100]]);
    market.exchange.walk("NEW" as Symbol, priceOf("111"), shares(1000));
    expect(market.fills("s")).toEqual(["100@110"]);
    expect(market.place("t", { side: "buy", type: "market" })).toMatchObject({ code: "asset_not_found" });
  });

  test("a cash merger pays for the shares and cancels the orders; a worthless share pays nothing", () => {
    for (const [price, expected] of [["120", "102000"], ["0", "90000"]] as const) {
      const market = before();
      market.place("s", { side: "sell", type: "limit", limit: "130", qty: 100 });
      market.exchange.delist(XYZ, priceOf(price));
      expect([market.status("s"), cash(market), positions(market)]).toEqual(["canceled", expected, []]);
    }
  });

  test("a dividend is owed from the ex-date, counts into equity, and is paid on its day", () => {
    const market = before();
    market.exchange.accrueDividend(XYZ, 0.5, epochDayOf(sessionDateOf("2024-07-12")));
    expect([cash(market), moneyToText(market.exchange.account(ME).equity)]).toEqual(["90000", "100050"]);
    market.exchange.payDividendsDue(epochDayOf(sessionDateOf("2024-07-12")));
    expect(cash(market)).toBe("90050");
  });
});
