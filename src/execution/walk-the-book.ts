/**
 * Walk the book: ask for the middle of the quote, go towards the other side step by step, and take it in the end.
 *
 * Of n steps the first is at the middle and the last but one at the touch (a buyer's is the ask), evenly between; the
 * last is marketable, up to `capBps` beyond the touch. What that leaves is given up. Each step looks at the quote anew.
 *
 * Patience: waiting earns at most half the spread and costs the risk that the price moves away. With a volatility of s a
 * root second the price moves by half a spread h in about (h / s)^2 seconds, and so long a step waits: longer in wide
 * and quiet markets, shorter in narrow and nervous ones, within `patienceMinMs` and `patienceMaxMs`. Where the
 * volatility is not known a step waits for the longest.
 */
import { minOf, subtractQuantity, type Price } from "../money.ts";
import { plusMs } from "../time.ts";
import { middleOf } from "../risk/candidate.ts";
import type { Action, Quoted } from "./situation.ts";
import { limitTowards, marketableLimit } from "./limit-prices.ts";

export interface WalkTheBook {
  readonly style: "walk-the-book";
  /** At least two. */
  readonly steps: number;
  readonly capBps: number;
  readonly patienceMinMs: number;
  readonly patienceMaxMs: number;
}

/** Seconds of a full session: volatility is per root of it. */
const SESSION_SECONDS = 23_400;

export function walkTheBook(style: WalkTheBook, situation: Quoted): Action {
  const { intent, now, working, ended, filled } = situation;
  if (working) {
    const until = plusMs(working.plannedAt, patienceMs(style, situation));
    return now < until ? { kind: "wait", until } : { kind: "cancel" };
  }
  const step = ended.length;
  if (step >= style.steps) return { kind: "done", why: `not filled after ${style.steps} steps` };
  return {
    kind: "submit",
    step,
    quantity: subtractQuantity(intent.quantity, filled),
    limit: limitOf(step, style, situation),
    timeInForce: "day",
    why: step === style.steps - 1 ? `step ${step + 1} of ${style.steps}, to be filled now` : `step ${step + 1} of ${style.steps}, for ${Math.round(patienceMs(style, situation) / 1_000)} s`,
  };
}

function limitOf(step: number, { steps, capBps }: WalkTheBook, { intent, quote, now }: Quoted): Price {
  if (step === steps - 1) return marketableLimit(intent, quote, capBps, now);
  const middle = middleOf(quote);
  const touch = intent.side === "buy" ? quote.ask : quote.bid;
  const share = steps > 2 ? step / (steps - 2) : 0;
  return limitTowards(intent, (middle + Math.round((touch - middle) * share)) as Price, now);
}

function patienceMs({ patienceMinMs, patienceMaxMs }: WalkTheBook, { quote, dailyVolatility }: Pick<Quoted, "quote" | "dailyVolatility">): number {
  if (dailyVolatility === undefined || dailyVolatility <= 0) return patienceMaxMs;
  const halfSpread = (quote.ask - quote.bid) / 2 / middleOf(quote);
  const seconds = (halfSpread / dailyVolatility) ** 2 * SESSION_SECONDS;
  return Math.max(patienceMinMs, minOf(Math.round(seconds * 1_000), patienceMaxMs));
}
