/**
 * From what a strategy wants to what its limits let it have.
 *
 * Negative weights become 0 and are refused; each weight is cut to the caps of a position; each group above its cap is
 * scaled down, in the order of their names; if the sum is still above `grossExposureMax`, all are scaled down alike; and
 * if the targets move together more than `correlation` allows, all are scaled by cap / measured. A step only takes away,
 * so no later one undoes an earlier. Whatever a cap made less says what it was and which caps it met; a part per million
 * that is taken away so that rounded weights do not add up to more than the cap is no cap's doing.
 */
import { mulDivDown, weightFromFraction, ZERO_WEIGHT, type Money, type Weight } from "../money.ts";
import { measureCorrelation } from "../risk/correlation.ts";
import type { Group, Limits } from "../risk/limits.ts";
import type { Refusal } from "../risk/refusals.ts";
import type { Target } from "../strategy.ts";
import type { MarketView, Symbol } from "../trade.ts";
import type { Clamp, PlannedTarget } from "./journal.ts";

export interface ShapedTargets {
  /** In the order of their symbols. */
  readonly targets: readonly PlannedTarget[];
  readonly refused: readonly Refusal[];
}

export interface ShapingFacts {
  /** The strategy's, for caps in USD. */
  readonly equity?: Money;
  /** For the correlation of the targets; with the bars that its limit looks at. */
  readonly view?: Pick<MarketView, "bars">;
}

export function shapeTargets(wanted: readonly Target[], limits: Limits, { equity, view }: ShapingFacts = {}): ShapedTargets {
  const refused: Refusal[] = [];
  const shapes = wanted
    .map(({ symbol, weight, reason }): Shape => {
      const asked = weightFromFraction(weight);
      return { symbol, reason, asked, weight: Math.max(asked, ZERO_WEIGHT) as Weight, clamps: [] };
    })
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  for (const { symbol, asked } of shapes) if (asked < 0) refused.push({ code: "SHORT_NOT_ALLOWED", symbol, weight: asked });
  capPositions(shapes, limits, equity);
  for (const group of limits.groups ?? []) capGroup(shapes, group);
  capGross(shapes, limits.grossExposureMax);
  if (view) capCorrelation(shapes, limits, view);
  return { targets: shapes.map(plannedOf), refused };
}

interface Shape {
  readonly symbol: Symbol;
  readonly reason: string;
  readonly asked: Weight;
  weight: Weight;
  readonly clamps: Clamp[];
}

function capPositions(shapes: readonly Shape[], { positionWeightMax, positionNotionalMax }: Limits, equity: Money | undefined): void {
  const ofNotional = positionNotionalMax === undefined || equity === undefined || equity <= 0 ? undefined : (mulDivDown(positionNotionalMax, 1_000_000, Math.max(equity, positionNotionalMax)) as Weight);
  for (const shape of shapes) {
    lower(shape, positionWeightMax, { limit: "positionWeightMax", max: positionWeightMax });
    if (ofNotional !== undefined) lower(shape, ofNotional, { limit: "positionNotionalMax", max: positionNotionalMax! });
  }
}

function capGroup(shapes: readonly Shape[], { name, symbols, weightMax: max }: Group): void {
  const members = shapes.filter(({ symbol }) => symbols.includes(symbol));
  const weight = sumOf(members);
  if (weight <= max) return;
  scale(members, max / weight, weight > max + members.length ? { limit: "groups", group: name, weight, max } : undefined);
}

function capGross(shapes: readonly Shape[], max: Weight): void {
  const weight = sumOf(shapes);
  if (weight <= max) return;
  scale(shapes, max / weight, weight > max + shapes.length ? { limit: "grossExposureMax", weight, max } : undefined);
}

function capCorrelation(shapes: readonly Shape[], { correlation }: Limits, view: Pick<MarketView, "bars">): void {
  const measured = correlation && measureCorrelation(shapes, view, correlation.lookback);
  if (!measured) return;
  const caps: readonly { readonly limit: "correlation.averageMax" | "correlation.eigenvalueShareMax"; readonly measured: number; readonly max: number | undefined }[] = [
    { limit: "correlation.averageMax", measured: measured.average, max: correlation.averageMax },
    { limit: "correlation.eigenvalueShareMax", measured: measured.eigenvalueShare, max: correlation.eigenvalueShareMax },
  ];
  const exceeded = caps.flatMap(({ max, ...rest }) => (max !== undefined && rest.measured > max ? [{ ...rest, max }] : []));
  const tightest = exceeded.sort((a, b) => a.max / a.measured - b.max / b.measured)[0];
  if (tightest) scale(shapes, tightest.max / tightest.measured, tightest);
}

function lower(shape: Shape, max: Weight, clamp: Clamp): void {
  if (shape.weight <= max) return;
  shape.weight = max;
  shape.clamps.push(clamp);
}

function scale(shapes: readonly Shape[], factor: number, clamp: Clamp | undefined): void {
  for (const shape of shapes) {
    if (shape.weight > 0 && clamp) shape.clamps.push(clamp);
    shape.weight = Math.floor(shape.weight * factor) as Weight;
  }
}

function sumOf(shapes: readonly Shape[]): Weight {
  return shapes.reduce((sum, { weight }) => sum + weight, 0) as Weight;
}

function plannedOf({ symbol, reason, asked, weight, clamps }: Shape): PlannedTarget {
  if (clamps.length > 0) return { symbol, weight, reason, clampedFrom: asked, clampedBy: clamps };
  return asked < 0 ? { symbol, weight, reason, clampedFrom: asked } : { symbol, weight, reason };
}
