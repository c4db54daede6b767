import { describe, expect, test } from "vitest";
import { addMoney, maxOf, moneyOf, priceOf, shares, subtractMoney, ZERO_MONEY, type Money, type Price } from "../../src/money.ts";
import { buyingPower, initialMargin, maintenanceMargin, multiplierAllowed } from "../../src/rules/margin.ts";
import type { ClientOrder } from "../../src/simulator/client-order.ts";
import { Exchange } from "../../src/simulator/exchange.ts";
import type { OrderTicket, OrderType } from "../../src/simulator/order-ticket.ts";
import { Prng } from "../../src/simulator/prng.ts";
import type { AccountTerms } from "../../src/simulator/trading-account.ts";
import { washTradeOf } from "../../src/simulator/wash-trades.ts";
import { instantOf, newYorkClock } from "../../src/time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../../src/trade.ts";

const SYMBOLS = ["AAA", "BBB", "CCC"] as Symbol[];
const TERMS: readonly AccountTerms[] = [1, 2, 4].map((multiplier) => ({ multiplier: multiplier as 1 | 2 | 4, shorting: multiplier > 1, debitInterestBps: 0, borrowFeeBps: 0 }));
const ACCOUNTS = ["cash", "two", "four"] as AccountName[];

/** A market with money, shares, stops and groups in it, after each of whose commands `check` looks at it. */
function trade(seed: number, steps: number, check: (exchange: Exchange, chance: Prng) => void): void {
  const exchange = new Exchange({ fees: "alpaca", halfSpreadBps: 1, wholeShares: true }, instantOf("2026-06-10T14:00:00Z"));
  for (const symbol of SYMBOLS) exchange.list(symbol);
  for (const [index, name] of ACCOUNTS.entries()) exchange.openAccount(name, moneyOf("300000"), TERMS[index]);
  const chance = new Prng(seed);
  const pick = <T>(list: readonly T[]): T => list[chance.integer(0, list.length - 1)]!;
  for (let n = 0; n < steps; n += 1) {
    const [symbol, account] = [pick(SYMBOLS), pick(ACCOUNTS)];
    const price = (chance.integer(950, 1_050) * 100_000) as Price;
    const id = `o${chance.integer(Math.max(0, n - 30), n)}` as ClientOrderId;
    const kind = chance.integer(0, 11);
    if (kind === 0) exchange.quote(symbol, { bid: price, ask: price, quantity: shares(chance.integer(0, 40)) }, price);
    else if (kind === 1) exchange.cancel(account, id);
    else if (kind === 2) exchange.replace(account, id, { clientOrderId: `o${n}` as ClientOrderId, quantity: shares(chance.integer(1, 300)), limitPrice: price });
    else if (kind === 3 && n % 97 === 0) exchange.split(symbol, pick([2, 0.5]), undefined);
    else if (kind === 4 && n % 89 === 0) exchange.endSession();
    else {
      const type = pick<OrderType>(["market", "limit", "limit", "limit", "stop", "stop_limit"]);
      exchange.place(account, {
        clientOrderId: `o${n}` as ClientOrderId, symbol, side: pick(["buy", "sell"]), type, timeInForce: pick(["day", "gtc"]), quantity: shares(chance.integer(1, 300)),
        limitPrice: type === "limit" || type === "stop_limit" ? price : undefined, stopPrice: type === "stop" || type === "stop_limit" ? price : undefined,
      });
    }
    check(exchange, chance);
  }
}

const openOrders = (exchange: Exchange, name: AccountName): readonly Readonly<ClientOrder>[] => exchange.openOrders(name).map(({ clientOrderId }) => exchange.orderOf(name, clientOrderId as ClientOrderId)!);

/** As it would be worked out anew from positions and open orders. */
function buyingPowerAnew(exchange: Exchange, name: AccountName, terms: AccountTerms, last: { equity: Money; maintenance: Money }): Money {
  const { cash, positions, equity } = exchange.account(name);
  const reserved = openOrders(exchange, name).reduce((sum, { reservedMoney }) => addMoney(sum, reservedMoney), ZERO_MONEY);
  if (terms.multiplier === 1) return maxOf(subtractMoney(cash, reserved), ZERO_MONEY);
  const { day } = newYorkClock(exchange.now);
  const held = positions.map(({ symbol, quantity, marketPrice }) => ({ symbol, quantity, price: marketPrice, leverage: 1, marginable: true }) as const);
  const initial = held.reduce((sum, position) => addMoney(sum, initialMargin(position)), ZERO_MONEY);
  const maintenance = maintenanceMargin(held, day, maxOf((0 - cash) as Money, ZERO_MONEY));
  const state = { cash, equity, initialMargin: initial, maintenanceMargin: maintenance, lastEquity: last.equity, lastMaintenanceMargin: last.maintenance };
  return maxOf(subtractMoney(buyingPower(state, multiplierAllowed(terms.multiplier, equity, day), day, "session"), reserved), ZERO_MONEY);
}

describe.each([1, 2, 3, 4])("what the exchange keeps as it changes is what adding it up anew gives (seed %d)", (seed) => {
  test("buying power, with reserves, values and margin", () => {
    let compared = 0;
    trade(seed, 2_000, (exchange) => {
      for (const [index, name] of ACCOUNTS.entries()) {
        expect(exchange.account(name).buyingPower).toBe(buyingPowerAnew(exchange, name, TERMS[index]!, { equity: ZERO_MONEY, maintenance: ZERO_MONEY }));
        compared += exchange.openOrders(name).length;
      }
    });
    expect(compared).toBeGreaterThan(10_000);
  });

  test("whether an order of the account's own stands in the way of another", () => {
    const answers = new Set<boolean>();
    trade(seed, 1_500, (exchange, chance) => {
      const name = ACCOUNTS[chance.integer(0, 2)]!;
      const open = openOrders(exchange, name);
      const order = open[chance.integer(0, Math.max(0, open.length - 1))];
      if (!order) return;
      const type = (["market", "limit", "stop", "stop_limit"] as const)[chance.integer(0, 3)]!;
      const limitPrice = type === "limit" || type === "stop_limit" ? ((chance.integer(900, 1_100) * 100_000) as Price) : undefined;
      const ticket: OrderTicket = { clientOrderId: "t" as ClientOrderId, symbol: order.symbol, side: chance.integer(0, 1) === 0 ? "buy" : "sell", type, timeInForce: "day", quantity: shares(1), limitPrice, stopPrice: priceOf("1") };
      const anew = washTradeOf(ticket, open) !== undefined;
      expect(order.stake.washGuard.mayMeet(ticket, order.trader.open)).toBe(anew);
      answers.add(anew);
    });
    expect(answers).toEqual(new Set([true, false]));
  });
});
