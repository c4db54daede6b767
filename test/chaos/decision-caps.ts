/**
 * Caps that a decision must keep to, compared with what came to the venue: how much the targets are one bet, what was
 * bought beyond them, and what was bought although the account had lost too much.
 *
 * Correlations are measured here from the drawn market, and equity from the venue's ledger at the drawn prices.
 */
import { weightToNumber, moneyToNumber } from "../../src/money.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { newYorkClock } from "../../src/time.ts";
import type { ArrivedBuy } from "./cap-watch.ts";
import type { DrawnMarket } from "./drawn-market.ts";
import type { PlayedRun, Violation } from "./violations.ts";

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;

/** Rounding of weights and of closes to cents. */
const SLACK_WEIGHT = 0.002;
/** Half a spread on all that a plan trades before its last order arrives. */
const SLACK_LOSS = 0.002;
/** Clocks differ by five seconds at most. */
const SAME_MOMENT_MS = 10_000;

export function decisionsBeyondCaps(market: DrawnMarket, runs: readonly PlayedRun[], buys: readonly ArrivedBuy[]): Violation[] {
  const say = (facts: string): Violation => ({ kind: "capBreaches", facts });
  return runs.flatMap((run) => {
    const { trigger: { deployment, scheduledAt }, events } = run;
    const own = buys.filter(({ strategy, session }) => strategy === deployment.strategy.name && session.day === newYorkClock(scheduledAt).day);
    const targeted = events.find((event): event is EventOf<"targets-set"> => event.type === "targets-set");
    const found: Violation[] = [];
    const { correlation, grossExposureMax } = deployment.settings.limits;
    const targets = (targeted?.targets ?? []).filter(({ weight }) => weight > 0);
    // The cap is of what the strategy asks for; an exit, or the pause after one, takes targets away behind it.
    const isWhole = (targeted?.targets ?? []).every(({ weight, clampedFrom }) => weight !== 0 || clampedFrom === undefined);
    if (correlation?.averageMax !== undefined && targets.length > 1 && isWhole) {
      const measured = averageCorrelation(targets.map(({ symbol, weight }) => ({ weight: weightToNumber(weight), closes: market.closesAt(symbol, scheduledAt).slice(-correlation.lookback - 1) })));
      const max = weightToNumber(grossExposureMax) * (measured > correlation.averageMax ? correlation.averageMax / measured : 1);
      const sum = targets.reduce((total, { weight }) => total + weightToNumber(weight), 0);
      if (sum > max + SLACK_WEIGHT + max * 0.02) found.push(say(`run ${run.id} aims at ${sum} of its equity, and with a correlation of ${measured} the cap is ${max}`));
    }
    for (const { symbol, share, clientOrderId } of own) {
      const target = weightToNumber(targeted?.targets.find((one) => one.symbol === symbol)?.weight ?? (0 as never));
      if (share > target + SLACK_WEIGHT) found.push(say(`run ${run.id} buys ${symbol} by ${clientOrderId} to ${share} of its equity, and aims at ${target}`));
    }
    found.push(...boughtInLoss(run, runs, own).map(say));
    return found;
  });
}

function boughtInLoss(run: PlayedRun, runs: readonly PlayedRun[], own: readonly ArrivedBuy[]): string[] {
  const { dailyLossMax, drawdownMax } = run.trigger.deployment.settings.accountRules ?? {};
  const plan = run.events.find((event): event is EventOf<"orders-planned"> => event.type === "orders-planned" && event.side === "buy");
  const buy = plan && own.find(({ at }) => Math.abs(at - plan.at) <= SAME_MOMENT_MS);
  if (!buy) return [];
  const { equity, lastEquity, session } = buy;
  const slack = SLACK_LOSS * equity;
  const found: string[] = [];
  if (dailyLossMax !== undefined && lastEquity - equity > weightToNumber(dailyLossMax) * lastEquity + slack) found.push(`run ${run.id} buys with ${equity} USD, and the account closed with ${lastEquity}`);
  const before = runs.flatMap(({ events }) => events.filter((event): event is EventOf<"run-closed"> => event.type === "run-closed" && newYorkClock(event.at).day < session.day));
  const highWater = Math.max(...before.map((event) => moneyToNumber(event.equity)), 0);
  if (drawdownMax !== undefined && highWater - equity > weightToNumber(drawdownMax) * highWater + slack) found.push(`run ${run.id} buys with ${equity} USD, and a run has seen ${highWater}`);
  return found;
}

/** The mean of all pairs, each weighed by the product of its weights. */
function averageCorrelation(targets: readonly { readonly weight: number; readonly closes: readonly number[] }[]): number {
  const returns = targets.map(({ closes }) => closes.slice(1).map((close, n) => close / closes[n]! - 1));
  let [sum, weights] = [0, 0];
  targets.forEach((one, i) => {
    targets.slice(0, i).forEach((other, j) => {
      const weight = one.weight * other.weight;
      sum += weight * correlationOf(returns[i]!, returns[j]!);
      weights += weight;
    });
  });
  return sum / weights;
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = (x: readonly number[], y: readonly number[]): number => mean(x.map((value, n) => (value - mean(x)) * (y[n]! - mean(y))));
  return covariance(a, b) / Math.sqrt(covariance(a, a) * covariance(b, b));
}
