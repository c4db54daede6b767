/** The exit codes of commands that trade: 0 done, 3 to 5 what became of it otherwise (1 and 2 are everyone's). */
import type { RunOutcome } from "../src/run/journal.ts";

export const RUN_EXIT_CODES = "Exit codes: 0 completed or unchanged, 1 failed, 2 wrong input, 3 waiting, 4 partial, 5 refused or missed.";

export function exitCodeOf(outcome: RunOutcome | "waiting"): number {
  switch (outcome) {
    case "completed":
    case "unchanged":
      return 0;
    case "waiting":
      return 3;
    case "partial":
      return 4;
    case "refused":
    case "missed":
      return 5;
  }
}
