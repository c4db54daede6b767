/** Limits of child orders: on a tick, and never worse than the bound that was reviewed. */
import { maxOf, minOf, plusBasisPoints, type Price } from "../money.ts";
import { roundLimit } from "../rules/tick-sizes.ts";
import { newYorkClock, type Instant } from "../time.ts";
import type { Quote } from "../trade.ts";
import type { Intent } from "./situation.ts";

/** At `price`, rounded to the tick that is better for us. */
export function limitTowards({ side, priceBound }: Intent, price: Price, now: Instant): Price {
  return within(side, roundLimit(side, price, newYorkClock(now).day), priceBound);
}

/** Through the touch by up to `capBps`, and at least at the touch where a tick is wider than that. */
export function marketableLimit({ side, priceBound }: Intent, { bid, ask }: Quote, capBps: number, now: Instant): Price {
  const { day } = newYorkClock(now);
  const limit = side === "buy" ? maxOf(roundLimit(side, plusBasisPoints(ask, capBps), day), ask) : minOf(roundLimit(side, plusBasisPoints(bid, -capBps), day), bid);
  return within(side, limit, priceBound);
}

function within(side: Intent["side"], limit: Price, bound: Price): Price {
  return side === "buy" ? minOf(limit, bound) : maxOf(limit, bound);
}
