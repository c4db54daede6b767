/**
 * Where a venue's prices come from.
 *
 * A source opens one market on one exchange. The market is deterministic: what it does follows from its settings, from
 * the instants it is advanced to and from what the exchange answers; what it remembers is in its snapshot.
 */
import type { Collateral } from "../rules/margin.ts";
import type { Exchange } from "../simulator/exchange.ts";
import type { Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import type { BarHistory } from "./bar-history.ts";
import type { Timetable } from "./timetable.ts";

export interface MarketSource {
  /** Listed when the venue opens. */
  readonly symbols: readonly Symbol[];
  /** Those of the symbols that are no ordinary shares to whoever lends on them. */
  readonly collateral?: ReadonlyMap<Symbol, Collateral>;
  /** "calendar": New York's sessions. "always": open day and night; a day ends when New York's session would. */
  readonly hours: "calendar" | "always";
  /** The market's own history, where it knows more than what traded at the venue. */
  readonly history?: BarHistory;
  /** Where it is known beforehand when something happens. */
  readonly timetable?: Timetable;
  /** A new market on a new exchange, or the one that `restored` was taken of. */
  open(exchange: Exchange, restored: MarketMemory | undefined): Market;
}

export interface Market {
  /** Plays all that happens up to and including `at`, and leaves the exchange's clock there. */
  advanceTo(at: Instant): void;
  /** Whether prices may have changed by the market's own doing since this was asked last. */
  hasMoved(): boolean;
  snapshot(): MarketMemory;
}

/** JSON. */
export interface MarketMemory {
  readonly at: Instant;
  readonly state: unknown;
}

/** Nobody but the clients, trading with each other. */
export function clientsAlone(symbols: readonly Symbol[], hours: "calendar" | "always"): MarketSource {
  return {
    symbols,
    hours,
    open: (exchange) => ({ advanceTo: (at) => exchange.setTime(at), hasMoved: () => false, snapshot: () => ({ at: exchange.now, state: null }) }),
  };
}
