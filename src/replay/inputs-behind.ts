/**
 * Which recorded inputs a differing field was made from, the likeliest cause first.
 *
 * The journal keeps traces of what it was decided by: the settings, the fingerprint of the view, the weights that were
 * held, the price of each order's quote. A trace that the record contradicts is named with both values; without one, the
 * inputs that concern the field are listed as the record has them.
 */
import type { JournalEvent } from "../run/journal.ts";
import { moneyToText, quantityToText } from "../money.ts";
import { hashOfView } from "../run/view-hash.ts";
import type { MarketView } from "../trade.ts";
import type { Difference } from "./first-difference.ts";
import { factsOf, textOf, type InputFacts } from "./input-facts.ts";
import type { RecordedInvocation } from "./read-record.ts";
import { sectionsOf } from "./recorded-answers.ts";
import { decodeValue, type BytesOf } from "./recorded-values.ts";
import type { RecordedCall } from "./run-record.ts";

const LISTED_MAX = 8;

export function inputsBehind(event: JournalEvent, decided: JournalEvent, { path, left, right }: Difference, invocation: RecordedInvocation, place: number, bytesOf: BytesOf): readonly string[] {
  const calls = sectionsOf(invocation)
    .filter(({ append }) => append === undefined || append <= place)
    .flatMap((section) => section.calls);
  const facts = factsOf(calls);
  if (path === "at") return [`clock: the journal has ${textOf("at", left)}, the record ${textOf("at", right)}`];
  if (event.type === "run-opened" && decided.type === "run-opened") return [`config ${path.replace(/^settings\./, "")}: the journal has ${textOf(lastOf(path), left)}, the record ${textOf(lastOf(path), right)}`];
  const contradicted = contradictions(event, decided, path, calls, facts, bytesOf);
  return (contradicted.length > 0 ? contradicted : concerning(path, event, decided, facts)).slice(0, LISTED_MAX);
}

function contradictions(event: JournalEvent, decided: JournalEvent, path: string, calls: readonly RecordedCall[], facts: InputFacts, bytesOf: BytesOf): readonly string[] {
  if (event.type === "holdings-changed" || decided.type === "holdings-changed") return holdingTraces(event, decided);
  if (event.type === "view-recorded" && path === "viewHash") return viewTrace(event.viewHash, calls, bytesOf);
  if (event.type === "view-recorded" && decided.type === "view-recorded" && path.startsWith("held.")) return heldTraces(event.held, decided.held, facts);
  return event.type === "orders-planned" ? quoteTraces(event, decided, path, facts) : [];
}

/** Where only one of the two saw a change, the other held what was left before. */
function holdingTraces(event: JournalEvent, decided: JournalEvent): readonly string[] {
  const [then, now] = [event, decided].map((one) => new Map(one.type === "holdings-changed" ? one.changes.map((change) => [change.symbol, change]) : []));
  return [...new Set([...then!.keys(), ...now!.keys()])].flatMap((symbol) => {
    const [a, b] = [then!.get(symbol), now!.get(symbol)];
    const [was, is] = [a?.held ?? b!.left, b?.held ?? a!.left];
    return was === is ? [] : [`position of ${symbol}: the journal was decided by ${quantityToText(was)}, the record has ${quantityToText(is)}`];
  });
}

/** Another equity changes every weight, another position its own. */
function heldTraces(then: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>, facts: InputFacts): readonly string[] {
  const differing = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((symbol) => then[symbol] !== now[symbol]);
  if (differing.length > 1) return [];
  return differing.map((symbol) => `position of ${symbol}: the journal was decided by ${then[symbol] ?? 0} of equity, the record has ${facts.get(`position of ${symbol}`) ?? "none"} at ${facts.get(`position of ${symbol}: marketPrice`) ?? "no price"}`);
}

function viewTrace(viewHash: string, calls: readonly RecordedCall[], bytesOf: BytesOf): readonly string[] {
  const [recorded] = calls.filter(({ call }) => call === "marketData.view");
  if (!recorded) return [];
  const found = hashOfView(decodeValue(recorded.answer, bytesOf) as MarketView);
  return [`view of the bars: the journal has the fingerprint ${viewHash.slice(0, 16)}…, the record ${found.slice(0, 16)}…`];
}

/** An order's reference price is the touch of its quote. */
function quoteTraces(event: JournalEvent, decided: JournalEvent, path: string, facts: InputFacts): readonly string[] {
  const [then, now] = [elementAt(event, path), elementAt(decided, path)];
  const price = then?.["referencePrice"];
  const symbol = symbolOf(then) ?? symbolOf(now);
  if (symbol === undefined || typeof price !== "number" || price === now?.["referencePrice"]) return [];
  const touch = then?.["side"] === "sell" ? "bid" : "ask";
  const recorded = facts.get(`quotes of ${symbol}: ${touch}`) ?? facts.get(`quotes of ${symbol}`) ?? "none";
  return [`quotes of ${symbol}: the journal was decided by ${touch} ${moneyToText(price as Parameters<typeof moneyToText>[0])} USD, the record has ${recorded}`];
}

function concerning(path: string, event: JournalEvent, decided: JournalEvent, facts: InputFacts): readonly string[] {
  const symbol = /^held\.(.+)$/.exec(path)?.[1] ?? symbolOf(elementAt(event, path)) ?? symbolOf(elementAt(decided, path));
  const order = "clientOrderId" in event ? event.clientOrderId : undefined;
  const [field] = path.split(/[.[]/);
  const relevant = [...facts].filter(([name]) => {
    if (order !== undefined) return name.includes(order);
    if (symbol !== undefined) return new RegExp(` of ${symbol.replaceAll(".", "\\.")}(:|$)`).test(name) || /^account: (equity|cash|buyingPower)$/.test(name);
    if (field === "positions") return name.startsWith("position");
    if (field === "equity" || field === "cash" || field === "lossFacts" || field === "accountFacts") return name.startsWith("account") || name.startsWith("state") || name.startsWith("position");
    return name.startsWith("view") || name.startsWith("state") || name.startsWith("account") || name.startsWith("venue");
  });
  return relevant.map(([name, value]) => `${name}: the record has ${value}`);
}

/** The element of a list that a path leads into: "orders[2].quantity" is about orders[2]. */
function elementAt(event: JournalEvent, path: string): Readonly<Record<string, unknown>> | undefined {
  const match = /^(\w+)\[(\d+)\]/.exec(path);
  if (!match) return undefined;
  const list = (event as unknown as Readonly<Record<string, unknown>>)[match[1]!];
  return Array.isArray(list) ? (list as readonly Readonly<Record<string, unknown>>[])[Number(match[2])] : undefined;
}

function symbolOf(element: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof element?.["symbol"] === "string" ? element["symbol"] : undefined;
}

function lastOf(path: string): string {
  return /(\w+)$/.exec(path)?.[1] ?? "";
}
