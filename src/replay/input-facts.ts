/**
 * Recorded answers as named facts, in the words of the trade: "quotes of AAPL: bid" is "101.23 USD".
 *
 * Facts of two records with the same name can be compared; amounts are written out. Bars are not among them: a view is
 * one fact, its fingerprint.
 */
import type { Json } from "../json.ts";
import { moneyToText, quantityToText, weightToNumber, type Money, type Quantity, type Weight } from "../money.ts";
import { isoOf, type Instant } from "../time.ts";
import type { RecordedCall } from "./run-record.ts";

/** By name, in the order in which they were told. */
export type InputFacts = ReadonlyMap<string, string>;

const PORTS: Readonly<Record<string, string>> = {
  "broker.account": "account",
  "broker.openOrders": "open order",
  "broker.assets": "asset",
  "broker.hoursOf": "venue hours of",
  "broker.submit": "answer to order",
  "broker.find": "order",
  "broker.cancel": "cancel of order",
  "marketData.quotes": "quotes",
  "marketData.view": "view of the bars",
  "marketData.conversions": "corporate actions",
  "state.load": "state",
  "state.save": "saving state",
  "clock.now": "clock",
};

export function factsOf(calls: readonly RecordedCall[]): InputFacts {
  const facts = new Map<string, string>();
  for (const { call, args, answer, threw } of calls) {
    const subject = subjectOf(call, args);
    if (threw) facts.set(subject, `${threw.name}: ${threw.message}`);
    else if (call === "broker.account") addAccount(facts, answer);
    else if (call === "marketData.view") facts.set(subject, fingerprintOf(answer));
    else if (call === "marketData.quotes" || call === "broker.assets") addBySymbol(facts, subject, args[0], answer);
    else if (call === "broker.openOrders") for (const order of listOf(answer)) add(facts, `${subject} ${textOf("", fieldOf(order, "symbol"))} ${textOf("", fieldOf(order, "clientOrderId"))}`, order);
    else if (call === "clock.now") facts.set(subject, textOf("at", answer));
    else if (call !== "state.save") add(facts, subject, answer, call === "state.load" ? "value" : undefined);
  }
  return facts;
}

/** What a call is about: "venue hours of 2026-11-27", "state account-memory/paper". */
function subjectOf(call: string, args: readonly Json[]): string {
  const word = PORTS[call] ?? call;
  const [first] = args;
  if (call === "broker.submit") return `${word} ${textOf("", fieldOf(first, "clientOrderId"))}`;
  if (call === "marketData.view") return `${word} (${textOf("", args[1])} sessions)`;
  return typeof first === "string" ? `${word} ${first}` : word;
}

function addAccount(facts: Map<string, string>, answer: Json | undefined): void {
  if (!isRecord(answer)) return;
  const { positions, ...rest } = answer;
  for (const [field, value] of Object.entries(rest)) add(facts, `account: ${field}`, value, undefined, field);
  for (const position of listOf(positions)) {
    const { symbol, quantity, ...others } = position as Readonly<Record<string, Json>>;
    const name = `position of ${textOf("", symbol)}`;
    facts.set(name, textOf("quantity", quantity));
    for (const [field, value] of Object.entries(others)) facts.set(`${name}: ${field}`, textOf(field, value));
  }
}

/** A symbol that was asked for and is not in the answer is a fact as well. */
function addBySymbol(facts: Map<string, string>, subject: string, asked: Json | undefined, answer: Json | undefined): void {
  const found = new Map((isRecord(answer) ? ((answer["$map"] ?? []) as readonly (readonly [string, Json])[]) : []).map(([symbol, value]) => [symbol, value] as const));
  for (const symbol of listOf(asked) as readonly string[]) {
    const value = found.get(symbol);
    if (value === undefined) facts.set(`${subject} of ${symbol}`, "none");
    else add(facts, `${subject} of ${symbol}`, value);
  }
}

function add(facts: Map<string, string>, name: string, value: Json | undefined, within?: string, field = ""): void {
  const inner = within === undefined ? value : fieldOf(value, within);
  if (!isRecord(inner) && !Array.isArray(inner)) facts.set(name, textOf(field, inner));
  else for (const [key, one] of Object.entries(inner)) add(facts, name.includes(":") ? `${name}.${key}` : `${name}: ${key}`, one as Json, undefined, /^\d+$/.test(key) ? field : key);
}

const MONEY = /^(bid|ask|price|marketPrice|averageEntryPrice|entryPrice|priceBound|referencePrice|cash|equity|lastEquity|buyingPower|highWater|amount|settled)$/;
const QUANTITIES = /^(quantity|filledQuantity|remaining)$/;
const INSTANTS = /^(at|open|close|asOf|since|until|scheduledAt)$/;
const WEIGHTS = /^(allocation|weightMax|positionWeightMax|grossExposureMax|cashReserveMin|volumeShareMax|turnoverPerRunMax|turnoverPerDayMax|priceMoveMax|dailyLossMax|drawdownMax|weight|clampedFrom)$/;

/** As a person writes it, by what the field is called. */
export function textOf(field: string, value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return typeof value === "string" ? value : JSON.stringify(value);
  if (MONEY.test(field)) return `${moneyToText(value as Money)} USD`;
  if (QUANTITIES.test(field)) return quantityToText(value as Quantity);
  if (INSTANTS.test(field) && value > 1e11) return isoOf(value as Instant);
  return WEIGHTS.test(field) ? String(weightToNumber(value as Weight)) : String(value);
}

function fingerprintOf(answer: Json | undefined): string {
  const view = fieldOf(answer, "$view");
  return `${textOf("", fieldOf(view, "source"))} up to ${textOf("", fieldOf(view, "session"))}, ${textOf("", fieldOf(view, "bars")).slice(0, 16)}`;
}

function fieldOf(value: Json | undefined, field: string): Json | undefined {
  return isRecord(value) ? value[field] : undefined;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
