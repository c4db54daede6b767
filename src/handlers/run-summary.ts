/** What one line of the log says of a run that has ended: enough to know whether to read its journal. */
import { moneyToText } from "../money.ts";
import type { JournalEvent } from "../run/journal.ts";

export interface RunSummary {
  readonly orders: number;
  readonly filled: number;
  /** Codes of what was refused, each once; src/risk/refusals.ts has their meanings. */
  readonly refusals: readonly string[];
  /** The strategy's reason for leaving everything as it is. */
  readonly kept?: string;
  /** USD, at the run's end. */
  readonly equity?: string;
}

export function summaryOf(events: readonly JournalEvent[]): RunSummary {
  const refusals = new Set<string>();
  let orders = 0;
  let filled = 0;
  const children = new Set<string>();
  let kept: string | undefined;
  let equity: string | undefined;
  for (const event of events) {
    if ("refused" in event) for (const { code } of event.refused) refusals.add(code);
    if (event.type === "targets-set") kept = event.keep;
    if (event.type === "orders-planned") orders += event.orders.length;
    if (event.type === "child-planned") children.add(event.order.clientOrderId);
    if (event.type === "execution-ended" && event.status === "filled") filled += 1;
    if (event.type === "order-ended" && event.status === "filled" && !children.has(event.clientOrderId)) filled += 1;
    if (event.type === "run-closed") equity = moneyToText(event.equity);
  }
  return { orders, filled, refusals: [...refusals], ...(kept !== undefined && { kept }), ...(equity !== undefined && { equity }) };
}
