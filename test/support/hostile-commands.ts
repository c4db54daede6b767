/** What operators and players send under /sim/v1: steering that no market would bear among steering that is usual. */
import fc from "fast-check";
import { hostileText } from "./hostile-values.ts";

export type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>;

export interface Operation {
  readonly method: string;
  /** A part in braces is one of the arbitraries of hostile-requests.ts. */
  readonly path: string;
  readonly query?: Fields;
  readonly body?: fc.Arbitrary<Readonly<Record<string, unknown>>>;
  readonly weight?: number;
}

export const SEASONS: fc.Arbitrary<string> = fc.constantFrom("spring", "autumn");
const ENTRIES = ["p1", "p2"] as const;
/** The accounts that entries have, once somebody has joined under their names. */
export const SEASON_PLAYERS: readonly string[] = ["spring", "autumn"].flatMap((season) => ENTRIES.map((entry) => `season/${season}/${entry}`));

const SYMBOL = usually(fc.constantFrom("AAA", "BBB"), fc.oneof(fc.constantFrom("aaa", "ZZZ", "__proto__", "A/B"), hostileText));
const TIME = usually(fc.constantFrom("2026-11-24T17:00:00Z", "2026-11-24T20:00:00Z", "2026-11-25T15:00:00Z", "2026-11-27T18:00:00Z", "2026-12-31"), fc.oneof(fc.constantFrom("2027-10-29T19:00:00Z", "2027-11-01T15:00:00Z", "2031-01-01T00:00:00Z", "1985-01-01T00:00:00Z"), hostileText));
/** Beyond what can be counted exactly, and just within it. */
const EXTREME = fc.constantFrom(0, -1, 1, 1.5, 1e9, 1e12, 4e15, 9e15, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 53, 1e300);
const MICROS = usually(fc.integer({ min: 90, max: 110 }).map((dollars) => dollars * 1_000_000), EXTREME);
const NANOS = usually(fc.constantFrom(50_000_000_000, 1_000_000_000_000), EXTREME);
const RATIO = usually(fc.constantFrom(2, 3, 0.5, 0.1), fc.constantFrom(1, 0, -2, 1e-9, 1e-300, 5e-324, 1e6, 1e15, 1e300));
const AMOUNT = usually(fc.constantFrom(0.25, 1, 0.000001), fc.constantFrom(0, -1, 1e-9, 1e6, 9e9, 1e12, 1e300));
const CASH = usually(fc.constantFrom<unknown>("100000", "25000.5", 5_000), fc.constantFrom<unknown>("0", "-1", "9007199254.740991", "9007199254.740992", "0.0000001", 1e21));
const SEED = fc.integer();
const RULE = { probability: fc.constantFrom(0, 0.5, 1), times: fc.integer({ min: 1, max: 3 }) };
/** Faults of requests are for a route that nobody asks: what they do is another test's, and would hide what this one looks for. */
const NOBODYS = fc.constant("POST /v9/orders");

/** Of the market, which they may all strike. */
const marketFault = fc.oneof(
  fc.record({ fault: fc.constant("partial-fill"), ...RULE, share: fc.constantFrom(0.1, 0.5), restAfterMs: fc.constantFrom(0, 1_000, 60_000) }, { requiredKeys: ["fault"] }),
  fc.record({ fault: fc.constant("halt"), ...RULE, symbol: SYMBOL, forMs: fc.constantFrom(1, 60_000) }, { requiredKeys: ["fault", "forMs"] }),
  fc.record({ fault: fc.constant("halt-between"), symbol: SYMBOL, from: TIME, to: TIME }),
  fc.record({ fault: fc.constant("split"), symbol: SYMBOL, at: TIME, ratio: RATIO }),
);
const plan = fc.record(
  {
    seed: SEED,
    requests: fc.array(fc.record({ fault: fc.constantFrom("delay", "timeout", "reset", "status", "html", "malformed"), route: NOBODYS, ...RULE, when: fc.constantFrom("before", "after"), status: fc.constantFrom(429, 503), ms: fc.constant(1) }, { requiredKeys: ["fault", "route"] }), { maxLength: 2 }),
    stream: fc.array(fc.record({ fault: fc.constantFrom("duplicate", "reorder", "drop"), ...RULE }, { requiredKeys: ["fault"] }), { maxLength: 2 }),
    market: fc.array(marketFault, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const command: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("quote"), symbol: SYMBOL, bid: MICROS, ask: MICROS, quantity: NANOS }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("halt", "resume", "resume"), symbol: SYMBOL }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("list"), symbol: SYMBOL, leverage: fc.constantFrom(1, 2, 3), marginable: fc.boolean() }, { requiredKeys: ["type", "symbol"] }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("split"), symbol: SYMBOL, ratio: RATIO, price: MICROS }, { requiredKeys: ["type", "symbol", "ratio"] }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("dividend"), symbol: SYMBOL, amount: AMOUNT }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("open-account"), account: usually(fc.constantFrom("extra-1", "extra-2"), fc.oneof(fc.constantFrom(...SEASON_PLAYERS), hostileText)), cash: usually(fc.constant(5_000_000_000), EXTREME), terms: fc.record({ multiplier: fc.constantFrom(1, 2, 4), shorting: fc.boolean(), debitInterestBps: fc.constantFrom(0, 1e300), borrowFeeBps: fc.constantFrom(0, 30) }) }, { requiredKeys: ["type", "account", "cash"] }) },
  // Commands of accounts are not for operators.
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("place", "cancel-all", "advance", "create-season", "market-faults", "toString") }) },
);

const season = fc.record(
  { name: usually(SEASONS, hostileText), startsAt: TIME, endsAt: TIME, cash: CASH, multiplier: fc.constantFrom(1, 2, 4), shorting: fc.boolean(), symbols: fc.array(SYMBOL, { minLength: 1, maxLength: 2 }), ordersPerDay: fc.constantFrom(1, 20) },
  { requiredKeys: ["name", "endsAt", "cash"] },
);
const ORDER = { by: fc.constantFrom("return", "sharpe", "drawdown", "turnover") };

/** For whoever has a key. */
export const PLAYERS_OPERATIONS: readonly Operation[] = [
  { method: "GET", path: "/sim/v1/key" },
  { method: "GET", path: "/sim/v1/depth/{symbol}", query: { levels: fc.constantFrom("1", "10", "100", "101") } },
  { method: "GET", path: "/sim/v1/seasons" },
  { method: "GET", path: "/sim/v1/seasons/{season}", query: ORDER, weight: 2 },
  { method: "POST", path: "/sim/v1/seasons/{season}/entries", body: fc.record({ name: fc.constantFrom(...ENTRIES) }), weight: 3 },
];

/** For operators alone: whatever another's key sends, it is 401. */
export const OPERATORS_OPERATIONS: readonly Operation[] = [
  { method: "POST", path: "/sim/v1/commands", body: command, weight: 6 },
  { method: "POST", path: "/sim/v1/advance", body: fc.record({ to: TIME }) },
  { method: "GET", path: "/sim/v1/faults" },
  { method: "PUT", path: "/sim/v1/faults", body: plan, weight: 2 },
  { method: "DELETE", path: "/sim/v1/faults" },
  { method: "GET", path: "/sim/v1/leaderboard", query: ORDER },
  { method: "GET", path: "/sim/v1/margin-calls" },
  { method: "GET", path: "/sim/v1/surveillance" },
  { method: "POST", path: "/sim/v1/seasons", body: season, weight: 4 },
  { method: "POST", path: "/sim/v1/seasons/{season}/end" },
  { method: "POST", path: "/sim/v1/seasons/{season}/reset", body: fc.record({ startsAt: TIME, endsAt: TIME }, { requiredKeys: [] }), weight: 2 },
];

function usually<T, U>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: rare });
}
