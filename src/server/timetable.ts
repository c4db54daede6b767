/** When something happens in a market that is known beforehand: for whoever moves its time faster than a clock. */
import { currentOrNextSession } from "../rules/calendar.ts";
import { newYorkInstant, plusMs, type EpochDay, type Instant } from "../time.ts";

export interface Timetable {
  /** Nothing happens from then on, and the market's time stops. */
  readonly endsAt: Instant;
  /** The next instant at which clients have heard something, not beyond the end. */
  next(now: Instant): Instant;
}

const SESSION_END_MS = 1_000;

/** Of daily bars up to `last`: the opens, middays, closes and ends of sessions. */
export function dailyTimetable(last: EpochDay): Timetable {
  const endsAt = endOf(last);
  return {
    endsAt,
    next(now) {
      const { open, close } = currentOrNextSession(now);
      const stop = [open, plusMs(open, (close - open) / 2), close].find((at) => at > now) ?? plusMs(close, SESSION_END_MS);
      return stop < endsAt && stop > now ? stop : endsAt;
    },
  };
}

/** Of minute bars up to `last`: the ends of the minutes that have one. `ends` are by time, each once. */
export function minuteTimetable(ends: readonly Instant[], last: EpochDay): Timetable {
  const endsAt = endOf(last);
  let cursor = 0;
  return {
    endsAt,
    next(now) {
      if ((ends[cursor - 1] ?? -Infinity) > now) cursor = 0;
      while (cursor < ends.length && ends[cursor]! <= now) cursor += 1;
      return ends[cursor] ?? endsAt;
    },
  };
}

/** Midnight after it. */
function endOf(day: EpochDay): Instant {
  return newYorkInstant((day + 1) as EpochDay, 0);
}
