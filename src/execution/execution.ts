/**
 * How an order that was planned and reviewed becomes orders at the venue over time.
 *
 * A style is a pure function from the situation to the next action. The run acts on it, one action after the other, and
 * journals each order before it is submitted; so after a crash the situation is read from the journal, and the same
 * function goes on. What holds for every style:
 *
 * - One order of an intent is open at a time. The next is for no more than what the ones before it left, and it is
 *   decided only after the one before it has ended. So all of them together never exceed the intent.
 * - No limit is worse than the price bound that was reviewed.
 * - The number of orders is bounded by the style's own settings.
 * - An order is never replaced at the venue: it is canceled, its end is confirmed, and the rest goes out under the next
 *   child number. Alpaca does not replace orders with a fraction of a share, and a replacement of which the answer was
 *   lost leaves two ids in doubt instead of one.
 */
import { plusMs } from "../time.ts";
import { joinAuction, type Auction } from "./auction.ts";
import type { Action, Quoted, Situation } from "./situation.ts";
import { sliceByTime, type TimeSliced } from "./time-slices.ts";
import { walkTheBook, type WalkTheBook } from "./walk-the-book.ts";

/** Orders that are worked over time; the two others go out once, as they were planned. */
export type WorkedStyle = WalkTheBook | TimeSliced | Auction;
export type ExecutionStyle = "market" | "marketable-limit" | WorkedStyle;

export function isForAuction(style: ExecutionStyle): style is Auction {
  return typeof style !== "string" && (style.style === "at-open" || style.style === "at-close");
}

/** While a quote is missing. */
const QUOTE_AGAIN_MS = 5_000;

export function nextAction(style: WorkedStyle, situation: Situation): Action {
  const { intent, filled, working } = situation;
  if (filled >= intent.quantity) return { kind: "done", why: "filled" };
  if (situation.now >= situation.closesAt && style.style !== "at-close") return working ? { kind: "cancel" } : { kind: "done", why: "the session has closed" };
  switch (style.style) {
    case "walk-the-book":
      return quoted(situation, (known) => walkTheBook(style, known));
    case "twap":
    case "vwap":
      return quoted(situation, (known) => sliceByTime(style, known));
    case "at-open":
    case "at-close":
      return joinAuction(style, situation);
  }
}

/** Nothing is decided by a price that nobody quotes. */
function quoted(situation: Situation, decide: (known: Quoted) => Action): Action {
  const { quote, now } = situation;
  return quote ? decide({ ...situation, quote }) : { kind: "wait", until: plusMs(now, QUOTE_AGAIN_MS) };
}
