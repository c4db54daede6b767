import { epochDayOf, sessionDateOf, type EpochDay } from "../src/time.ts";
import { UsageError } from "./usage-error.ts";

/** @throws UsageError naming the argument when `text` is not a date. */
export function dayOfArgument(text: string, argument: string): EpochDay {
  try {
    return epochDayOf(sessionDateOf(text));
  } catch (cause) {
    throw new UsageError(`${argument} ${JSON.stringify(text)} is not a date of the form 2026-11-27`, { cause });
  }
}
