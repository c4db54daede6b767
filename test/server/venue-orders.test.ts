import fc from "fast-check";
import { expect, test } from "vitest";
import { moneyOf, priceOf, shares } from "../../src/money.ts";
import type { VenueCommand } from "../../src/server/commands.ts";
import { OrderIndex, type OrderQuery } from "../../src/server/order-index.ts";
import { Venue, type VenueSnapshot } from "../../src/server/venue.ts";
import { hasEnded, newVenueOrder, type VenueOrder } from "../../src/server/venue-order.ts";
import { VenueOrders, type VenueOrdersSnapshot } from "../../src/server/venue-orders.ts";
import { plusMs, type Instant } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { ordersOf } from "../support/account-history.ts";
import { NOON, venueSettings } from "../support/served-market.ts";

const ANN = "ann" as AccountName;
const AAA = "AAA" as Symbol;
const SYMBOLS = ["AAA", "BBB", "CCC"] as Symbol[];

/** Orders as plain objects, all in one list. */
class PlainOrders {
  readonly all: VenueOrder[] = [];

  list({ status, limit, after, until, afterOrder, beforeOrder, direction, symbols, side, nested }: OrderQuery): readonly VenueOrder[] {
    const isOpen = (order: VenueOrder): boolean => !hasEnded(order) || (nested && order.legs.some((leg) => !hasEnded(this.all.find(({ id }) => id === leg)!)));
    const found = this.all.filter((order) =>
      (after === undefined || order.createdAt > after) && (until === undefined || order.createdAt < until) && (!afterOrder || order.number > afterOrder.number) && (!beforeOrder || order.number < beforeOrder.number) &&
      (!symbols || symbols.includes(order.symbol)) && (!side || order.side === side) && (!nested || order.parent === undefined) && (status === "all" || isOpen(order) === (status === "open")));
    return (direction === "asc" ? found : found.reverse()).slice(0, limit);
  }
}

const query: fc.Arbitrary<OrderQuery> = fc.record({
  status: fc.constantFrom("open", "closed", "all"),
  limit: fc.integer({ min: 1, max: 30 }),
  after: fc.option(fc.integer({ min: 0, max: 60 }).map((minute) => minute as Instant), { nil: undefined }),
  until: fc.option(fc.integer({ min: 0, max: 60 }).map((minute) => minute as Instant), { nil: undefined }),
  direction: fc.constantFrom("asc", "desc"),
  symbols: fc.option(fc.subarray(SYMBOLS, { minLength: 1 }), { nil: undefined }),
  side: fc.option(fc.constantFrom("buy", "sell"), { nil: undefined }),
  nested: fc.boolean(),
});

const steps = fc.array(fc.record({ kind: fc.constantFrom("place", "place", "place", "end", "end", "end", "bracket", "pack", "rename", "restore", "withdraw"), pick: fc.nat(), symbol: fc.nat({ max: 2 }), isSale: fc.boolean() }), { minLength: 5, maxLength: 60 });

test("orders are found and listed alike whether they are packed or not", () => {
  let packed = 0;
  fc.assert(
    fc.property(steps, fc.array(query, { minLength: 3, maxLength: 6 }), (played, queries) => {
      const plain = new PlainOrders();
      let orders = new VenueOrders();
      let index = new OrderIndex(orders);
      let number = 0;
      const place = (symbol: Symbol, isSale: boolean, parent?: string): VenueOrder => {
        number += 1;
        const asked = { number, id: `id-${number}`, clientOrderId: `mine-${number}`, account: ANN, symbol, side: isSale ? "sell" : "buy", type: "limit", timeInForce: "day", orderClass: "simple", positionIntent: "buy_to_open", createdAt: (number >> 1) as Instant, expiresAt: 99 as Instant, quantity: shares(1), limitPrice: priceOf("1.50"), parent } as const;
        const order = newVenueOrder(asked);
        orders.add(order);
        index.add(order);
        plain.all.push(newVenueOrder(asked));
        return order;
      };
      for (const { kind, pick, symbol, isSale } of played) {
        const open = plain.all.filter((order) => !hasEnded(order));
        if (kind === "place") place(SYMBOLS[symbol]!, isSale);
        else if (kind === "bracket") {
          const first = place(SYMBOLS[symbol]!, isSale);
          first.legs = [place(SYMBOLS[symbol]!, !isSale, first.id), place(SYMBOLS[symbol]!, !isSale, first.id)].map(({ id }) => id);
          plain.all.at(-3)!.legs = first.legs;
        } else if (kind === "end" && open.length > 0) {
          const twin = open[pick % open.length]!;
          const order = orders.get(twin.id)!;
          for (const one of [order, twin]) Object.assign(one, { status: isSale ? "filled" : "canceled", filledAt: isSale ? 50 : undefined, canceledAt: isSale ? undefined : 51 });
          orders.end(order);
          index.close();
        } else if (kind === "withdraw") {
          const last = place(SYMBOLS[symbol]!, isSale);
          index.withdraw([last]);
          orders.withdraw(last);
          plain.all.pop();
        } else if (kind === "pack") orders.pack();
        else if (kind === "rename") {
          const [from, to] = [SYMBOLS[symbol]!, SYMBOLS[pick % 3]!];
          if (from === to) continue;
          orders.rename(from, to);
          index.rename(from, to);
          for (const order of plain.all) if (order.symbol === from) order.symbol = to;
        } else if (kind === "restore") {
          const saved = JSON.parse(JSON.stringify(orders.snapshot())) as VenueOrdersSnapshot;
          orders = new VenueOrders();
          index = new OrderIndex(orders);
          orders.restore(saved, { packed: (order) => { index.addEnded(order); }, live: (order) => { index.add(order); } });
          index.arrange();
        }
      }
      packed += [...orders.snapshot().packed.records].length;
      expect([orders.size, index.count]).toEqual([plain.all.length, plain.all.length]);
      for (const order of plain.all) expect([orders.get(order.id), index.byClientId(order.clientOrderId)]).toEqual([order, order]);
      expect([orders.get("id-0"), index.byClientId("mine-0")]).toEqual([undefined, undefined]);
      for (const asked of queries) {
        const bounds = plain.all.length > 4 ? { afterOrder: plain.all[1]!, beforeOrder: plain.all.at(-2)! } : {};
        for (const one of [asked, { ...asked, ...bounds }]) expect(index.list(one)).toEqual(plain.list(one));
      }
    }),
    { seed: 5, numRuns: 300 },
  );
  expect(packed).toBeGreaterThan(100);
});

test("a venue whose ended orders are packed tells of them as before, and goes on alike from a snapshot", () => {
  const venue = new Venue(venueSettings());
  let now = NOON;
  const apply = (command: Omit<Extract<VenueCommand, { readonly account: AccountName }>, "at" | "account"> | object): VenueOrder => {
    now = plusMs(now, 1_000);
    const reply = venue.apply({ at: now, account: ANN, ...command } as VenueCommand);
    return (reply as { order: VenueOrder }).order;
  };
  const buy = { side: "buy", type: "limit", timeInForce: "gtc", orderClass: "simple", quantity: shares(1), limitPrice: priceOf("50"), symbol: AAA } as const;
  apply({ type: "open-account", cash: moneyOf("1000000") });
  apply({ type: "quote", symbol: AAA, bid: priceOf("99"), ask: priceOf("100"), quantity: shares(1_000) });
  const bracket = apply({ type: "place", order: { ...buy, orderClass: "bracket", limitPrice: priceOf("100"), takeProfit: { limitPrice: priceOf("120") }, stopLoss: { stopPrice: priceOf("80") }, clientOrderId: "with legs" } });
  const churn = (count: number): void => {
    for (let n = 0; n < count; n += 1) apply({ type: "cancel", order: apply({ type: "place", order: buy }).id });
  };
  churn(600);
  const before = venue.snapshot();
  expect(before.orders.live.filter(hasEnded).length).toBeLessThan(512);
  const saved = JSON.parse(JSON.stringify(before)) as VenueSnapshot;
  const restored = Venue.restore(venueSettings(), saved);
  // The entry has filled and its legs are open: a leg's replacement joins the group, a name stays taken, what is packed is refused.
  const [profit, loss] = bracket.legs;
  for (const one of [venue, restored]) {
    const at = plusMs(now, 1);
    expect(one.apply({ type: "replace", at, account: ANN, order: profit!, changes: { limitPrice: priceOf("121") } })).toMatchObject({ kind: "order" });
    expect(one.order(bracket.id)).toMatchObject({ status: "filled", legs: [profit, loss, expect.any(String)] });
    const [, first] = ordersOf(one.accounts.get(ANN)!).filter(({ parent }) => parent === undefined);
    expect(one.apply({ type: "place", at, account: ANN, order: { ...buy, clientOrderId: first!.clientOrderId } })).toMatchObject({ kind: "rejected", rejection: { code: "client_order_id_taken" } });
    expect(one.apply({ type: "cancel", at, account: ANN, order: first!.id })).toMatchObject({ kind: "rejected", rejection: { code: "not_cancelable" } });
    one.apply({ type: "close-all-positions", at, account: ANN, cancelOrders: true });
    for (let n = 0; n < 600; n += 1) one.apply({ type: "place", at: plusMs(at, n), account: ANN, order: { ...buy, timeInForce: "ioc", clientOrderId: `later-${n}` } });
    expect(one.snapshot().orders.live.filter(hasEnded).length).toBeLessThan(512);
    expect(one.order(bracket.id)?.legs).toHaveLength(3);
  }
  expect(JSON.stringify(restored.snapshot())).toBe(JSON.stringify(venue.snapshot()));
});
