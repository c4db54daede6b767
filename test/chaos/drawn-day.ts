/** What a seed stands for: one to three sessions of a market, a deployment over it, and everything that will go wrong. */
import { accountRulesOf, exitRulesOf } from "../../src/account-settings.ts";
import { limitsOf, parseConfig, symbolsOf, type LimitsInput } from "../../src/config.ts";
import { moneyFromNumber, weightFromFraction, type Money } from "../../src/money.ts";
import { sessionsBetween, type Session } from "../../src/rules/calendar.ts";
import { executionSchema } from "../../src/execution/style-settings.ts";
import type { Deployment, Trigger } from "../../src/run/deployment.ts";
import { faultPlanSchema, type FaultPlan, type FaultRule } from "../../src/server/faults.ts";
import { defineStrategy, z, type ConfiguredStrategy } from "../../src/strategy.ts";
import { epochDayOf, MINUTE_MS, newYorkClock, newYorkInstant, plusMs, sessionDateOf, type Instant } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import { strategies as deployable } from "../../strategies/index.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import trend from "../../strategies/trend.ts";
import { Chance } from "./chance.ts";
import type { MarketTerms } from "./drawn-market.ts";

export type StoreKind = "memory" | "sqlite" | "dynamodb";

export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** Who advances the runs of a day: a process with ports of its own, or the deployed function, with or without durable executions. */
export type Road = { readonly kind: "ports" } | { readonly kind: "function"; readonly isDurable: boolean; readonly config: (secret: string) => string; readonly secretFaults: number };

export interface DrawnStrategy {
  readonly deployment: Deployment;
  /** After the open of each session; negative before it. */
  readonly dueMinutes: number;
}

export interface DrawnDay {
  readonly seed: number;
  readonly market: MarketTerms;
  readonly account: AccountName;
  /** Each has symbols of its own. */
  readonly strategies: readonly DrawnStrategy[];
  readonly road: Road;
  readonly cash: Money;
  readonly store: StoreKind;
  readonly wholeSharesVenue: boolean;
  readonly partialFillSeed: number | undefined;
  /** So long the exchange takes over an order and a cancel. */
  readonly acknowledgeMs: number;
  readonly faults: readonly FaultRule[];
  /** Of the trading stream that wakes runs which wait; undefined where nobody listens. */
  readonly stream: FaultPlan["stream"] | undefined;
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
  /** How many triggers are delivered for a run, and after how long. */
  deliveriesOf(trigger: Trigger): readonly { readonly at: Instant }[];
  /** Calls for no reason. */
  readonly wakes: readonly { readonly trigger: Trigger; readonly at: Instant }[];
}

/** In the order of the strategies, and of the sessions. */
export function triggersOf({ strategies, market: { sessions } }: Pick<DrawnDay, "strategies" | "market">): readonly Trigger[] {
  return strategies.flatMap(({ deployment, dueMinutes }) => sessions.map(({ open }) => ({ deployment, scheduledAt: plusMs(open, dueMinutes * MINUTE_MS) })));
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
  const terms = drawTerms(chance, cash);
  const skew = chance.happens(0.5) ? chance.integer(0, 5_000) : 0;
  const account = `chaos-${seed}` as AccountName;
  const { strategies, road } = drawRoad(seed, { account, symbols, strategy, terms });
  const market = drawMarket(seed, chance, sessions, symbols, cash);
  const triggers = triggersOf({ strategies, market });
  const store = chance.happens(0.02) ? "dynamodb" : chance.happens(0.4) ? "sqlite" : "memory";
  return {
    seed,
    market,
    account,
    strategies,
    road,
    cash: moneyFromNumber(cash),
    // Runs at once are kept apart by the account's lease, which needs a store that fences.
    store: store === "memory" && (road.kind === "function" || strategies.length > 1) ? "sqlite" : store,
    wholeSharesVenue: terms.shares === "whole" && chance.happens(0.3),
    partialFillSeed: chance.happens(0.3) ? seed : undefined,
    acknowledgeMs: drawAcknowledgeMs(seed),
    faults: drawFaults(chance),
    // As a local run is: the deployed function hears no stream.
    stream: road.kind === "ports" ? drawStream(seed) : undefined,
    outages: chance.happens(0.25) ? [drawSpan(chance, chance.oneOf(sessions as [Session, ...Session[]]), 30)] : [],
    late: { probability: chance.oneOf([0, 0, 0.1, 0.4]), maxMs: LATE_MAX_MS },
    haltedAt: chance.happens(0.15) ? plusMs(chance.oneOf(triggers as [Trigger, ...Trigger[]]).scheduledAt, chance.integer(1, chance.oneOf([30_000, 1_800_000]))) : undefined,
    storeFaults: chance.happens(0.6) ? { before: chance.between(0, 0.04), after: chance.between(0, 0.04), slow: chance.between(0, 0.1) } : { before: 0, after: 0, slow: 0 },
    deathProbability: chance.oneOf([0, 0.1, 0.3, 0.5]),
    clockSkewMaxMs: skew,
    timeoutMs: chance.happens(0.03) ? 40 : 2_000,
    deliveriesOf({ deployment, scheduledAt }) {
      const draw = new Chance(seed, `deliveries ${deployment.strategy.name} ${scheduledAt}`);
      return Array.from({ length: draw.integer(1, 5) }, (_, n) => ({ at: n === 0 || draw.happens(0.5) ? scheduledAt : plusMs(scheduledAt, draw.integer(1, 180_000)) }));
    },
    wakes: triggers.flatMap((trigger) => {
      const { close } = sessions.find(({ day }) => day === newYorkClock(trigger.scheduledAt).day)!;
      return Array.from({ length: chance.integer(0, 3) }, () => ({ trigger, at: plusMs(trigger.scheduledAt, chance.integer(1, close - trigger.scheduledAt)) }));
    }),
  };
}

function drawAcknowledgeMs(seed: number): number {
  const chance = new Chance(seed, "acknowledgements");
  return chance.happens(0.3) ? chance.oneOf([20, 400, 3_000, 12_000]) : 0;
}

const STREAM_SHARE = 0.3;

function drawStream(seed: number): FaultPlan["stream"] | undefined {
  const chance = new Chance(seed, "stream");
  if (!chance.happens(STREAM_SHARE)) return undefined;
  const rules = (["duplicate", "reorder", "drop", "disconnect"] as const).map((fault) => ({ fault, probability: chance.oneOf([0, 0.1, 0.5]) }));
  return faultPlanSchema.parse({ stream: rules.filter(({ probability }) => probability > 0) }).stream;
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

/** Limits and rules as ballast.yaml has them. */
interface Terms {
  readonly allocation: number;
  readonly shares: "fractional" | "whole";
  readonly execution: z.input<typeof executionSchema>;
  readonly limits: LimitsInput;
  readonly rules: Parameters<typeof accountRulesOf>[0];
  readonly exits: Parameters<typeof exitRulesOf>[0] | undefined;
}

function drawTerms(chance: Chance, cash: number): Terms {
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
  const rules = defined({
    cashAccount: maybe(0.3, {}),
    ordersPerDayMax: maybe(0.3, chance.integer(1, 6)),
    turnoverPerDayMax: maybe(0.3, 1.2),
    dailyLossMax: maybe(0.2, 0.1),
    drawdownMax: maybe(0.2, 0.3),
    tradingBreaker: maybe(0.2, { unknownMax: 100, differencesMax: 100 }),
  });
  const exits = maybe(0.2, { stopLoss: 0.01, trailingStop: 0.015 });
  return {
    limits,
    rules,
    exits,
    allocation: chance.oneOf([1, 1, 0.5]),
    shares: chance.oneOf(["fractional", "whole"]),
    execution: chance.oneOf([
      "market",
      "marketable-limit",
      "market",
      "marketable-limit",
      { style: "walk-the-book", steps: chance.integer(2, 5), patienceMinMs: 5_000, patienceMaxMs: 60_000, capBps: chance.oneOf([2, 10, 50]) },
      { style: chance.oneOf(["twap", "vwap"]), minutes: chance.integer(1, 30), slices: chance.integer(1, 5), capBps: chance.oneOf([2, 10, 50]), participationMax: chance.oneOf([0.1, 1]) },
      { style: chance.oneOf(["at-open", "at-close"]) },
    ]),
  };
}

interface Drawn {
  readonly account: AccountName;
  readonly symbols: readonly Symbol[];
  readonly strategy: ConfiguredStrategy;
  readonly terms: Terms;
}

/** Of all days. */
const FUNCTION_SHARE = 0.2;
/** Of the days with two symbols or more. */
const TWO_STRATEGIES_SHARE = 0.25;
const NARROW_CAPS_SHARE = 0.3;

function drawRoad(seed: number, alone: Drawn): { readonly strategies: readonly DrawnStrategy[]; readonly road: Road } {
  const chance = new Chance(seed, "road");
  const isFunction = chance.happens(FUNCTION_SHARE);
  // Orders for the open are planned before it.
  const dueMinutes = isForOpen(alone.terms.execution) ? -30 : 5;
  const drawn = withNarrowCaps(new Chance(seed, "caps"), alone).map((one, place) => ({ ...one, dueMinutes: place === 0 || dueMinutes < 0 ? dueMinutes : dueMinutes + chance.oneOf([0, 0, 1, 10]) }));
  if (!isFunction) return { strategies: drawn.map((one, place) => ({ deployment: deploymentOf(seed, one, place, drawn), dueMinutes: one.dueMinutes })), road: { kind: "ports" } };
  const config = configOf(chance, drawn);
  const { deployments } = parseConfig(config("secret"), deployable);
  const strategies = deployments.map((deployment, place) => ({ deployment, dueMinutes: drawn[place]!.dueMinutes }));
  return { strategies, road: { kind: "function", isDurable: chance.happens(0.5), config, secretFaults: chance.oneOf([0, 0.1]) } };
}

/** One strategy or two, which share the symbols and the money; now and then under caps that the day's prices do reach. */
function withNarrowCaps(chance: Chance, alone: Drawn): readonly Drawn[] {
  const isTwo = alone.symbols.length > 1 && chance.happens(TWO_STRATEGIES_SHARE);
  const half = Math.ceil(alone.symbols.length / 2);
  const parts = isTwo ? [alone.symbols.slice(0, half), alone.symbols.slice(half)] : [alone.symbols];
  const rules = isTwo ? { ...alone.terms.rules, ordersPerDayMax: chance.oneOf([2, 4, 8]), turnoverPerDayMax: chance.oneOf([0.6, 1.2]) } : alone.terms.rules;
  const terms = { ...alone.terms, rules, allocation: alone.terms.allocation / parts.length };
  const isNarrow = chance.happens(NARROW_CAPS_SHARE);
  const [weightMax, averageMax, dailyLossMax, drawdownMax] = [chance.oneOf([0.2, 0.4]), chance.oneOf([0.01, 0.05, 0.2]), chance.oneOf([0.001, 0.004]), chance.oneOf([0.002, 0.01])];
  return parts.map((symbols) => ({
    ...alone,
    symbols,
    terms: isNarrow
      ? { ...terms, rules: { ...rules, dailyLossMax, drawdownMax }, limits: { ...terms.limits, groups: { first: { symbols: symbols.slice(0, 2), weightMax } }, correlation: { lookback: 20, averageMax } } }
      : terms,
  }));
}

function isForOpen(execution: Terms["execution"]): boolean {
  return typeof execution === "object" && execution !== null && "style" in execution && execution.style === "at-open";
}

type Due = Drawn & { readonly dueMinutes: number };

function deploymentOf(seed: number, { account, symbols, strategy, terms: { allocation, shares, execution, limits, rules, exits } }: Drawn, place: number, all: readonly Drawn[]): Deployment {
  const accountRules = { ...accountRulesOf(rules), ...(all.length > 1 && { unknownOrigin: { then: "alarm" as const, symbols: symbolsOf(all.flatMap((one) => one.symbols)) } }) };
  // Of two, each has a name of its own.
  const other = strategy.name === "restless" ? trend.configure({ days: 2 }) : restless.configure({ seed });
  return {
    account,
    strategy: place === 0 ? strategy : other,
    symbols,
    settings: {
      allocation: weightFromFraction(allocation),
      tradingHours: "core",
      shares,
      executionStyle: executionSchema.parse(execution),
      limits: limitsOf(limits),
      fees: "none",
      seed,
      ...(Object.keys(accountRules).length > 0 && { accountRules }),
      ...(exits && { exits: exitRulesOf(exits) }),
    },
  };
}

/** The same as ballast.yaml, which every JSON is. What is deployed has more limits by default, and a budget of requests that now and then is small. */
function configOf(chance: Chance, drawn: readonly Due[]): (secret: string) => string {
  const [{ account, terms: { rules } }] = drawn as readonly [Due, ...Due[]];
  const requests = { requestsPerMinute: chance.oneOf([180, 180, 60, 30]), dataRequestsPerMinute: chance.oneOf([180, 180, 10]) };
  const names = chance.oneOf<readonly string[]>([["trend", "fixed-weights"], ["trend", "inverse-volatility"], ["inverse-volatility", "trend"], ["fixed-weights", "trend"]]);
  const entries = drawn.map(({ symbols, dueMinutes, terms: { rules: _, ...terms } }, place) => {
    const strategy = names[place]!;
    return { strategy, params: drawParams(chance, strategy, symbols), ...terms, account, symbols, schedule: `every session at open${dueMinutes < 0 ? "" : "+"}${dueMinutes}m`, fees: "none" };
  });
  return (secret) => JSON.stringify({ accounts: { [account]: { secret, feed: "iex", ...requests, rules } }, strategies: entries });
}

function drawParams(chance: Chance, strategy: string, symbols: readonly Symbol[]): object {
  if (strategy === "trend") return { days: chance.oneOf([2, 2, 5, 10]) };
  if (strategy === "inverse-volatility") return { days: 20 };
  return { band: 0, weights: Object.fromEntries(symbols.map((symbol) => [symbol, chance.integer(0, 100) / 100 / symbols.length])) };
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
