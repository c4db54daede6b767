/** What two runs were told differently, in the order in which it was asked for: settings, code, and the answers of the ports. */
import type { JournalEvent } from "../run/journal.ts";
import { dateOfEpochDay, type EpochDay } from "../time.ts";
import type { Bars, MarketView } from "../trade.ts";
import { firstDifference } from "./first-difference.ts";
import { factsOf, textOf } from "./input-facts.ts";
import type { RunRecord } from "./read-record.ts";
import { callsBefore } from "./recorded-answers.ts";
import { decodeValue } from "./recorded-values.ts";
import type { InvocationHeader, RecordedCall } from "./run-record.ts";

export interface InputDifference {
  readonly input: string;
  /** As a person writes it; "none" where it is absent. */
  readonly left: string;
  readonly right: string;
}

interface Side {
  readonly events: readonly JournalEvent[];
  readonly record: RunRecord | undefined;
}

const LISTED_MAX = 50;
const BARS_LISTED_MAX = 5;

/** Those that came before the event at place `upTo` was decided; what is likeliest to matter comes first. */
export function inputDifferences(left: Side, right: Side, upTo: number): readonly InputDifference[] {
  const found: InputDifference[] = [...configDifferences(left, right)];
  const code: InputDifference[] = [];
  if (left.record && right.record) {
    code.push(...codeDifferences(headerOf(left.record), headerOf(right.record)));
    for (let place = 0; place <= upTo; place += 1) found.push(...callDifferences(callsBefore(left.record, place), callsBefore(right.record, place), left.record, right.record));
  } else {
    found.push(...tracesDiffer(left.events, right.events, upTo));
  }
  const unique = [...new Map(found.map((one) => [`${one.input}|${one.left}|${one.right}`, one])).values()];
  const instants = unique.filter(isInstant);
  return [...unique.filter((one) => !isInstant(one)), ...code, ...instants].slice(0, LISTED_MAX);
}

function isInstant({ input, left, right }: InputDifference): boolean {
  const instant = /^\d{4}-\d\d-\d\dT/;
  return input === "clock" || (instant.test(left) && instant.test(right));
}

function headerOf({ invocations }: RunRecord): InvocationHeader | undefined {
  return invocations[0];
}

function configDifferences(left: Side, right: Side): readonly InputDifference[] {
  const [a, b] = [configOf(left), configOf(right)];
  if (!a || !b) return [];
  return leavesDiffering(a, b, "").map(({ path, left: was, right: is }) => ({ input: `config ${path.replace(/^settings\./, "")}`, left: textOf(lastOf(path), was), right: textOf(lastOf(path), is) }));
}

/** From the record; a journal without one says itself what its run was opened with. */
function configOf({ record, events: [opened] }: Side): object | undefined {
  const trigger = record && headerOf(record)?.trigger;
  if (trigger) {
    const { strategy, params, symbols, settings } = trigger;
    return { strategy, params, symbols, settings };
  }
  if (opened?.type !== "run-opened") return undefined;
  const { strategy, params, symbols, settings } = opened;
  return { strategy, params, symbols, settings };
}

function leavesDiffering(left: unknown, right: unknown, path: string): readonly { readonly path: string; readonly left: unknown; readonly right: unknown }[] {
  if (firstDifference(left, right) === undefined) return [];
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return [{ path, left, right }];
  const [a, b] = [left, right] as readonly Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(a!), ...Object.keys(b!)])].flatMap((key) => leavesDiffering(a![key], b![key], path === "" ? key : `${path}.${key}`));
}

function codeDifferences(left: InvocationHeader | undefined, right: InvocationHeader | undefined): readonly InputDifference[] {
  return (["ballast", "sources", "strategyFile"] as const).flatMap((part) => {
    const [a, b] = [left?.code[part] ?? "none", right?.code[part] ?? "none"];
    return a === b ? [] : [{ input: { ballast: "code: version of Ballast", sources: "code: sources", strategyFile: "code: strategy file" }[part], left: a.slice(0, 16), right: b.slice(0, 16) }];
  });
}

function callDifferences(left: readonly RecordedCall[], right: readonly RecordedCall[], ofLeft: RunRecord, ofRight: RunRecord): readonly InputDifference[] {
  const [a, b] = [factsOf(left), factsOf(right)];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [was, is] = [a.get(name) ?? "not asked", b.get(name) ?? "not asked"];
    if (was === is) return [];
    if (!name.startsWith("view of the bars")) return [{ input: name, left: was, right: is }];
    const [viewLeft, viewRight] = [viewIn(left, ofLeft), viewIn(right, ofRight)];
    const bars = viewLeft && viewRight ? barDifferences(viewLeft, viewRight) : [];
    return bars.length > 0 ? bars : [{ input: name, left: was, right: is }];
  });
}

function viewIn(calls: readonly RecordedCall[], { bytesOf }: RunRecord): MarketView | undefined {
  const call = calls.find((one) => one.call === "marketData.view" && one.answer !== undefined);
  return call && (decodeValue(call.answer, bytesOf) as MarketView);
}

function barDifferences(left: MarketView, right: MarketView): readonly InputDifference[] {
  const found: InputDifference[] = [];
  for (const symbol of left.symbols) {
    if (!right.symbols.includes(symbol)) continue;
    const [a, b] = [barTable(left.bars(symbol)), barTable(right.bars(symbol))];
    for (const [day, was] of a) {
      const is = b.get(day);
      for (const column of new Set([...Object.keys(was), ...Object.keys(is ?? {})])) {
        if (Object.is(was[column], is?.[column])) continue;
        found.push({ input: `bar ${dateOfEpochDay(day as EpochDay)} ${column} of ${symbol}`, left: textOf("", was[column]), right: textOf("", is?.[column]) });
        if (found.length === BARS_LISTED_MAX) return found;
      }
    }
    for (const day of b.keys()) if (!a.has(day) && found.length < BARS_LISTED_MAX) found.push({ input: `bar ${dateOfEpochDay(day as EpochDay)} of ${symbol}`, left: "none", right: "there" });
  }
  return found;
}

function barTable(bars: Bars): ReadonlyMap<number, Readonly<Record<string, number>>> {
  const { kind: _, days, ...columns } = bars;
  return new Map([...days].map((day, row) => [day, Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]!]))]));
}

/** What journals keep of their inputs. */
function tracesDiffer(left: readonly JournalEvent[], right: readonly JournalEvent[], upTo: number): readonly InputDifference[] {
  const found: InputDifference[] = [];
  for (let place = 0; place <= upTo; place += 1) {
    const [a, b] = [left[place], right[place]];
    if (a?.type !== "view-recorded" || b?.type !== "view-recorded") continue;
    if (a.viewHash !== b.viewHash) found.push({ input: "fingerprint of the view", left: a.viewHash.slice(0, 16), right: b.viewHash.slice(0, 16) });
    for (const { path, left: was, right: is } of leavesDiffering(a.held, b.held, "")) found.push({ input: `weight held of ${path}`, left: textOf("", was), right: textOf("", is) });
  }
  return found;
}

function lastOf(path: string): string {
  return /(\w+)$/.exec(path)?.[1] ?? "";
}
