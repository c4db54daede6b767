/**
 * Names that can be derived again after a crash.
 *
 * A run is its account, its strategy and its *scheduled* instant, so a trigger delivered twice names the same run. A
 * client order id is a hash of run, symbol, side and child number; quantity and price stay out on purpose, because a
 * retry must collide with the first order.
 */
import { hash } from "node:crypto";
import type { AccountName, ClientOrderId, RunId, Side, Symbol } from "../trade.ts";
import { isoOf, type Instant } from "../time.ts";

export function runIdOf(account: AccountName, strategy: string, scheduledAt: Instant): RunId {
  return `${account}/${strategy}/${isoOf(scheduledAt)}` as RunId;
}

/** 36 characters. Child numbers count the orders that one intent becomes, from 0. */
export function clientOrderIdOf(run: RunId, symbol: Symbol, side: Side, child: number): ClientOrderId {
  return `bal-${hash("sha256", `${run}|${symbol}|${side}|${child}`).slice(0, 32)}` as ClientOrderId;
}
