/** Automated exits in the targets of a run: a breached position gets target 0, also where the strategy keeps everything. */
import { ZERO_WEIGHT } from "../money.ts";
import type { ExitRules } from "../risk/account-rules.ts";
import { findExits, isPaused } from "../risk/exits.ts";
import type { SessionDate } from "../time.ts";
import type { Position, Symbol } from "../trade.ts";
import type { AccountMemory } from "./account-memory.ts";
import type { ExitsChecked, PlannedTarget } from "./journal.ts";
import type { ShapedTargets } from "./targets.ts";

export interface TargetsWithExits extends ShapedTargets {
  readonly exits: ExitsChecked;
}

/** `shaped` is undefined where the strategy keeps everything: then the exits are the only targets, and the run may touch no other symbol. */
export function withExits(shaped: ShapedTargets | undefined, positions: readonly Position[], memory: AccountMemory, session: SessionDate, rules: ExitRules): TargetsWithExits {
  const { exits, peaks, refused } = findExits(positions, memory.peaks, rules);
  const reasons = new Map(exits.map(({ symbol, reason }) => [symbol, reason]));
  const pause = rules.reentryPauseSessions ?? 0;
  for (const { symbol } of shaped?.targets ?? []) {
    const exited = memory.exited[symbol];
    if (!reasons.has(symbol) && exited !== undefined && pause > 0 && isPaused(exited, session, pause)) {
      reasons.set(symbol, `re-entry pause: sold by an exit on ${exited}, bought again ${pause} ${pause === 1 ? "session" : "sessions"} later at the soonest`);
    }
  }
  const kept = (shaped?.targets ?? []).map((target) => {
    const reason = reasons.get(target.symbol);
    reasons.delete(target.symbol);
    return reason === undefined ? target : sold(target, reason);
  });
  const added = [...reasons].map(([symbol, reason]) => ({ symbol, weight: ZERO_WEIGHT, reason }));
  const targets = [...kept, ...added].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return { targets, refused: [...(shaped?.refused ?? []), ...refused], exits: { peaks, exited: exits.map(({ symbol }): Symbol => symbol) } };
}

function sold({ symbol, weight, clampedFrom }: PlannedTarget, reason: string): PlannedTarget {
  const asked = clampedFrom ?? weight;
  return asked === 0 ? { symbol, weight: ZERO_WEIGHT, reason } : { symbol, weight: ZERO_WEIGHT, reason, clampedFrom: asked };
}
