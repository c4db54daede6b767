/** The events of a run as lines for people: when, which, and what a person looks for in it. */
import { moneyToText, quantityToText, weightToNumber } from "../src/money.ts";
import { refusalLine } from "../src/risk/refusal-text.ts";
import type { Refusal } from "../src/risk/refusals.ts";
import { holdingChangeText } from "../src/run/explain.ts";
import type { JournalEvent } from "../src/run/journal.ts";
import { isoOf } from "../src/time.ts";

export function eventLines(event: JournalEvent): readonly string[] {
  const [first, ...rest] = saying(event);
  return [`${String(event.seq).padStart(4)}  ${isoOf(event.at)}  ${event.type.padEnd(15)}  ${first}`, ...rest.map((line) => `${" ".repeat(49)}${line}`)];
}

function saying(event: JournalEvent): readonly [string, ...string[]] {
  switch (event.type) {
    case "run-opened":
      return [`${event.account}/${event.strategy} of ${isoOf(event.scheduledAt)}, ${event.symbols.length} symbols, params ${JSON.stringify(event.params)}`];
    case "holdings-changed":
      return [`${event.changes.length} not as the run before left them`, ...event.changes.map((change) => `${change.symbol} ${holdingChangeText(change)}`)];
    case "view-recorded":
      return [`bars up to ${event.session} from ${event.source}, ${event.adjustment}, lookback ${event.lookback}, view ${event.viewHash.slice(0, 12)}`];
    case "targets-set": {
      const targets = event.targets.map(({ symbol, weight, reason, clampedFrom }) => `${symbol} ${percent(weight)}${clampedFrom === undefined ? "" : ` (cut from ${percent(clampedFrom)})`}: ${reason}`);
      return [event.keep === undefined ? `${event.targets.length} targets` : `keeps everything: ${event.keep}`, ...targets, ...event.refused.map(refusedText)];
    }
    case "orders-planned": {
      const orders = event.orders.map(({ side, symbol, quantity, type, priceBound, clientOrderId }) => `${side} ${quantityToText(quantity)} ${symbol}, ${type} no worse than ${moneyToText(priceBound)}, as ${clientOrderId}`);
      return [`${event.orders.length} ${event.side}s from equity ${moneyToText(event.equity)} and cash ${moneyToText(event.cash)} USD`, ...orders, ...event.refused.map(refusedText)];
    }
    case "child-planned": {
      const { side, quantity, symbol, priceBound, clientOrderId } = event.order;
      return [`${side} ${quantityToText(quantity)} ${symbol} at ${moneyToText(priceBound)} or better, as ${clientOrderId}: ${event.why}`];
    }
    case "execution-ended":
      return [`${event.clientOrderId} ${event.status}, filled ${quantityToText(event.filledQuantity)}: ${event.why}`];
    case "order-submitted":
      return [`${event.clientOrderId} ${event.outcome.kind}${event.outcome.kind === "rejected" ? `: ${event.outcome.code} ${event.outcome.message}` : event.outcome.kind === "unknown" ? `: ${event.outcome.cause}` : ""}`];
    case "order-ended":
      return [`${event.clientOrderId} ${event.status}, filled ${quantityToText(event.filledQuantity)}`, ...event.fills.map(({ quantity, price, at }) => `${quantityToText(quantity)} at ${moneyToText(price)}, ${isoOf(at)}`)];
    case "run-closed":
      return [`${event.outcome}, equity ${moneyToText(event.equity)}, cash ${moneyToText(event.cash)} USD, ${event.positions.length} positions`, ...event.refused.map(refusedText)];
  }
}

function refusedText(refusal: Refusal): string {
  return `refused ${refusalLine(refusal)}`;
}

function percent(weight: Parameters<typeof weightToNumber>[0]): string {
  return `${Number((100 * weightToNumber(weight)).toFixed(4))} %`;
}
