/** The outcome of a replay and the difference of two runs, for people. */
import { moneyToText, quantityToText } from "../src/money.ts";
import type { InputDifference } from "../src/replay/diff-inputs.ts";
import type { RunDiff } from "../src/replay/diff-runs.ts";
import type { Difference } from "../src/replay/first-difference.ts";
import { textOf } from "../src/replay/input-facts.ts";
import type { Replay } from "../src/replay/replay-run.ts";
import type { CodeVersion } from "../src/replay/run-record.ts";
import type { Decision, WhatIf } from "../src/replay/what-if.ts";
import { percent, refusalToText } from "../src/risk/refusal-text.ts";

const TEXT_MAX = 200;

export function replayText(run: string, replay: Replay, then: CodeVersion | undefined, here: CodeVersion): string {
  return lines([...verdictOf(run, replay), ...codeText(then, here)]);
}

function verdictOf(run: string, replay: Replay): readonly string[] {
  switch (replay.kind) {
    case "identical":
      return [
        `${run}: identical, ${replay.events} events, head ${replay.head}`,
        ...(replay.stated.length > 0 ? [`  the journal alone vouches for the inputs of ${placesText(replay.stated)}: a process died before it had stored them`] : []),
      ];
    case "different":
      return [
        `${run}: differs at event ${replay.event} (${replay.type})${replay.difference ? `, ${replay.difference.path}` : ""}`,
        ...(replay.difference ? sidesText(replay.difference, "journal", "now") : []),
        ...replay.causes.map((cause) => `  ${cause}`),
      ];
    case "incomplete":
      return [`${run}: cannot be replayed, inputs of ${placesText(replay.missing)} are missing`, ...replay.why.map((why) => `  ${why}`)];
  }
}

function codeText(then: CodeVersion | undefined, here: CodeVersion): readonly string[] {
  if (!then || (then.ballast === here.ballast && then.sources === here.sources && (here.strategyFile === undefined || then.strategyFile === here.strategyFile))) return [];
  return [`  decided then by ${versionText(then)}, now by ${versionText(here)}`];
}

function versionText({ ballast, sources, strategyFile }: CodeVersion): string {
  return `Ballast ${ballast} (sources ${sources.slice(0, 12)}${strategyFile === undefined ? "" : `, strategy file ${strategyFile.slice(0, 12)}`})`;
}

export function diffText([left, right]: readonly [string, string], diff: RunDiff): string {
  if (diff.kind === "same") return lines([diff.heads[0] === diff.heads[1] ? `the same, ${diff.events} events, head ${diff.heads[0]}` : `the same decisions, in journals with the heads ${diff.heads[0]} and ${diff.heads[1]}`]);
  const { event, types, difference, inputs, unrecorded } = diff;
  const [cause, ...others] = inputs;
  return lines([
    `left   ${left}`,
    `right  ${right}`,
    `They part at event ${event} (${types[0] === types[1] ? types[0] : `${types[0] ?? "none"} / ${types[1] ?? "none"}`})${difference.path === "" ? "" : `, ${difference.path}`}`,
    ...sidesText(difference, "left", "right"),
    ...(cause ? [`First input that differs: ${inputText(cause)}`] : [unrecorded.length > 0 ? "No input that the journals keep differs." : "No recorded input and no code differs: what was decided depends on something that is not told, such as a variable, a clock or chance."]),
    ...(others.length > 0 ? ["Further inputs that differ:", ...others.map((one) => `  ${inputText(one)}`)] : []),
    ...(unrecorded.length > 0 ? [`There is no record of ${unrecorded.join(" and ")}: only settings and fingerprints could be compared.`] : []),
  ]);
}

function inputText({ input, left, right }: InputDifference): string {
  return `${input} ${left} / ${right}`;
}

export function whatIfText(run: string, then: readonly Decision[], { decided, stopped }: WhatIf): string {
  const stages = [["targets", targetsOf], ["sells", ordersOf("sell")], ["buys", ordersOf("buy")]] as const;
  const shown = stages.flatMap(([name, rowsOf]) => {
    const [was, is] = [rowsOf(then), rowsOf(decided)];
    if (!is) return [];
    const keys = [...new Set([...(was ?? new Map<string, string>()).keys(), ...is.keys()])].sort();
    return [`${name}${keys.length === 0 ? ": none" : ""}`, ...keys.map((key) => rowText(key, was?.get(key) ?? "none", is.get(key) ?? "none"))];
  });
  return lines([`${run}, decided otherwise (then / otherwise):`, ...shown, ...(stopped === undefined ? [] : [`It stops here: ${stopped}.`])]);
}

function rowText(key: string, was: string, is: string): string {
  return was === is ? `    ${key}  ${is}` : `  * ${key}  ${was} / ${is}`;
}

function targetsOf(decisions: readonly Decision[]): ReadonlyMap<string, string> | undefined {
  const set = decisions.find((decision) => decision.type === "targets-set");
  if (!set) return undefined;
  const kept = set.keep === undefined ? [] : ([["keep", set.keep]] as const);
  return new Map([...kept, ...set.targets.map(({ symbol, weight }) => [symbol, percent(weight)] as const), ...refusedRows(set)]);
}

function ordersOf(side: "sell" | "buy"): (decisions: readonly Decision[]) => ReadonlyMap<string, string> | undefined {
  return (decisions) => {
    const plan = decisions.find((decision) => decision.type === "orders-planned" && decision.side === side);
    if (plan?.type !== "orders-planned") return undefined;
    return new Map([...plan.orders.map(({ symbol, quantity, type, priceBound }) => [symbol, `${quantityToText(quantity)} ${type} ${moneyToText(priceBound)}`] as const), ...refusedRows(plan)]);
  };
}

function refusedRows({ refused }: Decision): readonly (readonly [string, string])[] {
  return refused.map((refusal) => [`${"symbol" in refusal ? `${refusal.symbol} ` : ""}refused`, `${refusal.code}, ${refusalToText(refusal)}`] as const);
}

function sidesText({ path, left, right }: Difference, ofLeft: string, ofRight: string): readonly string[] {
  const width = Math.max(ofLeft.length, ofRight.length) + 2;
  const field = /(\w+)$/.exec(path)?.[1] ?? "";
  return [`  ${ofLeft.padEnd(width)}${cut(textOf(field, left))}`, `  ${ofRight.padEnd(width)}${cut(textOf(field, right))}`];
}

function placesText(places: readonly number[]): string {
  const [first] = places;
  const last = places.at(-1)!;
  if (places.length === 1) return `event ${first!}`;
  return last - first! === places.length - 1 ? `events ${first!} to ${last}` : `events ${places.join(", ")}`;
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
