/**
 * Why a run did what it did, told from its journal alone.
 *
 * Symbol by symbol: what the strategy wanted and why, the caps that made it less, each order with what became of it, and
 * each order that was not placed with the rule that decided and its numbers. What concerns the run as a whole comes
 * first.
 */
import type { ExecutionCost } from "../execution/shortfall.ts";
import { notional, type Money, type Price, type Quantity } from "../money.ts";
import type { Refusal } from "../risk/refusals.ts";
import type { HoldingChange } from "../risk/share-conversions.ts";
import { percent, refusalToText, sharesText, usd } from "../risk/refusal-text.ts";
import { isoOf } from "../time.ts";
import type { Fill, OrderRequest, Symbol } from "../trade.ts";
import type { Clamp, JournalEvent, PlannedOrder, PlannedTarget, RunOutcome } from "./journal.ts";

export interface Explanation {
  readonly run: string;
  /** Undefined while the run is not closed. */
  readonly outcome: RunOutcome | undefined;
  /** Sentences about the run as a whole. */
  readonly overall: readonly string[];
  /** In the order of the symbols. */
  readonly symbols: readonly { readonly symbol: Symbol; readonly sentences: readonly string[] }[];
  /** As they are in the journal. */
  readonly refused: readonly Refusal[];
}

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;

/** @throws RangeError for events that do not begin with the opening of a run. */
export function explainRun(events: readonly JournalEvent[]): Explanation {
  const [opened] = eventsOf(events, "run-opened");
  if (!opened) throw new RangeError("the journal does not begin with the opening of a run");
  const [closed] = eventsOf(events, "run-closed");
  const [targeted] = eventsOf(events, "targets-set");
  const plans = eventsOf(events, "orders-planned");
  const refused = [...(targeted?.refused ?? []), ...plans.flatMap((plan) => plan.refused), ...(closed?.refused ?? [])];
  return {
    run: runOf(opened),
    outcome: closed?.outcome,
    overall: [...beginning(events, opened), ...plans.map(planText), ...refused.filter((refusal) => !("symbol" in refusal)).map(refusedText), ...(closed ? [endText(closed)] : ["The run is not closed yet."])],
    symbols: symbolsOf(events, targeted, plans, refused),
    refused,
  };
}

function runOf({ account, strategy, scheduledAt }: EventOf<"run-opened">): string {
  return `${account}/${strategy}/${isoOf(scheduledAt)}`;
}

/** The runs of a journal in which runs follow each other, each beginning with its opening. */
export function splitRuns(events: readonly JournalEvent[]): ReadonlyMap<string, readonly JournalEvent[]> {
  const runs = new Map<string, JournalEvent[]>();
  let current: JournalEvent[] | undefined;
  for (const event of events) {
    if (event.type === "run-opened") runs.set(runOf(event), (current = []));
    current?.push(event);
  }
  return runs;
}

/** The runs that `asked` can mean: a whole id, "last", or else a part that begins or ends one. */
export function runsMeant(asked: string, runs: readonly string[]): readonly string[] {
  if (asked === "last") return runs.slice(-1);
  if (runs.includes(asked)) return [asked];
  return runs.filter((run) => run.startsWith(asked) || run.endsWith(asked));
}

export function explanationText({ run, outcome, overall, symbols }: Explanation): string {
  const blocks = symbols.map(({ symbol, sentences }) => [symbol, ...sentences.map((sentence) => `  ${sentence}`)].join("\n"));
  return `${[[`${run}: ${outcome ?? "not closed"}`, ...overall].join("\n"), ...blocks].join("\n\n")}\n`;
}

function beginning(events: readonly JournalEvent[], { scheduledAt, at, strategy }: EventOf<"run-opened">): readonly string[] {
  const viewed = eventsOf(events, "view-recorded").at(-1);
  const [targeted] = eventsOf(events, "targets-set");
  return [
    `It was due at ${isoOf(scheduledAt)} and first called at ${isoOf(at)}.`,
    ...(viewed ? [`${strategy} was shown up to ${viewed.lookback} daily bars of each symbol, ending with the session of ${viewed.session}, from ${viewed.source}.`] : ["The strategy was not asked."]),
    ...(targeted?.keep === undefined ? [] : [`It kept every position as it was: ${targeted.keep}.`]),
  ];
}

function planText({ side, at, equity, cash, orders, refused }: EventOf<"orders-planned">): string {
  return `${side === "sell" ? "Sells" : "Buys"} were planned at ${isoOf(at)} from an equity of ${cents(equity)} and cash of ${cents(cash)}: ${count(orders.length, "order")}, ${refused.length} refused.`;
}

function endText({ outcome, at, equity, cash, positions, execution }: EventOf<"run-closed">): string {
  return `It ended ${outcome} at ${isoOf(at)} with an equity of ${cents(equity)}, of which ${cents(cash)} in cash, and ${count(positions.length, "position")}.${execution ? ` ${costText(execution)}` : ""}`;
}

function costText({ traded, shortfall }: ExecutionCost): string {
  return `Its fills cost ${cents(shortfall)} against the prices at which they were planned, fees included: ${rounded((10_000 * shortfall) / traded)} basis points of ${cents(traded)}.`;
}

function symbolsOf(events: readonly JournalEvent[], targeted: EventOf<"targets-set"> | undefined, plans: readonly EventOf<"orders-planned">[], refused: readonly Refusal[]): Explanation["symbols"] {
  const targets = new Map((targeted?.targets ?? []).map((target) => [target.symbol, target]));
  const orders = plans.flatMap((plan) => plan.orders);
  const changes = eventsOf(events, "holdings-changed").flatMap((event) => event.changes);
  const concerned = refused.flatMap((refusal) => ("symbol" in refusal ? [refusal.symbol] : []));
  const symbols = [...new Set([...changes.map(({ symbol }) => symbol), ...targets.keys(), ...orders.map(({ symbol }) => symbol), ...concerned])].sort();
  return symbols.map((symbol) => {
    const target = targets.get(symbol);
    const told = [
      ...orders.filter((order) => order.symbol === symbol).flatMap((order) => orderTexts(order, events)),
      ...refused.filter((refusal) => "symbol" in refusal && refusal.symbol === symbol).map(refusedText),
    ];
    const unchanged = told.length === 0 ? [plans.length === 2 ? "No order: it was at its target already, to the unit that may be traded." : "No order was planned."] : [];
    const before = changes.filter((change) => change.symbol === symbol).map((change) => `Before the run: ${holdingChangeText(change)}.`);
    return { symbol, sentences: [...before, ...(target ? targetTexts(target) : ["Target: none."]), ...told, ...unchanged] };
  });
}

/** One clause, without the symbol and without a full stop. */
export function holdingChangeText({ since, left, held, found, conversions }: HoldingChange): string {
  const because = conversions.map(({ kind, on, becomes }) => `${kind} on ${on}, one share becoming ${becomes.length === 0 ? "cash" : becomes.map(({ symbol, shares }) => `${rounded(shares)} ${symbol}`).join(" and ")}`).join("; ");
  const moved = `${since} left ${sharesText(left)}, and ${sharesText(held)} were held`;
  if (found === "converted") return `${moved}: ${because}`;
  return found === "unexplained" ? `${moved}, which nothing that is known explains` : `${moved} still, in spite of a ${because}`;
}

function targetTexts({ weight, reason, clampedFrom, clampedBy = [] }: PlannedTarget): readonly string[] {
  const asked = clampedFrom === undefined ? "" : `, less than the ${percent(clampedFrom)} that were asked for`;
  return [`Target: ${percent(weight)} of equity${asked}, because: ${reason}.`, ...clampedBy.map((clamp) => `Cut: ${clampText(clamp)}.`)];
}

function clampText(clamp: Clamp): string {
  switch (clamp.limit) {
    case "positionWeightMax":
      return `positionWeightMax allows a position ${percent(clamp.max)} of equity`;
    case "positionNotionalMax":
      return `positionNotionalMax allows a position ${usd(clamp.max)}`;
    case "groups":
      return `the group ${clamp.group} added up to ${percent(clamp.weight)}, and its weightMax allows ${percent(clamp.max)}`;
    case "grossExposureMax":
      return `all targets added up to ${percent(clamp.weight)}, and grossExposureMax allows ${percent(clamp.max)}`;
    case "correlation.averageMax":
      return `the targets' average correlation was ${rounded(clamp.measured)}, and averageMax allows ${clamp.max}`;
    case "correlation.eigenvalueShareMax":
      return `one factor explained ${rounded(clamp.measured)} of the targets' variation, and eigenvalueShareMax allows ${clamp.max}`;
  }
}

function orderTexts(order: PlannedOrder, events: readonly JournalEvent[]): readonly string[] {
  const { clientOrderId, side, quantity, type, priceBound, referencePrice, expectedFees, expectedImpactBps, reason } = order;
  const planned = `${side === "buy" ? "Buy" : "Sell"} ${sharesText(quantity)} at about ${price(referencePrice)}, worth ${cents(notional(referencePrice, quantity))}, as a ${type} order no worse than ${price(priceBound)}, with fees of about ${cents(expectedFees)}${expectedImpactBps === undefined ? "" : ` and an expected impact of ${expectedImpactBps} basis points`}: ${reason}.`;
  const children = eventsOf(events, "child-planned").filter(({ intent }) => intent === clientOrderId);
  if (children.length === 0) return [planned, ...placedTexts(order, events)];
  const done = eventsOf(events, "execution-ended").find((event) => event.clientOrderId === clientOrderId);
  const fills = children.flatMap((child) => eventsOf(events, "order-ended").filter((event) => event.clientOrderId === child.order.clientOrderId).flatMap((event) => event.fills));
  return [planned, ...children.flatMap((child) => [childText(child), ...placedTexts(child.order, events)]), ...(done ? [doneText(done, quantity, fills)] : [])];
}

/** What became of an order that went to the venue. */
function placedTexts({ clientOrderId, quantity }: OrderRequest, events: readonly JournalEvent[]): readonly string[] {
  const submissions = eventsOf(events, "order-submitted").filter((event) => event.clientOrderId === clientOrderId);
  const ended = eventsOf(events, "order-ended").find((event) => event.clientOrderId === clientOrderId);
  return [...(submissions.length === 0 && !ended ? [`Order ${clientOrderId} has not been submitted.`] : submissions.map(submissionText)), ...(ended ? [endedText(ended, quantity)] : [])];
}

function childText({ at, why, order: { side, quantity, priceBound } }: EventOf<"child-planned">): string {
  return `At ${isoOf(at)} ${side} ${sharesText(quantity)} at ${price(priceBound)} or better: ${why}.`;
}

function doneText({ status, filledQuantity, why }: EventOf<"execution-ended">, quantity: Quantity, fills: readonly Fill[]): string {
  if (status === "filled") return `In all ${sharesText(quantity)} were filled${averageText(fills)}.`;
  return `In all ${sharesText(filledQuantity)} of ${sharesText(quantity)} were filled${averageText(fills)}, and the rest was given up: ${why}.`;
}

function submissionText({ clientOrderId, at, outcome }: EventOf<"order-submitted">): string {
  const sent = `Submitted at ${isoOf(at)} as ${clientOrderId}`;
  switch (outcome.kind) {
    case "accepted":
      return `${sent}: accepted.`;
    case "duplicate":
      return `${sent}: the venue had it already.`;
    case "rejected":
      return `${sent}: the venue rejected it, ${outcome.code}: ${outcome.message}.`;
    case "unknown":
      return `${sent}: no clear answer, ${outcome.cause}.`;
  }
}

function endedText({ status, filledQuantity, fills }: EventOf<"order-ended">, quantity: Quantity): string {
  const filled = filledQuantity === 0 ? "Nothing was filled" : `Filled ${sharesText(filledQuantity)} of ${sharesText(quantity)}${averageText(fills)}`;
  if (status === "filled") return `${filled}.`;
  return `${filled}; the order ended ${status === "not-received" ? "without ever reaching the venue" : status}.`;
}

function averageText(fills: readonly Fill[]): string {
  const shares = fills.reduce((sum, { quantity }) => sum + quantity, 0);
  if (shares === 0) return "";
  const value = fills.reduce((sum, { price, quantity }) => sum + notional(price, quantity), 0) as Money;
  return ` at ${price(((value / shares) * 1e9) as Price)} on average`;
}

function refusedText(refusal: Refusal): string {
  const what = "side" in refusal ? `${refusal.side === "buy" ? "Buy" : "Sell"} refused` : "Refused";
  return `${what}, ${refusal.code}: ${refusalToText(refusal)}.`;
}

function eventsOf<T extends JournalEvent["type"]>(events: readonly JournalEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** What no rule decided by is rounded: amounts to the cent, prices to a hundredth of it. */
function cents(amount: Money): string {
  return usd((Math.round(amount / 1e4) * 1e4) as Money);
}

function price(amount: Price): string {
  return usd((Math.round(amount / 100) * 100) as Price);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function rounded(fraction: number): string {
  return String(Math.round(fraction * 1e4) / 1e4);
}
