/**
 * TWAP and VWAP: the order in slices, by the clock or by the volume that is to be expected.
 *
 * The time from the plan on, `minutes` of it or what the session leaves but for its last minute, has `slices` equal
 * parts. At the beginning of each a marketable limit order, up to `capBps` beyond the touch, brings what has been filled
 * up to the share that is due; what it has not got when the next part begins is carried over. What the last part leaves
 * is given up.
 *
 * The share that is due grows with time (TWAP) or with the expected volume (VWAP). The expected volume of a session is a
 * parabola, at both ends three times what it is in the middle: U(t) proportional to 1 + 2 (2t - 1)^2, with t from 0 at
 * the open to 1 at the close. It is a fixed curve, the same for every symbol, and no forecast. `participationMax` of the
 * average daily volume, spread by that curve, is the most that one slice may be; it binds only where volumes are known.
 */
import { maxOf, minOf, NANOS, notional, wholeSharesDown, type Quantity } from "../money.ts";
import { MINUTE_MS, plusMs, type Instant } from "../time.ts";
import { middleOf } from "../risk/candidate.ts";
import type { Action, Quoted, Situation } from "./situation.ts";
import { marketableLimit } from "./limit-prices.ts";

export interface TimeSliced {
  readonly style: "twap" | "vwap";
  readonly minutes: number;
  readonly slices: number;
  readonly capBps: number;
  /** A fraction of the expected volume of each slice. */
  readonly participationMax: number;
}

export function sliceByTime(style: TimeSliced, situation: Quoted): Action {
  const { intent, now, working, ended, quote } = situation;
  const schedule = scheduleOf(style, situation);
  const { slice, nextAt, isLast } = schedule;
  const next = (why: string): Action => (isLast ? { kind: "done", why } : { kind: "wait", until: nextAt });

  if (working) return working.step === slice && now < nextAt ? { kind: "wait", until: nextAt } : { kind: "cancel" };
  if (ended.at(-1)?.step === slice) return next("the last slice has ended");
  const quantity = quantityDue(style, situation, schedule);
  if (quantity === 0 || (!isLast && notional(middleOf(quote), quantity) < situation.orderNotionalMin)) return next("what is left is too little for an order");
  return { kind: "submit", step: slice, quantity, limit: marketableLimit(intent, quote, style.capBps, now), timeInForce: "day", why: `slice ${slice + 1} of ${style.slices}` };
}

interface Schedule {
  readonly slice: number;
  readonly isLast: boolean;
  readonly beganAt: Instant;
  /** When the next slice begins, or the last one ends. */
  readonly nextAt: Instant;
  readonly endsAt: Instant;
}

function scheduleOf({ minutes, slices }: TimeSliced, { plannedAt, closesAt, now }: Situation): Schedule {
  const endsAt = maxOf(minOf(plusMs(plannedAt, minutes * MINUTE_MS), plusMs(closesAt, -MINUTE_MS)), plannedAt);
  const beginOf = (slice: number): Instant => plusMs(plannedAt, Math.ceil(((endsAt - plannedAt) * slice) / slices));
  let slice = 0;
  while (slice < slices - 1 && beginOf(slice + 1) <= now) slice += 1;
  return { slice, isLast: slice === slices - 1, beganAt: beginOf(slice), nextAt: beginOf(slice + 1), endsAt };
}

function quantityDue({ style, slices, participationMax }: TimeSliced, situation: Quoted, { slice, isLast, beganAt, nextAt, endsAt }: Schedule): Quantity {
  const { intent, plannedAt, opensAt, closesAt, filled, averageVolume, wholeShares } = situation;
  const volumeBetween = (from: Instant, to: Instant): number => expectedVolumeShare((to - opensAt) / (closesAt - opensAt)) - expectedVolumeShare((from - opensAt) / (closesAt - opensAt));
  const share = isLast ? 1 : style === "twap" ? (slice + 1) / slices : volumeBetween(plannedAt, nextAt) / volumeBetween(plannedAt, endsAt);
  const due = (isLast ? intent.quantity : Math.floor(intent.quantity * share)) - filled;
  const most = averageVolume === undefined ? due : Math.floor(participationMax * averageVolume * volumeBetween(beganAt, nextAt)) * NANOS;
  const quantity = maxOf(minOf(due, most), 0) as Quantity;
  return wholeShares ? wholeSharesDown(quantity) : quantity;
}

/** The integral of the curve from the open to `time`, of 1 in all. */
export function expectedVolumeShare(time: number): number {
  const t = Math.min(Math.max(time, 0), 1);
  return (t + ((2 * t - 1) ** 3 + 1) / 3) / (5 / 3);
}
