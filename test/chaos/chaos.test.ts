import { inspect } from "node:util";
import { expect, test } from "vitest";
import { createLog } from "../../src/aws/log.ts";
import { accountRulesOf } from "../../src/account-settings.ts";
import { limitsOf, parseConfig, symbolsOf, type LimitsInput } from "../../src/config.ts";
import type { RebalanceHandler } from "../../src/handlers/rebalance.ts";
import { addQuantity, FULL_WEIGHT, moneyOf, quantityOf, quantityToText, subtractQuantity, weightFromFraction, type Quantity } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import { faultPlanSchema, type FaultRule } from "../../src/server/faults.ts";
import { plusMs } from "../../src/time.ts";
import { defineStrategy, z } from "../../src/strategy.ts";
import type { ClientOrderId, Order } from "../../src/trade.ts";
import { strategies } from "../../strategies/index.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import type { ArrivedBuy } from "./cap-watch.ts";
import { decisionsBeyondCaps } from "./decision-caps.ts";
import { drawnMarket } from "./drawn-market.ts";
import { drawDay, restless, triggersOf, type DrawnDay, type DrawnStrategy } from "./drawn-day.ts";
import { playDay, type PlayedDay } from "./play-day.ts";
import type { Kind } from "./violations.ts";

/** Two sessions on which thin quotes fill orders in parts, and nothing goes wrong but `faults`. */
function quietDay(...faults: object[]): DrawnDay {
  const day = drawDay(200);
  const [{ deployment, dueMinutes }] = day.strategies as [DrawnStrategy];
  const symbols = symbolsOf(["AAA", "BBB", "CCC"]);
  const limits = limitsOf({ positionWeightMax: 0.6, collarBps: 300 });
  const requests: readonly FaultRule[] = faultPlanSchema.parse({ requests: faults }).requests;
  return {
    ...day,
    market: { ...day.market, symbols, halts: [], split: undefined, depthMaxUsd: 10_000 },
    cash: moneyOf("100000"),
    road: { kind: "ports" },
    strategies: [{ dueMinutes, deployment: { ...deployment, symbols, strategy: restless.configure({ seed: 200 }), settings: { ...deployment.settings, allocation: FULL_WEIGHT, executionStyle: "market", limits } } }],
    store: "memory", faults: requests, outages: [], late: { probability: 0, maxMs: 1 }, haltedAt: undefined, storeFaults: { before: 0, after: 0, slow: 0 },
    stream: undefined, deathProbability: 0, clockSkewMaxMs: 0, timeoutMs: 2_000, wakes: [], partialFillSeed: undefined, acknowledgeMs: 0, wholeSharesVenue: false,
    deliveriesOf: ({ scheduledAt }) => [{ at: scheduledAt }],
  };
}

/** The same through the deployed function. */
function functionDay(isDurable: boolean, { requestsPerMinute = 180, execution = "market" }: { readonly requestsPerMinute?: number; readonly execution?: string | object } = {}): DrawnDay {
  const day = quietDay();
  const [{ dueMinutes }] = day.strategies as [DrawnStrategy];
  const { account } = day;
  const entry = { strategy: "trend", params: { days: 2 }, account, symbols: ["AAA", "BBB", "CCC"], schedule: "every session at open+5m", execution, fees: "none", limits: { positionWeightMax: 0.6, collarBps: 300 } };
  const config = (secret: string): string => JSON.stringify({ accounts: { [account]: { secret, requestsPerMinute } }, strategies: [entry] });
  const { deployments } = parseConfig(config("secret"), strategies);
  return { ...day, strategies: deployments.map((deployment) => ({ deployment, dueMinutes })), store: "sqlite", road: { kind: "function", isDurable, config, secretFaults: 0 } };
}

async function kindsOf(day: DrawnDay, plant?: (broker: Broker) => Broker): Promise<ReadonlySet<Kind>> {
  const { violations } = await playDay(day, plant ? { plant } : {});
  return new Set(violations.map(({ kind }) => kind));
}

test("a day without faults has orders in both sessions, partial fills, and nothing to report", async () => {
  const { orders, fills, runs, violations } = await playDay(quietDay());
  expect(violations).toEqual([]);
  expect(orders).toBeGreaterThan(4);
  expect(fills).toBeGreaterThan(orders);
  expect(runs.map(({ events }) => events.at(-1)?.type)).toEqual(["run-closed", "run-closed"]);
});

test.each([2, 404, 405, 409, 412])("seed %i ends as it was meant", async (seed) => {
  const day = drawDay(seed);
  expect((await playDay({ ...day, store: day.store === "dynamodb" ? "sqlite" : day.store })).violations).toEqual([]);
});

test("the same seed without concurrent deliveries gives the same journals, but for the texts of errors", async () => {
  const day: DrawnDay = { ...drawDay(404), store: "sqlite", timeoutMs: 2_000, wakes: [], deliveriesOf: ({ scheduledAt }) => [{ at: scheduledAt }] };
  const [first, second] = [await playDay(day), await playDay(day)];
  const withoutTexts = ({ runs }: PlayedDay): unknown =>
    runs.map(({ events }) => events.map(({ previous: _, ...event }) => (event.type === "order-submitted" ? { ...event, outcome: event.outcome.kind } : event)));
  expect(withoutTexts(second)).toEqual(withoutTexts(first));
  expect(first.faults).toBeGreaterThan(0);
});

/** What a planted defect changes of the real adapter. */
function planted(change: (broker: Broker) => Partial<Broker>): (broker: Broker) => Broker {
  return (broker) => {
    const changed = change(broker);
    return new Proxy(broker, {
      get(target, name) {
        const value: unknown = Reflect.get(changed, name) ?? Reflect.get(target, name);
        return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
  };
}

/** Orders for the close lie from shortly after the open of the first session. */
function streamedDay(...stream: object[]): DrawnDay {
  const day = quietDay();
  const strategies = day.strategies.map(({ deployment, dueMinutes }) => ({ dueMinutes, deployment: { ...deployment, settings: { ...deployment.settings, executionStyle: { style: "at-close" } as const } } }));
  return { ...day, strategies, stream: faultPlanSchema.parse({ stream }).stream };
}

test("a run that waits is woken by the stream, and ends well when no word of it comes", async () => {
  const heard = await playDay(streamedDay());
  expect(heard.violations).toEqual([]);
  // By the connection, and by what became of orders in two sessions.
  expect(heard.woken).toBeGreaterThan(2);
  const unheard = await playDay(streamedDay({ fault: "drop" }));
  expect(unheard.violations).toEqual([]);
  expect(unheard.woken).toBe(1);
  expect(unheard.fills).toBe(heard.fills);
});

test.each(["duplicate", "reorder", "disconnect"])("a stream with each message a %s changes nothing of what is traded", async (fault) => {
  const { violations, fills, orders } = await playDay(streamedDay({ fault }));
  const quiet = await playDay({ ...streamedDay(), stream: undefined });
  expect(violations).toEqual([]);
  expect({ orders, fills }).toEqual({ orders: quiet.orders, fills: quiet.fills });
});

test("a broker that sends an order again under a new id after a timeout is found out", async () => {
  const again = planted((broker) => ({
    async submit(order) {
      const outcome = await broker.submit(order);
      return outcome.kind === "unknown" ? broker.submit({ ...order, clientOrderId: `${order.clientOrderId.slice(0, 30)}-again` as ClientOrderId }) : outcome;
    },
  }));
  const lostAnswers = { fault: "reset", when: "after", route: "POST /v2/orders" };
  expect(await kindsOf(quietDay(lostAnswers))).toEqual(new Set());
  expect(await kindsOf(quietDay(lostAnswers), again)).toContain("duplicateOrders");
});

test("a broker that orders three times as much is found out by the caps", async () => {
  const threefold = planted((broker) => ({ submit: (order) => broker.submit({ ...order, quantity: (order.quantity * 3) as Quantity }) }));
  expect(await kindsOf(roomy(), threefold)).toContain("capBreaches");
});

/** So little is the most that the account may hold that there is money for three times as much. */
function roomy(): DrawnDay {
  return underLimits(quietDay(), { positionWeightMax: 0.2, grossExposureMax: 0.3 });
}

function underLimits(day: DrawnDay, limits: LimitsInput): DrawnDay {
  return { ...day, strategies: day.strategies.map(({ deployment, dueMinutes }) => ({ dueMinutes, deployment: { ...deployment, settings: { ...deployment.settings, limits: limitsOf(limits) } } })) };
}

/** Buys all of the one symbol that the caps give in the first session, and sells it in the second. */
function dayAtCaps(limits: LimitsInput): DrawnDay {
  const inAndOut = defineStrategy({
    name: "in-and-out",
    description: "in in one session, out in the next",
    params: z.object({}),
    schedule: "every session at open+5m",
    lookback: 1,
    signal: ({ symbols }, _params, held) => (held.weights.size > 0 ? [] : symbols.map((symbol) => ({ symbol, weight: 1, reason: "in" }))),
  });
  const day = quietDay();
  const [{ deployment }] = day.strategies as [DrawnStrategy];
  // Five minutes after the open the first session is quoted at 43.86 to 43.88 USD around 43.872594, the second at 43.91 to 43.94.
  const market = { ...drawDay(202905).market, halts: [], depthMaxUsd: 100_000_000 };
  const symbols = symbolsOf(["AAA"]);
  return underLimits({ ...day, cash: moneyOf("1000000"), market, strategies: [{ dueMinutes: 5, deployment: { ...deployment, symbols, strategy: inAndOut.configure({}), settings: { ...deployment.settings, shares: "fractional" } } }] }, limits);
}

test("what is at a cap by the quote it was planned by is within it, whatever the price behind the quote, and two dollars more are found out", async () => {
  // 300,000 / 43.87 are 6838.386 shares, which are sold at 43.91.
  const day = dayAtCaps({ positionWeightMax: 1, positionNotionalMax: 300_000, orderNotionalMax: 300_273.54 });
  const { violations, orders, runs } = await playDay(day);
  expect(violations).toEqual([]);
  expect(orders).toBe(2);
  expect(runs.flatMap(({ events }) => events.flatMap((event) => (event.type === "orders-planned" ? event.orders.map(({ side, quantity }) => [side, quantityToText(quantity)]) : [])))).toEqual([["buy", "6838.38614087"], ["sell", "6838.38614087"]]);
  const more = planted((broker) => ({ submit: (order) => broker.submit({ ...order, quantity: addQuantity(order.quantity, quantityOf("0.05")) }) }));
  const factsOf = async (capped: DrawnDay): Promise<readonly string[]> => (await playDay(capped, { plant: more })).violations.map(({ facts }) => facts);
  expect(await factsOf(day)).toContain("position in AAA: 300002.19 USD at the session's lowest quote, and the cap is 300000.00 USD");
  // Bought at 43.88.
  expect(await factsOf(dayAtCaps({ positionWeightMax: 0.3, orderNotionalMax: 300_068.39 }))).toContainEqual(expect.stringMatching(/^order bal-\w+ of AAA: 300070\.58 USD at the session's lowest quote, and the cap is 300068\.39 USD$/));
});

test("a broker that orders three times as much is found out by the cap of a group", async () => {
  const threefold = planted((broker) => ({ submit: (order) => broker.submit({ ...order, quantity: (order.quantity * 3) as Quantity }) }));
  const day = underLimits(quietDay(), { positionWeightMax: 0.2, groups: { pair: { symbols: ["AAA", "BBB"], weightMax: 0.2 } } });
  expect((await playDay(day)).violations).toEqual([]);
  expect((await playDay(day, { plant: threefold })).violations.map(({ facts }) => facts)).toContainEqual(expect.stringMatching(/^group pair: /));
});

test("targets beyond the cap on correlation, buys beyond the targets, and buys in a loss are counted", async () => {
  const day = underLimits(quietDay(), { positionWeightMax: 0.3, correlation: { lookback: 20, averageMax: 0.05 } });
  const { runs, buys, violations } = await playDay(day);
  expect(violations).toEqual([]);
  const drawn = drawnMarket(day.market);
  const counted = (tighter: object, changed: Partial<ArrivedBuy> = {}, market = drawn): string => {
    const judged = runs.map((run) => ({ ...run, trigger: { ...run.trigger, deployment: { ...run.trigger.deployment, settings: { ...run.trigger.deployment.settings, ...tighter } } } }));
    return decisionsBeyondCaps(market, judged, buys.map((buy) => ({ ...buy, ...changed }))).map(({ facts }) => facts).join("\n");
  };
  expect(counted({})).toBe("");
  const asOne = { ...drawn, closesAt: () => Array.from({ length: 21 }, (_, n) => 100 + (n % 3)) };
  expect(counted({}, {}, asOne)).toMatch(/ with a correlation of (1|0\.999)/);
  expect(counted({}, { share: 0.9 })).toContain("and aims at");
  expect(counted({ accountRules: { dailyLossMax: weightFromFraction(0.05) } }, { equity: 90_000, lastEquity: 100_000 })).toContain("and the account closed with 100000");
  expect(counted({ accountRules: { drawdownMax: weightFromFraction(0.05) } }, { equity: 90_000, lastEquity: 90_000 })).toContain("and a run has seen");
});

/** Two strategies whose runs are at once, shortly before the close, with orders that lie until then. */
function twoStrategies(): DrawnDay {
  const day = quietDay();
  const [{ deployment }] = day.strategies as [DrawnStrategy];
  const limits = limitsOf({ positionWeightMax: 0.6, collarBps: 300 });
  const settings = { ...deployment.settings, limits, executionStyle: { style: "at-close" } as const, allocation: weightFromFraction(0.5), accountRules: { ...accountRulesOf({ ordersPerDayMax: 10 }), unknownOrigin: { then: "alarm", symbols: day.market.symbols } as const } };
  const first = { ...deployment, symbols: symbolsOf(["AAA"]), settings };
  const second = { ...deployment, symbols: symbolsOf(["BBB", "CCC"]), strategy: inverseVolatility.configure({ days: 20 }), settings };
  return { ...day, store: "sqlite", strategies: [first, second].map((one) => ({ deployment: one, dueMinutes: 375 })) };
}

test("two strategies of an account trade at once, and neither cancels or misses what is the other's", async () => {
  const { violations, orders } = await playDay(twoStrategies());
  expect(violations).toEqual([]);
  expect(orders).toBeGreaterThan(3);
  const ruthless = planted((broker) => ({
    async submit(order) {
      for (const { clientOrderId } of await broker.openOrders()) await broker.cancel(clientOrderId as ClientOrderId);
      return broker.submit(order);
    },
  }));
  expect((await playDay(twoStrategies(), { plant: ruthless })).violations.map(({ facts }) => facts).join("\n")).toMatch(/ canceled bal-.* of /);
  const stranger = { clientOrderId: "x", symbol: symbolsOf(["AAA"])[0]!, side: "buy", remaining: quantityOf("1") } as const;
  const seeing = planted((broker) => ({ openOrders: async () => [...(await broker.openOrders()), stranger] }));
  expect((await playDay(twoStrategies(), { plant: seeing })).violations.map(({ facts }) => facts).join("\n")).toContain("for another hand's");
});

test("what two strategies trade together is held against the caps of the account", async () => {
  const day = twoStrategies();
  const accountRules = accountRulesOf({ ordersPerDayMax: 2, turnoverPerDayMax: 0.4 });
  const capped = { ...day, strategies: day.strategies.map(({ deployment, dueMinutes }) => ({ dueMinutes, deployment: { ...deployment, settings: { ...deployment.settings, executionStyle: "market" as const, accountRules } } })) };
  expect((await playDay(capped)).violations).toEqual([]);
  const threefold = planted((broker) => ({ submit: (order) => broker.submit({ ...order, quantity: (order.quantity * 3) as Quantity }) }));
  expect((await playDay(capped, { plant: threefold })).violations.map(({ facts }) => facts)).toContainEqual(expect.stringMatching(/^the account's turnover on /));
});

test("a broker that forgets a fill is found out", async () => {
  const forgetful = planted((broker) => ({
    async find(id) {
      const found = await broker.find(id);
      return found && ended(found) ? { ...found, fills: found.fills.slice(1) } : found;
    },
  }));
  expect(await kindsOf(quietDay(), forgetful)).toContain("lostFills");
});

test("a broker that tells another quantity of a fill is found out by the balance", async () => {
  const inexact = planted((broker) => ({
    async find(id) {
      const found = await broker.find(id);
      return found && { ...found, fills: found.fills.map((fill) => ({ ...fill, quantity: subtractQuantity(fill.quantity, quantityOf("0.000001")) })) };
    },
  }));
  expect(await kindsOf(quietDay(), inexact)).toContain("unreconciledDifferences");
});

test("a broker that calls an order filled while it is open is found out by the report of success", async () => {
  const hasty = planted((broker) => ({
    async find(id) {
      const found = await broker.find(id);
      return found && { ...found, status: "filled" as const };
    },
  }));
  expect(await kindsOf(quietDay(), hasty)).toContain("wrongSuccessReports");
});

test.each([false, true])("the deployed function trades a day as it should (durably: %s)", async (isDurable) => {
  const { runs, orders, violations } = await playDay(functionDay(isDurable));
  expect(violations).toEqual([]);
  expect(orders).toBeGreaterThan(2);
  for (const { told } of runs) expect(told.filter(({ kind }) => kind !== "call-again").slice(0, 2)).toMatchObject([{ kind: "metric", isSuccess: true }, { kind: "closed", outcome: "completed" }]);
});

test("a function that answers success before its orders are there is found out", async () => {
  const hasty = (handler: RebalanceHandler): RebalanceHandler => async (event, context) => {
    const answer = (await handler(event, context)) as { readonly status: string };
    return answer.status === "call-again" ? { status: "closed", run: "", outcome: "completed" } : answer;
  };
  const inSlices = functionDay(false, { execution: { style: "twap", minutes: 10, slices: 3 } });
  expect((await playDay(inSlices)).violations).toEqual([]);
  const { violations } = await playDay(inSlices, { around: hasty });
  expect(new Set(violations.map(({ kind }) => kind))).toContain("wrongSuccessReports");
});

test("a function that drops a run as not due, or leaves it to an execution that does not exist, is found out", async () => {
  const dropping = (): RebalanceHandler => async () => ({ status: "not-due" });
  expect((await playDay(functionDay(false), { around: dropping })).violations).toContainEqual(expect.objectContaining({ kind: "wrongSuccessReports", facts: expect.stringContaining("was dropped as not due") as string }));
  const leaving = (handler: RebalanceHandler): RebalanceHandler => {
    let calls = 0;
    return async (event, context) => ((calls += 1) > 2 ? handler(event, context) : { Status: "SUCCEEDED", Result: JSON.stringify({ status: "overtaken", run: "" }) });
  };
  expect((await playDay(functionDay(true), { around: leaving })).violations).toContainEqual(expect.objectContaining({ kind: "wrongSuccessReports", facts: expect.stringContaining("was left to another") as string }));
});

test.each([
  ["spends its budget of requests", functionDay(false, { requestsPerMinute: 12 }), "requests a minute of alpaca-trading/chaos-200 are spent"],
  ["finds its breaker open", withOutage(functionDay(false)), "reads from alpaca-trading/chaos-200 keep failing"],
])("a function that %s goes on when that is over, and the day ends well", async (_, day, word) => {
  const heard: string[] = [];
  const { violations } = await playDay(day, { onFailure: (error) => heard.push((error as Error).message) });
  expect(violations).toEqual([]);
  expect(heard.join("\n")).toContain(word);
});

function withOutage(day: DrawnDay): DrawnDay {
  const { scheduledAt } = triggersOf(day)[0]!;
  return { ...day, outages: [{ from: scheduledAt, to: plusMs(scheduledAt, 300_000) }], deliveriesOf: (trigger) => [0, 10_000, 20_000, 30_000].map((ms) => ({ at: plusMs(trigger.scheduledAt, ms) })) };
}

function ended({ status }: Order): boolean {
  return status !== "open";
}

test("no key of any process shows in a log line, an error, a journal or a snapshot of a chaotic day", async () => {
  const canary = "canary/Secret+7f3e==";
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  const shown: string[] = [];
  const faults = { fault: "status", status: 403, when: "before", route: "GET /v2/*", probability: 0.1 };
  const day = { ...drawDay(404), faults: faultPlanSchema.parse({ requests: [...drawDay(404).faults, faults] }).requests };
  const { record, deliveries } = await playDay(day, {
    secret: canary,
    onFailure(error) {
      log.error({ err: error }, "the run could not go on");
      shown.push(inspect(error, { depth: 20, showHidden: true }), String((error as Error).stack));
    },
  });
  expect(deliveries).toBeGreaterThan(10);
  expect(lines.length).toBeGreaterThan(5);
  const everything = [...lines, ...shown, record()].join("\n");
  expect(everything).toContain("BrokerUnavailable");
  for (const form of [canary, encodeURIComponent(canary), "PKCHAOS404N"]) expect(everything.includes(form)).toBe(false);
});
