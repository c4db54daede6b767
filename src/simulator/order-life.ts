/**
 * What happens to an order after it was accepted: it opens, fills, is triggered, ends, and takes its group along.
 *
 * Groups, as Alpaca has them: the legs of a bracket or OTO order are held until the entry is filled completely, and end
 * with an entry that is not. Of two legs one fills: a fill of the take-profit makes the stop-loss smaller by as much, its
 * last fill ends it, and any other end of a leg ends the other. A stop-loss that is triggered ends the take-profit at
 * once, so that the two can never sell the same shares.
 */
import { addMoney, maxOf, notional, NANOS, quantityFor, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Price, type Quantity } from "../money.ts";
import { nextSession } from "../rules/calendar.ts";
import { expectedFees } from "../rules/fees.ts";
import { isShortSalePriced, tripsShortSaleTest } from "../rules/margin.ts";
import type { Symbol } from "../trade.ts";
import { refuseRequest } from "./acknowledgements.ts";
import { isEnded, type ClientOrder, type EndStatus } from "./client-order.ts";
import type { Counterparty } from "./exchange-events.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { MatchRules } from "./listing.ts";
import { NO_FILL } from "./order-fills.ts";
import { endsAt, tradesIn } from "./order-hours.ts";
import { isClosing } from "./trading-account.ts";

export class OrderLife implements MatchRules {
  readonly #state: ExchangeState;
  /** The orders of each group that has open ones. */
  readonly #groups = new Map<number, readonly ClientOrder[]>();
  /** The earliest instant at which an order ends by itself, or earlier. */
  nextExpiry = Infinity;

  constructor(state: ExchangeState) {
    this.#state = state;
  }

  get quotesStand(): boolean {
    return this.#state.settings.standingQuotes === true;
  }

  /** The order is known from here on; a held one waits for its entry. */
  open(order: ClientOrder, isHeld: boolean): void {
    const { listing } = order;
    this.#state.orders.add(order);
    const status = isHeld ? "held" : this.#standingOf(order);
    order.status = order.acknowledged || status === "accepted" ? status : "pending_new";
    order.trader.add(order);
    this.noteExpiry(order);
    if (isHeld) {
      this.#state.emitOrder("held", order);
      listing.open.add(order);
      return;
    }
    this.#state.emitOrder("accepted", order);
    if (order.status === "new" || order.status === "pending_new") this.#state.emitOrder(order.status, order);
  }

  /** The exchange takes up an order that came a while ago. One that may not wait and comes too late for its hours is canceled. */
  acknowledge(order: ClientOrder): void {
    order.acknowledged = true;
    const status = this.#standingOf(order);
    if (order.status !== status) {
      order.status = status;
      this.#state.emitOrder(status === "new" ? "new" : "accepted", order);
    }
    order.listing.start(order);
    if ((order.timeInForce === "ioc" || order.timeInForce === "fok") && !this.isLive(order)) this.end(order, "canceled");
  }

  /** Of an order that waits for no other, as it comes in. */
  #standingOf(order: ClientOrder): "accepted" | "accepted_for_bidding" | "new" {
    if (order.timeInForce === "opg" || order.timeInForce === "cls") return "accepted_for_bidding";
    return tradesIn(this.#state.phase, order) ? "new" : "accepted";
  }

  noteExpiry(order: ClientOrder): void {
    if (order.timeInForce !== "day" || order.extendedHours) this.nextExpiry = Math.min(this.nextExpiry, endsAt(order) ?? Infinity);
  }

  /** Ends what has come to its end, and finds out what is next. */
  expireDue(): void {
    this.nextExpiry = Infinity;
    for (const { open } of this.#state.accounts.values()) {
      for (const order of [...open]) {
        // Alpaca cancels a GTC order on its ninetieth day; other orders expire.
        if ((endsAt(order) ?? Infinity) <= this.#state.now) this.end(order, order.timeInForce === "gtc" ? "canceled" : "expired");
        else this.noteExpiry(order);
      }
    }
  }

  /** The end of a session: its orders expire, and longer ones wait for the next. */
  endSession(): void {
    for (const { open } of this.#state.accounts.values()) {
      for (const order of [...open]) {
        if (order.timeInForce === "opg" || order.timeInForce === "cls" || (order.timeInForce === "day" && endsAt(order) === undefined)) this.end(order, "expired");
        else if (this.#state.settings.hours === "calendar" && !order.extendedHours && (order.status === "new" || order.status === "partially_filled")) this.#restAs(order, "done_for_day");
      }
    }
  }

  /** Orders that waited are new when their hours begin. */
  wake(order: ClientOrder): void {
    if (order.status !== "accepted" && order.status !== "done_for_day" && order.status !== "suspended") return;
    order.status = order.firstFill !== NO_FILL ? "partially_filled" : "new";
    this.#state.emitOrder("new", order);
  }

  suspend(order: ClientOrder): void {
    if (order.status === "new" || order.status === "partially_filled") this.#restAs(order, "suspended");
  }

  #restAs(order: ClientOrder, status: "done_for_day" | "suspended"): void {
    order.status = status;
    this.#state.emitOrder(status, order);
  }

  group(orders: readonly ClientOrder[]): void {
    for (const order of orders) order.group = orders[0]!.number;
    this.#groups.set(orders[0]!.number, orders);
  }

  /** From the orders that are known, as after a restore. */
  regroup(orders: Iterable<ClientOrder>): void {
    for (const order of orders) {
      if (order.group !== 0) this.#groups.set(order.group, [...(this.#groups.get(order.group) ?? []), order]);
      if (!isEnded(order)) this.noteExpiry(order);
    }
  }

  replaceInGroup(order: ClientOrder, heir: ClientOrder): void {
    const members = this.#groups.get(order.group);
    if (members) this.#groups.set(order.group, members.map((member) => (member === order ? heir : member)));
  }

  isLive(order: ClientOrder): boolean {
    return order.acknowledged && order.status !== "held" && tradesIn(this.#state.phase, order);
  }

  /** Under the short-sale restriction a sale that opens a short position needs a limit above the best bid. */
  isBarred(order: ClientOrder): boolean {
    if (order.side === "buy" || !this.#state.isRestricted(order.symbol) || isClosing(order.side, order.stake)) return false;
    const bid = order.listing.bestBid();
    return order.limitPrice === undefined || bid === undefined || !isShortSalePriced(order.limitPrice, bid);
  }

  /** The market has traded down to `low`, which may restrict short sales of the symbol today and in the next session. */
  watchFall(symbol: Symbol, low: Price): void {
    if (!this.#state.settings.shortSaleRestriction) return;
    const { day, restrictedUntil } = this.#state;
    const listing = this.#state.listing(symbol);
    const { previousClose } = listing;
    if (previousClose === undefined || !tripsShortSaleTest(day, previousClose, low)) return;
    restrictedUntil.set(symbol, nextSession(day).day);
    listing.barShorts();
  }

  /** What a cash account can pay for at `price` with the cash that no limit order has set aside, fees included; a margin account was checked when it ordered. */
  affordable(order: ClientOrder, price: Price): Quantity {
    const { terms, free } = order.trader;
    if (terms.multiplier !== 1 || order.stake.holding.quantity < 0) return order.remaining;
    const fees = expectedFees(this.#state.settings.fees, { side: "buy", quantity: order.remaining, price, day: this.#state.day });
    const cost = addMoney(notional(price, order.remaining), fees);
    return cost <= free ? order.remaining : quantityFor(maxOf(subtractMoney(free, fees), ZERO_MONEY), price);
  }

  heldBackTo({ clientOrderId, remaining }: ClientOrder): Quantity | undefined {
    return this.#state.settings.heldBack?.partOf(clientOrderId, remaining);
  }

  holdRest({ clientOrderId }: ClientOrder): void {
    this.#state.settings.heldBack?.traded(clientOrderId, this.#state.now);
  }

  partOf({ remaining }: ClientOrder): Quantity {
    const { chance } = this.#state;
    if (!chance || remaining < 2 * NANOS || chance.integer(1, 10) > 1) return remaining;
    return (chance.integer(1, Math.floor((remaining - 1) / NANOS)) * NANOS) as Quantity;
  }

  fill(order: ClientOrder, price: Price, against: Counterparty): void {
    const state = this.#state;
    const quantity = order.matched;
    const { side, clientOrderId, trader: account, stake: { holding } } = order;
    state.executions += 1;
    const execution = state.executions;
    order.remaining = subtractQuantity(order.remaining, quantity);
    order.addFill(execution, quantity, price, state.now);
    if (order.status !== "partially_filled" && !isEnded(order)) order.status = "partially_filled";
    account.ledger.applyFillTo(holding, side, quantity, price);
    order.listing.noteHeld(holding.quantity);
    account.ledger.chargeFee(account.fees.charge(state.settings.fees, clientOrderId, side, quantity, price, state.day, state.settings.feesBehindTable));
    const isFilled = order.remaining === ZERO_QUANTITY;
    state.emitFill(isFilled ? "fill" : "partial_fill", order, execution, price, quantity, against);
    if (isFilled) this.end(order, "filled");
    else {
      account.reserve(order);
      if (order.role === "takeProfit") this.#shrinkSibling(order);
    }
  }

  /** A triggered stop works on as a market or a limit order. */
  trigger(order: ClientOrder, price: Price): boolean {
    order.trader.putToWork(order, order.limitPrice === undefined ? "market" : "limit");
    this.#state.emit({ type: "triggered", account: order.account, order: order.clientOrderId, price });
    if (order.role === "stopLoss") {
      order.role = "leg";
      for (const sibling of this.#others(order)) this.#endAlone(sibling, "canceled");
      order.trader.reserve(order);
    }
    return true;
  }

  cancel(order: ClientOrder): void {
    this.end(order, "canceled");
  }

  /** Ends the order, and what of its group cannot live without it. */
  end(order: ClientOrder, status: EndStatus): void {
    if (isEnded(order)) return;
    this.#endAlone(order, status);
    if (order.group === 0 || status === "replaced") return;
    const others = this.#others(order);
    if (order.role !== "entry" || status !== "filled") {
      for (const other of others) this.#endAlone(other, "canceled");
      this.#groups.delete(order.group);
      return;
    }
    for (const leg of others) this.#release(leg);
  }

  /** `rejected` of an order that had been accepted. */
  reject(order: ClientOrder, code: string, message: string): void {
    this.#state.emit({ type: "rejected", account: order.account, order: order.clientOrderId, code, message });
    this.end(order, "rejected");
  }

  /** The order as it is now, after the exchange changed it. */
  restate(order: ClientOrder): void {
    const { account, clientOrderId, quantity, limitPrice, stopPrice } = order;
    order.trader.reserve(order);
    if (order.requested === "replace") refuseRequest(this.#state, this, order, { code: "order_restated", message: "the order was changed in the meantime" });
    this.#state.emit({ type: "restated", account, order: clientOrderId, quantity, limitPrice, stopPrice });
  }

  #endAlone(order: ClientOrder, status: EndStatus): void {
    if (isEnded(order)) return;
    order.status = status;
    this.#state.orders.end(order);
    order.trader.remove(order);
    order.listing.remove(order);
    if (status === "canceled" || status === "expired") this.#state.emitOrder(status, order);
    if (order.requested !== undefined) refuseRequest(this.#state, this, order, { code: "order_ended", message: `order is ${status}` });
  }

  #release(leg: ClientOrder): void {
    leg.status = "new";
    leg.trader.reserve(leg);
    this.#state.emitOrder("new", leg);
    if (!isEnded(leg)) leg.listing.start(leg);
  }

  #shrinkSibling({ group, remaining }: ClientOrder): void {
    for (const sibling of this.#groups.get(group) ?? []) {
      if (sibling.role !== "stopLoss" || isEnded(sibling)) continue;
      sibling.quantity = subtractQuantity(sibling.quantity, subtractQuantity(sibling.remaining, remaining));
      sibling.remaining = remaining;
      this.restate(sibling);
    }
  }

  #others(order: ClientOrder): readonly ClientOrder[] {
    return (this.#groups.get(order.group) ?? []).filter((member) => member !== order && !isEnded(member));
  }
}
