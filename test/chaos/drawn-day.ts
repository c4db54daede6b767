/** What a seed stands for: one to three sessions of a market, a deployment over it, and everything that will go wrong. */
import { accountRulesOf, exitRulesOf } from "../../src/account-settings.ts";
import { limitsOf, symbolsOf, type LimitsInput } from "../../src/config.ts";
import { moneyFromNumber, weightFromFraction, type Money } from "../../src/money.ts";
import { sessionsBetween, type Session } from "../../src/rules/calendar.ts";
import { executionSchema } from "../../src/execution/style-settings.ts";
import type { Deployment } from "../../src/run/deployment.ts";
import { faultPlanSchema, type FaultRule } from "../../src/server/faults.ts";
import { defineStrategy, z, type ConfiguredStrategy } from "../../src/strategy.ts";
import { epochDayOf, MINUTE_MS, newYorkInstant, plusMs, sessionDateOf, type Instant } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import trend from "../../strategies/trend.ts";
import { Chance } from "./chance.ts";
import type { MarketTerms } from "./drawn-market.ts";

export type StoreKind = "memory" | "sqlite" | "dynamodb";

export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

export interface DrawnDay {
  readonly seed: number;
  readonly market: MarketTerms;
  readonly deployment: Deployment;
  readonly cash: Money;
  readonly store: StoreKind;
  readonly wholeSharesVenue: boolean;
  readonly partialFillSeed: number | undefined;
  readonly faults: readonly FaultRule[];
  /** While one lasts, every connection to the venue is reset. */
  readonly outages: readonly Span[];
  /** Of one request that trades: its connection is lost, and it arrives so much later. */
  readonly late: { readonly probability: number; readonly maxMs: number };
  /** A person halts the account. */
  readonly haltedAt: Instant | undefined;
  /** Of one request to the store. */
  readonly storeFaults: { readonly before: number; readonly after: number; readonly slow: number };
  /** Of one delivery. */
  readonly deathProbability: number;
  readonly clockSkewMaxMs: number;
  /** For one request. */
  readonly timeoutMs: number;
  /** How many triggers are delivered for a scheduled instant, and after how long. */
  deliveriesOf(scheduledAt: Instant): readonly { readonly at: Instant }[];
  /** Calls for no reason, as a doubled or late update of the trading stream makes them. */
  readonly wakes: readonly { readonly scheduledAt: Instant; readonly at: Instant }[];
  readonly due: readonly Instant[];
}

/** Half days of 2026, and enough others. */
const CALENDAR = sessionsBetween(epochDayOf(sessionDateOf("2026-06-08")), epochDayOf(sessionDateOf("2026-12-30")));
const NAMES = ["AAA", "BBB", "CCC", "DDD"] as const;

export function drawDay(seed: number): DrawnDay {
  const chance = new Chance(seed, "day");
  const sessions = drawSessions(chance);
  const cash = chance.oneOf([5_000, 100_000, 1_000_000]);
  const symbols = symbolsOf(NAMES.slice(0, chance.integer(1, NAMES.length)));
  const strategy = drawStrategy(seed, chance);
  const deployment = drawDeployment(seed, chance, strategy, symbols, cash);
  // Orders for the open are planned before it.
  const { executionStyle } = deployment.settings;
  const dueMinutes = typeof executionStyle !== "string" && executionStyle.style === "at-open" ? -30 : 5;
  const due = sessions.map(({ open }) => plusMs(open, dueMinutes * MINUTE_MS));
  const skew = chance.happens(0.5) ? chance.integer(0, 5_000) : 0;
  return {
    seed,
    market: drawMarket(seed, chance, sessions, symbols, cash),
    deployment,
    cash: moneyFromNumber(cash),
    store: chance.happens(0.02) ? "dynamodb" : chance.happens(0.4) ? "sqlite" : "memory",
    wholeSharesVenue: deployment.settings.shares === "whole" && chance.happens(0.3),
    partialFillSeed: chance.happens(0.3) ? seed : undefined,
    faults: drawFaults(chance),
    outages: chance.happens(0.25) ? [drawSpan(chance, chance.oneOf(sessions as [Session, ...Session[]]), 30)] : [],
    late: { probability: chance.oneOf([0, 0, 0.1, 0.4]), maxMs: LATE_MAX_MS },
    haltedAt: chance.happens(0.15) ? plusMs(chance.oneOf(due as [Instant, ...Instant[]]), chance.integer(1, chance.oneOf([30_000, 1_800_000]))) : undefined,
    storeFaults: chance.happens(0.6) ? { before: chance.between(0, 0.04), after: chance.between(0, 0.04), slow: chance.between(0, 0.1) } : { before: 0, after: 0, slow: 0 },
    deathProbability: chance.oneOf([0, 0.1, 0.3, 0.5]),
    clockSkewMaxMs: skew,
    timeoutMs: chance.happens(0.03) ? 40 : 2_000,
    deliveriesOf(scheduledAt) {
      const draw = new Chance(seed, `deliveries ${scheduledAt}`);
      return Array.from({ length: draw.integer(1, 5) }, (_, n) => ({ at: n === 0 || draw.happens(0.5) ? scheduledAt : plusMs(scheduledAt, draw.integer(1, 180_000)) }));
    },
    wakes: sessions.flatMap((session, place) => Array.from({ length: chance.integer(0, 3) }, () => ({ scheduledAt: due[place]!, at: plusMs(due[place]!, chance.integer(1, session.close - due[place]!)) }))),
    due,
  };
}

function drawSessions(chance: Chance): readonly Session[] {
  const count = chance.oneOf([1, 1, 2, 2, 3]);
  const half = CALENDAR.flatMap(({ earlyClose }, place) => (earlyClose ? [place] : []));
  const first = chance.happens(0.25) ? chance.oneOf(half as [number, ...number[]]) - chance.integer(0, count - 1) : chance.integer(0, CALENDAR.length - 1 - count);
  return CALENDAR.slice(first, first + count);
}

function drawMarket(seed: number, chance: Chance, sessions: readonly Session[], symbols: readonly Symbol[], cash: number): MarketTerms {
  const oneSymbol = (): Symbol => chance.oneOf(symbols as [Symbol, ...Symbol[]]);
  const halts = Array.from({ length: chance.oneOf([0, 0, 0, 1, 2]) }, () => {
    const session = chance.oneOf(sessions as [Session, ...Session[]]);
    const { from, to } = drawSpan(chance, session, 120);
    // Trading resumes at the latest before the next day.
    return { symbol: oneSymbol(), from, to: to > session.close ? plusMs(session.close, 5 * MINUTE_MS) : to };
  });
  const splitSession = sessions.length > 1 && chance.happens(0.4) ? sessions[chance.integer(1, sessions.length - 1)] : undefined;
  const split = splitSession && { symbol: oneSymbol(), at: newYorkInstant(splitSession.day, 0), exDay: splitSession.day, ratio: chance.oneOf([2, 3, 10, 0.5, 1.5]) };
  return { seed, symbols, sessions, halts: withoutOverlap(halts), split, depthMaxUsd: cash * chance.oneOf([0.01, 0.05, 0.2, 100]) };
}

function withoutOverlap<H extends Span & { readonly symbol: Symbol }>(halts: readonly H[]): readonly H[] {
  return halts.filter((halt, place) => !halts.slice(0, place).some(({ symbol, from, to }) => symbol === halt.symbol && from <= halt.to && halt.from <= to));
}

/** Most of what matters happens in the minutes after a run begins. */
function drawSpan(chance: Chance, { open, close }: Session, minutesMax: number): Span {
  const from = chance.happens(0.7) ? plusMs(open, chance.integer(0, 20) * MINUTE_MS) : plusMs(open, chance.integer(0, (close - open) / MINUTE_MS - 1) * MINUTE_MS);
  return { from, to: plusMs(from, chance.integer(1, minutesMax) * MINUTE_MS) };
}

/** Wants other weights every session, more than the limits give now and then. */
export const restless = defineStrategy({
  name: "restless",
  description: "other weights every session, by a seed",
  params: z.object({ seed: z.number() }),
  schedule: "every session at open+5m",
  lookback: 2,
  signal(view, { seed }) {
    const chance = new Chance(seed, view.session);
    return view.symbols.flatMap((symbol) => {
      const weight = Math.round(chance.between(0, 1.6 / view.symbols.length) * 1e4) / 1e4;
      return chance.happens(0.25) ? [] : [{ symbol, weight: Math.min(weight, 1), reason: "drawn" }];
    });
  },
});

function drawStrategy(seed: number, chance: Chance): ConfiguredStrategy {
  const schedule = trend.schedule;
  switch (chance.integer(0, 5)) {
    case 0:
      return fixedWeights.configure({ band: 0 });
    case 1:
      return trend.configure({ days: 10 });
    case 2:
      return { ...inverseVolatility.configure({ days: 20 }), schedule };
    default:
      return restless.configure({ seed });
  }
}

function drawDeployment(seed: number, chance: Chance, strategy: ConfiguredStrategy, symbols: readonly Symbol[], cash: number): Deployment {
  const maybe = <T>(probability: number, value: T): T | undefined => (chance.happens(probability) ? value : undefined);
  const limits: LimitsInput = {
    positionWeightMax: chance.oneOf([1, 0.6, 0.35]),
    grossExposureMax: chance.oneOf([1, 1, 0.7]),
    orderNotionalMax: cash * chance.oneOf([10, 10, 10, 0.4]),
    ordersPerRunMax: chance.oneOf([200, 4, 2]),
    collarBps: chance.oneOf([100, 300, 20]),
    quoteAgeMaxMs: chance.oneOf([60_000, 120_000]),
    ...defined({ positionNotionalMax: maybe(0.2, cash * 0.3), turnoverPerRunMax: maybe(0.3, 0.8), cashReserveMin: maybe(0.3, 0.05) }),
  };
  const accountRules = accountRulesOf(
    defined({
      cashAccount: maybe(0.3, {}),
      ordersPerDayMax: maybe(0.3, chance.integer(1, 6)),
      turnoverPerDayMax: maybe(0.3, 1.2),
      dailyLossMax: maybe(0.2, 0.1),
      drawdownMax: maybe(0.2, 0.3),
      tradingBreaker: maybe(0.2, { unknownMax: 100, differencesMax: 100 }),
    }),
  );
  const exits = maybe(0.2, exitRulesOf({ stopLoss: 0.01, trailingStop: 0.015 }));
  return {
    account: `chaos-${seed}` as AccountName,
    strategy,
    symbols,
    settings: {
      allocation: weightFromFraction(chance.oneOf([1, 1, 0.5])),
      tradingHours: "core",
      shares: chance.oneOf(["fractional", "whole"]),
      executionStyle: executionSchema.parse(
        chance.oneOf([
          "market",
          "marketable-limit",
          "market",
          "marketable-limit",
          { style: "walk-the-book", steps: chance.integer(2, 5), patienceMinMs: 5_000, patienceMaxMs: 60_000, capBps: chance.oneOf([2, 10, 50]) },
          { style: chance.oneOf(["twap", "vwap"]), minutes: chance.integer(1, 30), slices: chance.integer(1, 5), capBps: chance.oneOf([2, 10, 50]), participationMax: chance.oneOf([0.1, 1]) },
          { style: chance.oneOf(["at-open", "at-close"]) },
        ]),
      ),
      limits: limitsOf(limits),
      fees: "none",
      seed,
      ...(Object.keys(accountRules).length > 0 && { accountRules }),
      ...(exits && { exits }),
    },
  };
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** A run sends an order again, or gives it up, when the venue has not known it for thirty seconds; clocks differ by ten at most. */
const LATE_MAX_MS = 15_000;

/** How long a lost request's connection is held before it drops. */
const HELD_MS = 8;

function drawFaults(chance: Chance): readonly FaultRule[] {
  const level = chance.oneOf([0, 0.3, 1, 1]);
  const likely = (most: number): number => (chance.happens(0.5) ? level * chance.between(0, most) : 0);
  const ofRoute = (route: string, most: number): object[] => [
    { fault: "timeout", when: "before", heldMs: HELD_MS, route, probability: likely(most) },
    { fault: "timeout", when: "after", heldMs: HELD_MS, route, probability: likely(most) },
    { fault: "reset", when: "before", route, probability: likely(most) },
    { fault: "reset", when: "after", route, probability: likely(most) },
    { fault: "status", when: "before", status: chance.oneOf([500, 502, 503, 504]), retryAfterSeconds: 0, route, probability: likely(most) },
    { fault: "status", when: "after", status: chance.oneOf([500, 502, 503, 504]), retryAfterSeconds: 0, route, probability: likely(most) },
    // A burst: once it strikes it goes on for some requests.
    { fault: "status", when: "before", status: 429, retryAfterSeconds: 0, route, probability: likely(most * 3), times: chance.integer(1, 12) },
    { fault: "html", when: chance.oneOf(["before", "after"]), route, probability: likely(most) },
    { fault: "malformed", when: chance.oneOf(["before", "after"]), route, probability: likely(most) },
    { fault: "delay", ms: chance.integer(1, HELD_MS), route, probability: likely(most * 2) },
  ];
  const rules = [...ofRoute("POST /v2/orders", 0.15), ...ofRoute("DELETE /v2/orders/*", 0.15), ...ofRoute("GET /v2/*", 0.03)];
  return faultPlanSchema.parse({ requests: rules.filter((rule) => (rule as { probability: number }).probability > 0) }).requests;
}
