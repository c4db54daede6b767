/**
 * How much the market offers, and at which price: four answers, each a house quote around a price. docs/simulator.md has
 * a picture of each.
 *
 * constant. Half the spread and the share of a bar's volume are given numbers; no impact; fees and dividends.
 *
 * realistic. Half the spread by tier and time of day: 0.5, 1 and 2 basis points for the most traded funds, large
 * companies and others, and 2, 4 and 6 in the first quarter of an hour. A bar offers 2.5 % of its volume, an equal part at
 * each moment of it; a part lies at eight prices, further away by the square-root law, 0.84 x daily volatility x
 * sqrt(quantity / daily volume) (Sato and Kanazawa, arXiv 2411.13965), so that little costs little. Fees and dividends.
 *
 * alpaca-paper. What Alpaca publishes about paper trading: the quote as it is, without regard to its size; of one match in ten
 * a random part only, the rest when the next quote comes; no fees and no dividends. Where data have no quotes, the quote is
 * the one of `realistic`. Its treatment of on-open and on-close orders, as market orders at the quote, is not copied.
 *
 * peer. What simple backtests assume: everything at the price, no spread and no limit.
 */
import { impactBps } from "../execution/market-impact.ts";
import { NANOS, plusBasisPoints, type Price, type Quantity } from "../money.ts";
import type { FeeScheduleName } from "../rules/fees.ts";
import type { ExchangeSettings } from "./exchange-state.ts";
import type { HouseLevel, HouseQuote } from "./house.ts";

export type FillProfileName = "realistic" | "alpaca-paper" | "peer";

/** What is known of a symbol before the day. */
export interface SymbolStatistics {
  /** Shares a day; 0 where it is not known, and then there is no impact. */
  readonly dailyVolume: number;
  /** Of daily returns, as a fraction. */
  readonly dailyVolatility: number;
  readonly tier: "mega" | "large" | "other";
}

export interface FillProfile {
  /** What a bar of `volume` shares offers on either side at each of its `moments`, in whole shares. */
  offered(volume: number, moments: number): Quantity;
  /** Around `price`, `minute` minutes after the open; `quoted` is the market's own quote, where there is one. */
  quote(price: Price, quantity: Quantity, minute: number, statistics: () => SymbolStatistics, quoted?: Pick<HouseQuote, "bid" | "ask">): HouseQuote;
  /** For how long after the open the spread is another one; 0 for not at all. */
  readonly openingMinutes: number;
  /** What the exchange does otherwise than without a profile, and the spread that it indicates while the house is away. */
  readonly exchange: Pick<ExchangeSettings, "halfSpreadBps" | "withoutDividends" | "partialFillSeed"> & { readonly fees?: FeeScheduleName };
}

/** Of `constant`. */
export interface LiquidityRules {
  readonly halfSpreadBps: number;
  /** Of a bar's volume, for all orders together. */
  readonly volumeShareMax: number;
}

/** Above any order that the simulator can hold: nine million shares. */
export const UNBOUNDED = (9_000_000 * NANOS) as Quantity;

export function constantProfile({ halfSpreadBps, volumeShareMax }: LiquidityRules): FillProfile {
  return {
    exchange: { halfSpreadBps },
    openingMinutes: 0,
    offered: (volume, moments) => wholeShares((volume * volumeShareMax) / moments),
    quote: (price, quantity, _minute, _statistics, quoted) => ({ ...(quoted ?? around(price, halfSpreadBps)), quantity }),
  };
}

export function fillProfile(name: FillProfileName, seed: number): FillProfile {
  switch (name) {
    case "realistic":
      return {
        exchange: { halfSpreadBps: SETTLED_HALF_SPREAD_BPS },
        openingMinutes: OPENING_MINUTES,
        offered: (volume, moments) => wholeShares((volume * VOLUME_SHARE) / moments),
        quote: (price, quantity, minute, statistics, quoted) => deep(quoted ?? around(price, halfSpreadBps(statistics().tier, minute)), quantity, statistics()),
      };
    case "alpaca-paper":
      return {
        exchange: { halfSpreadBps: SETTLED_HALF_SPREAD_BPS, fees: "none", withoutDividends: true, partialFillSeed: seed },
        openingMinutes: OPENING_MINUTES,
        offered: unbounded,
        quote: (price, quantity, minute, statistics, quoted) => ({ ...(quoted ?? around(price, halfSpreadBps(statistics().tier, minute))), quantity }),
      };
    case "peer":
      return { exchange: { halfSpreadBps: 0 }, openingMinutes: 0, offered: unbounded, quote: (price, quantity) => ({ bid: price, ask: price, quantity }) };
  }
}

const VOLUME_SHARE = 0.025;
const OPENING_MINUTES = 15;
const HALF_SPREADS = { mega: [2, 0.5], large: [4, 1], other: [6, 2] } as const;
/** Where nothing is known of a symbol, it is taken for one of the least traded. */
const SETTLED_HALF_SPREAD_BPS = HALF_SPREADS.other[1];
const STEPS = 8;

export function halfSpreadBps(tier: SymbolStatistics["tier"], minute: number): number {
  return HALF_SPREADS[tier][minute < OPENING_MINUTES ? 0 : 1];
}

function unbounded(volume: number): Quantity {
  return (volume > 0 ? UNBOUNDED : 0) as Quantity;
}

function wholeShares(count: number): Quantity {
  return Math.min(Math.floor(count) * NANOS, UNBOUNDED) as Quantity;
}

function around(price: Price, bps: number): Pick<HouseQuote, "bid" | "ask"> {
  return { bid: plusBasisPoints(price, -bps), ask: plusBasisPoints(price, bps) };
}

/** The quantity in parts between which the law's price rises by equal steps; a part's price is that of the middle of its step. */
function deep({ bid, ask }: Pick<HouseQuote, "bid" | "ask">, quantity: Quantity, statistics: SymbolStatistics): HouseQuote {
  const total = quantity / NANOS;
  const whole = impactBps(quantity, statistics);
  if (whole === 0) return { bid, ask, quantity };
  const sharesUpTo = (step: number): number => Math.floor(total * (step / STEPS) ** 2);
  const levels = (price: Price, sign: 1 | -1): readonly HouseLevel[] =>
    Array.from({ length: STEPS }, (_, step) => ({
      price: plusBasisPoints(price, (sign * whole * (step + 0.5)) / STEPS),
      quantity: (step === STEPS - 1 ? quantity - sharesUpTo(step) * NANOS : (sharesUpTo(step + 1) - sharesUpTo(step)) * NANOS) as Quantity,
    }));
  return { bid, ask, quantity, depth: { bids: levels(bid, -1), asks: levels(ask, 1) } };
}
