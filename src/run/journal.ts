/**
 * The journal of a run: the log, the audit trail and the resume point in one.
 *
 * Every event carries its place (`seq`), the instant it was written and the SHA-256 of the event before it, so a line
 * cannot be changed, dropped or moved unnoticed. Serialisation is `JSON.stringify` of objects built in one stated key
 * order; the bytes are part of the contract. Amounts are the integers of money.ts.
 */
import { hash } from "node:crypto";
import type { ExecutionCost } from "../execution/shortfall.ts";
import type { Json } from "../json.ts";
import type { Money, Price, Quantity, Weight } from "../money.ts";
import type { Refusal } from "../risk/refusals.ts";
import type { Candidate, MarketFacts } from "../risk/candidate.ts";
import type { HoldingChange } from "../risk/share-conversions.ts";
import type { Instant, SessionDate } from "../time.ts";
import type { AccountFacts } from "../risk/account-checks.ts";
import type { Adjustment, ApprovedOrder, ClientOrderId, Fill, OrderStatus, Position, Side, SubmitOutcome, Symbol } from "../trade.ts";

export type JournalEvent = JournalEntry & { readonly seq: number; readonly at: Instant; readonly previous: string };

/** How a run ended. Only `completed` and `unchanged` are success. */
export type RunOutcome =
  /** Every planned order was filled in full. */
  | "completed"
  /** The targets asked for no order. */
  | "unchanged"
  /** Some order was refused, rejected, or ended before it was filled in full. */
  | "partial"
  /** Nothing was traded because the run as a whole was refused. */
  | "refused"
  /** The trading window passed before the run could plan. */
  | "missed";

export interface PlannedTarget {
  readonly symbol: Symbol;
  readonly weight: Weight;
  readonly reason: string;
  /** What the strategy asked for, where a cap made it less. */
  readonly clampedFrom?: Weight;
  /** The caps that made it less, in the order in which they were met. */
  readonly clampedBy?: readonly Clamp[];
}

/** A cap with its number, and what stood against it where that was more than the one target. */
export type Clamp =
  | { readonly limit: "positionWeightMax"; readonly max: Weight }
  | { readonly limit: "positionNotionalMax"; readonly max: Money }
  | { readonly limit: "groups"; readonly group: string; readonly weight: Weight; readonly max: Weight }
  | { readonly limit: "grossExposureMax"; readonly weight: Weight; readonly max: Weight }
  /** Fractions, as src/risk/correlation.ts measures them. */
  | { readonly limit: "correlation.averageMax" | "correlation.eigenvalueShareMax"; readonly measured: number; readonly max: number };

export interface PlannedOrder extends Candidate {
  readonly reason: string;
  /** The middle of the quote by which it was planned. */
  readonly arrivalPrice: Price;
  /** Absent where volume or volatility is not known. */
  readonly expectedImpactBps?: number;
}

/** What the automated exits saw: the highest prices since entry, and the symbols that are sold for a breach. */
export interface ExitsChecked {
  readonly peaks: Readonly<Record<Symbol, Price>>;
  readonly exited: readonly Symbol[];
}

export type JournalEntry =
  | {
      readonly type: "run-opened";
      readonly account: string;
      readonly strategy: string;
      readonly scheduledAt: Instant;
      readonly params: Json;
      readonly symbols: readonly Symbol[];
      readonly settings: Json;
      /** The hash of the plan that the run has to keep to, where it was started with one. */
      readonly plan?: string;
    }
  /** What was held otherwise than the run before had left it; where everything was as it was, there is no such event. */
  | { readonly type: "holdings-changed"; readonly changes: readonly HoldingChange[] }
  | {
      readonly type: "view-recorded";
      readonly asOf: Instant;
      readonly session: SessionDate;
      readonly source: string;
      readonly adjustment: Adjustment;
      readonly lookback: number;
      /** What the strategy was shown of its own positions, as fractions of equity. */
      readonly held: Readonly<Record<Symbol, number>>;
      /** SHA-256 over the columns in the order of the symbols. */
      readonly viewHash: string;
    }
  | {
      readonly type: "targets-set";
      /** The strategy's reason for leaving everything as it is. */
      readonly keep?: string;
      readonly targets: readonly PlannedTarget[];
      readonly refused: readonly Refusal[];
      /** Of what is held or wanted; absent where no limit asks for them. */
      readonly facts?: Readonly<Record<Symbol, MarketFacts>>;
      /** What the strategy wants to remember; absent when it declares no memory. */
      readonly memory?: Json;
      /** With `keep`, the targets are the exits alone and no other symbol is touched. */
      readonly exits?: ExitsChecked;
    }
  | {
      readonly type: "orders-planned";
      readonly side: Side;
      readonly equity: Money;
      readonly cash: Money;
      readonly orders: readonly (PlannedOrder & ApprovedOrder)[];
      readonly refused: readonly Refusal[];
      /** What the account rules decided by; absent when none is set. */
      readonly accountFacts?: AccountFacts;
    }
  /** One of the orders that a style of execution makes of a planned one, which `intent` names. */
  | { readonly type: "child-planned"; readonly intent: ClientOrderId; readonly step: number; readonly why: string; readonly order: ApprovedOrder }
  | { readonly type: "order-submitted"; readonly clientOrderId: ClientOrderId; readonly outcome: SubmitOutcome }
  | {
      readonly type: "order-ended";
      readonly clientOrderId: ClientOrderId;
      /** `not-received`: the venue does not know an order whose submission had no answer. */
      readonly status: OrderStatus | "not-received";
      readonly filledQuantity: Quantity;
      readonly fills: readonly Fill[];
    }
  /** A style of execution is done with a planned order; the orders that it made hold the fills. */
  | { readonly type: "execution-ended"; readonly clientOrderId: ClientOrderId; readonly status: OrderStatus; readonly filledQuantity: Quantity; readonly why: string }
  | {
      readonly type: "run-closed";
      readonly outcome: RunOutcome;
      readonly refused: readonly Refusal[];
      readonly equity: Money;
      readonly cash: Money;
      readonly positions: readonly Position[];
      /** What the fills cost against the prices at which the orders were planned; absent where nothing was filled. */
      readonly execution?: ExecutionCost;
      /** What the loss limits are judged by; absent when none is set. */
      readonly lossFacts?: { readonly lastEquity?: Money; readonly highWater: Money };
    };

/** The hash an event's successor carries; also the head of a run's chain. */
export function hashOf(event: JournalEvent): string {
  return hash("sha256", JSON.stringify(event));
}

/** The chain's first link. */
export const GENESIS = "0".repeat(64);

/**
 * Whether each event has its place and the hash of the one before it. `brokenAt` is the place of the first that has
 * not; `head` is the hash of the last event, by which alone a change of that event, or an event cut off behind it, can
 * be noticed.
 */
export function verifyChain(events: readonly JournalEvent[]): { readonly brokenAt: number | undefined; readonly head: string } {
  let head = GENESIS;
  let brokenAt: number | undefined;
  events.forEach((event, place) => {
    if (brokenAt === undefined && (event.seq !== place || event.previous !== head)) brokenAt = place;
    head = hashOf(event);
  });
  return { brokenAt, head };
}
