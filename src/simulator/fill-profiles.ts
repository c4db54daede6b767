/**
 * How much the market offers, and at which price: three answers, each a house quote around a price.
 *
 * realistic. Half the spread by tier and time of day: 0.5, 1 and 2 basis points for the most traded funds, large
 * companies and others, and 2, 4 and 6 in the first quarter of an hour. A bar offers 2.5 % of its volume, in four parts;
 * the price of each lies further away by the square-root law, 0.84 x daily volatility x sqrt(quantity / daily volume)
 * (Sato and Kanazawa, arXiv 2411.13965). Fees and dividends.
 *
 * alpaca-paper. What Alpaca publishes about paper trading: the quote as it is, without regard to its size; of one match in ten
 * a random part only, the rest when the next quote comes; no fees and no dividends. Its treatment of on-open and on-close
 * orders, as market orders at the quote, is not copied.
 *
 * peer. What simple backtests assume: everything at the price, no spread and no limit.
 */
import { NANOS, plusBasisPoints, type Price, type Quantity } from "../money.ts";
import type { FeeScheduleName } from "../rules/fees.ts";
import type { ExchangeSettings } from "./exchange-state.ts";
import type { HouseLevel, HouseQuote } from "./house.ts";

export type FillProfileName = "realistic" | "alpaca-paper" | "peer";

/** What is known of a symbol before the day. */
export interface SymbolStatistics {
  /** Shares a day. */
  readonly dailyVolume: number;
  /** Of daily returns, as a fraction. */
  readonly dailyVolatility: number;
  readonly tier: "mega" | "large" | "other";
}

export interface FillProfile {
  readonly name: FillProfileName;
  /** What a bar of `volume` shares offers on either side. */
  offered(volume: number): Quantity;
  /** Around `price`, `minute` minutes after the open; `quoted` is the market's own quote, where there is one. */
  quote(price: Price, quantity: Quantity, minute: number, statistics: SymbolStatistics, quoted?: Pick<HouseQuote, "bid" | "ask">): HouseQuote;
  /** What the exchange does otherwise than without a profile. */
  readonly exchange: Pick<ExchangeSettings, "withoutDividends" | "partialFillSeed"> & { readonly fees?: FeeScheduleName };
}

export function fillProfile(name: FillProfileName, seed: number): FillProfile {
  switch (name) {
    case "realistic":
      return {
        name,
        exchange: {},
        offered: (volume) => (Math.min(Math.floor(volume * VOLUME_SHARE), UNBOUNDED_SHARES) * NANOS) as Quantity,
        quote: (price, quantity, minute, statistics, quoted) => deep(quoted ?? around(price, halfSpreadBps(statistics.tier, minute)), quantity, statistics),
      };
    case "alpaca-paper":
      return { name, exchange: { fees: "none", withoutDividends: true, partialFillSeed: seed }, offered: unbounded, quote: (price, quantity, _minute, _statistics, quoted) => ({ ...(quoted ?? around(price, 0)), quantity }) };
    case "peer":
      return { name, exchange: {}, offered: unbounded, quote: (price, quantity) => ({ bid: price, ask: price, quantity }) };
  }
}

const VOLUME_SHARE = 0.025;
const OPENING_MINUTES = 15;
const HALF_SPREADS = { mega: [2, 0.5], large: [4, 1], other: [6, 2] } as const;
const IMPACT = 0.84;
const PARTS = 4;
/** Above any order that the simulator can hold. */
const UNBOUNDED_SHARES = 9_000_000;

export function halfSpreadBps(tier: SymbolStatistics["tier"], minute: number): number {
  return HALF_SPREADS[tier][minute < OPENING_MINUTES ? 0 : 1];
}

/** In basis points of the price, for `quantity` nano-shares. */
export function impactBps(quantity: number, { dailyVolume, dailyVolatility }: SymbolStatistics): number {
  return dailyVolume > 0 ? 10_000 * IMPACT * dailyVolatility * Math.sqrt(quantity / NANOS / dailyVolume) : 0;
}

function unbounded(volume: number): Quantity {
  return (volume > 0 ? UNBOUNDED_SHARES * NANOS : 0) as Quantity;
}

function around(price: Price, bps: number): Pick<HouseQuote, "bid" | "ask"> {
  return { bid: plusBasisPoints(price, -bps), ask: plusBasisPoints(price, bps) };
}

/** The quantity in equal parts of whole shares, what is left over in the first; the price of each is the law's for the middle of the part. */
function deep({ bid, ask }: Pick<HouseQuote, "bid" | "ask">, quantity: Quantity, statistics: SymbolStatistics): HouseQuote {
  const part = Math.floor(quantity / PARTS / NANOS) * NANOS;
  const levels = (price: Price, sign: 1 | -1): readonly HouseLevel[] =>
    Array.from({ length: PARTS }, (_, index) => ({
      price: plusBasisPoints(price, sign * impactBps((index + 0.5) * part, statistics)),
      quantity: (index === 0 ? quantity - (PARTS - 1) * part : part) as Quantity,
    }));
  return { bid, ask, quantity, depth: { bids: levels(bid, -1), asks: levels(ask, 1) } };
}
