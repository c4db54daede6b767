/**
 * From what a strategy wants to what its limits let it have.
 *
 * Negative weights become 0 and are refused; each weight is cut to `positionWeightMax`; if the sum is still above
 * `grossExposureMax`, all are scaled down alike. Whatever a cap made less says what it was; a part per million that is
 * taken away so that rounded weights do not add up to more than the cap is no cap's doing.
 */
import { weightFromFraction, ZERO_WEIGHT, type Weight } from "../money.ts";
import type { Limits } from "../risk/limits.ts";
import type { Refusal } from "../risk/refusals.ts";
import type { Target } from "../strategy.ts";
import type { PlannedTarget } from "./journal.ts";

export interface ShapedTargets {
  /** In the order of their symbols. */
  readonly targets: readonly PlannedTarget[];
  readonly refused: readonly Refusal[];
}

export function shapeTargets(wanted: readonly Target[], limits: Limits): ShapedTargets {
  const refused: Refusal[] = [];
  const asked = wanted
    .map(({ symbol, weight, reason }) => ({ symbol, reason, asked: weightFromFraction(weight) }))
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  const capped = asked.map((target) => {
    if (target.asked < 0) refused.push({ code: "SHORT_NOT_ALLOWED", symbol: target.symbol, weight: target.asked });
    return { ...target, weight: Math.min(Math.max(target.asked, ZERO_WEIGHT), limits.positionWeightMax) as Weight };
  });
  const sum = capped.reduce((total, { weight }) => total + weight, 0);
  const scale = sum > limits.grossExposureMax ? limits.grossExposureMax / sum : 1;
  const scaled = sum > limits.grossExposureMax + capped.length;
  const targets = capped.map(({ symbol, reason, asked: before, weight }) => {
    const after = Math.floor(weight * scale) as Weight;
    const clamped = after !== before && (scaled || weight !== before);
    return clamped ? { symbol, weight: after, reason, clampedFrom: before } : { symbol, weight: after, reason };
  });
  return { targets, refused };
}
