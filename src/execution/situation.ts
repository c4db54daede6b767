/** What a style of execution looks at, and what it may answer. */
import type { Money, Price, Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { Quote, Side, TimeInForce } from "../trade.ts";

/** What was planned and reviewed. */
export interface Intent {
  readonly side: Side;
  readonly quantity: Quantity;
  /** The worst price of every order. */
  readonly priceBound: Price;
}

/** An order that came of the intent. */
export interface Child {
  /** Its place in the style's own count: the step of a walk, the slice of a schedule. */
  readonly step: number;
  readonly plannedAt: Instant;
}

export interface Situation {
  readonly intent: Intent;
  readonly plannedAt: Instant;
  readonly now: Instant;
  /** Of the session. */
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  /** None while the venue has none. */
  readonly quote: Quote | undefined;
  /** By how much the price moves in a day, as a fraction; undefined where it is not known. */
  readonly dailyVolatility: number | undefined;
  /** Shares a day; undefined where it is not known. */
  readonly averageVolume: number | undefined;
  readonly wholeShares: boolean;
  /** An order below it is not worth sending alone. */
  readonly orderNotionalMin: Money;
  /** Of the intent, so far. */
  readonly filled: Quantity;
  /** The order that is open now. */
  readonly working: Child | undefined;
  /** Those that have ended, oldest first. */
  readonly ended: readonly Child[];
}

export type Action =
  | { readonly kind: "submit"; readonly step: number; readonly quantity: Quantity; readonly limit: Price; readonly timeInForce: TimeInForce; readonly why: string }
  | { readonly kind: "wait"; readonly until: Instant }
  | { readonly kind: "cancel" }
  | { readonly kind: "done"; readonly why: string };

export type Quoted = Situation & { readonly quote: Quote };

