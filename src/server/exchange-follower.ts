/**
 * What the exchange's events mean for the venue's books: orders, activities, tape and trade updates.
 *
 * Each event is taken in as it happens, so that the exchange can be asked how things stand at that moment. Events of
 * accounts that the venue does not have, which are the market's own agents, count for the tape alone.
 */
import { addMoney, addQuantity, maxOf, moneyToNumber, notional, priceFromNumber, quantityToText, subtractMoney, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import { toldStatus, type ToldStatus } from "../simulator/client-order.ts";
import type { ExchangeEvent } from "../simulator/exchange-events.ts";
import { executionNumber } from "../simulator/order-fills.ts";
import { currentOrNextSession, sessionOn } from "../rules/calendar.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { newYorkClock, type EpochDay } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import type { VenueAccount } from "./venue-account.ts";
import { hasEnded, newVenueOrder, type VenueOrder } from "./venue-order.ts";
import type { TradeEvent } from "./venue-replies.ts";
import type { VenueState } from "./venue-state.ts";

type OfType<T extends ExchangeEvent["type"]> = Extract<ExchangeEvent, { readonly type: T }>;
type FillEvent = OfType<"fill" | "partial_fill">;
type OrderEvent = Extract<ExchangeEvent, { readonly order: unknown }>;

export class ExchangeFollower {
  #state!: VenueState;

  /** Before the exchange says anything. */
  follow(state: VenueState): void {
    this.#state = state;
  }

  append(event: ExchangeEvent): void {
    if ("order" in event) this.#ofOrder(event);
    else this.#ofMarket(event);
  }

  #ofOrder(event: OrderEvent): void {
    const { orders, accounts, tape } = this.#state;
    if (event.type === "fill" || event.type === "partial_fill") this.#print(event, tape);
    const order = orders.get(event.order);
    const account = order && accounts.get(order.account);
    if (!order && (event.type === "fill" || event.type === "canceled" || event.type === "expired")) this.#state.endedCount += 1;
    // What is rejected at the door never was an order.
    if (!account || (event.type === "rejected" && !this.#state.exchange.orderOf(event.account, event.order))) return;
    if (!hasEnded(order)) order.updatedAt = event.at;
    if (order.type === "trailing_stop") this.trail(order);
    switch (event.type) {
      case "fill":
      case "partial_fill":
        { this.#fill(account, order, event); return; }
      case "accepted":
        { this.#accepted(account, order, event); return; }
      case "new":
        comeTo(order, order.filled > 0 ? "partially_filled" : "new");
        { this.#tell(account, "new", order, event); return; }
      case "done_for_day":
      case "suspended":
        comeTo(order, event.type);
        { this.#tell(account, event.type, order, event); return; }
      case "held":
      case "pending_new":
      case "pending_cancel":
      case "pending_replace":
      case "canceled":
      case "expired":
      case "rejected":
        order.status = event.type;
        { this.#tell(account, event.type, order, event); return; }
      case "replaced":
        { this.#replaced(account, order, event); return; }
      case "cancel_rejected":
      case "replace_rejected":
        if (!hasEnded(order)) order.status = this.#standing(event.account, event.order);
        this.#state.announcements.update(account, event.at, `order_${event.type}`, order);
        return;
      case "restated":
        order.quantity = event.quantity;
        order.limitPrice = event.limitPrice;
        order.stopPrice = event.stopPrice;
        { this.#tell(account, "restated", order, event); return; }
      case "triggered":
        return;
    }
  }

  /** A trailing stop follows the market without a word. */
  trail(order: VenueOrder): void {
    const live = this.#state.exchange.orderOf(order.account, order.id as ClientOrderId);
    if (!live) return;
    order.stopPrice = live.stopPrice;
    order.waterMark = live.waterMark;
  }

  /** How things stand at the exchange at this moment. */
  #standing(account: AccountName, order: ClientOrderId): ToldStatus {
    const live = this.#state.exchange.orderOf(account, order);
    return live === undefined ? "accepted" : toldStatus(live);
  }

  #tell(account: VenueAccount, event: TradeEvent, order: VenueOrder, { at }: OrderEvent): void {
    if (hasEnded(order)) {
      this.#close(account, order);
      if (order.status === "canceled") order.canceledAt = at;
      if (order.status === "expired") order.expiredAt = at;
      if (order.status === "rejected") order.failedAt = at;
      if (order.status === "replaced") order.replacedAt = at;
    }
    this.#state.announcements.update(account, at, event, order);
  }

  #close(account: VenueAccount, order: VenueOrder): void {
    account.orders.close();
    this.#state.orders.end(order);
    this.#state.endedCount += 1;
  }

  /** An order that is new, or pending, in the next breath: only that is told. */
  #accepted(account: VenueAccount, order: VenueOrder, event: OrderEvent): void {
    const status = this.#standing(event.account, event.order);
    order.status = status;
    if (status !== "new" && status !== "pending_new") this.#tell(account, "accepted", order, event);
  }

  #fill(account: VenueAccount, order: VenueOrder, event: FillEvent): void {
    const { exchange, announcements } = this.#state;
    const { execution, price, quantity, positionQuantity, at, against } = event;
    order.filled = addQuantity(order.filled, quantity);
    order.filledValue = addMoney(order.filledValue, notional(price, quantity));
    if (event.type === "fill") order.status = "filled";
    else comeTo(order, "partially_filled");
    const signed = (order.side === "buy" ? quantity : 0 - quantity) as Quantity;
    account.basis.fill(order.symbol, signed, price, positionQuantity);
    const isShort = order.side === "sell" && positionQuantity < 0;
    account.activities.add({
      type: "FILL", number: executionNumber(execution), at, order: order.number, symbol: order.symbol, side: isShort ? "sell_short" : order.side,
      price, quantity, filled: order.filled, leaves: maxOf((order.quantity - order.filled) as Quantity, 0 as Quantity),
    });
    if (hasEnded(order)) {
      order.filledAt = at;
      this.#close(account, order);
    }
    announcements.update(account, exchange.now, event.type, order, { name: execution, order: order.id, price, quantity, positionQuantity, against });
  }

  /** The heir was made known before the exchange took it; it goes on where the order has come to. */
  #replaced(account: VenueAccount, order: VenueOrder, event: OfType<"replaced">): void {
    const heir = this.#state.orders.get(event.by)!;
    heir.status = this.#standing(event.account, event.by);
    heir.filled = order.filled;
    heir.filledValue = order.filledValue;
    heir.waterMark = order.waterMark;
    order.status = "replaced";
    order.replacedBy = heir.id;
    this.#tell(account, "replaced", order, event);
    if (heir.status === "new" || heir.status === "partially_filled") this.#tell(account, "new", heir, event);
  }

  /** One print for each trade: of two clients' fills the buyer's. */
  #print({ order: id, account, against, price, quantity, at }: FillEvent, tape: VenueState["tape"]): void {
    if (against === "auction") return;
    const order = this.#state.exchange.orderOf(account, id);
    if (order && (against === "house" || order.side === "buy")) tape.trade(order.symbol, at, price, quantity);
  }

  #ofMarket(event: Exclude<ExchangeEvent, OrderEvent>): void {
    const { tape, announcements, assets } = this.#state;
    switch (event.type) {
      case "auction":
        { this.#auction(event); return; }
      case "halted":
      case "resumed":
        { announcements.market({ type: event.type, symbol: event.symbol, at: event.at }); return; }
      case "dividend":
        { this.#dividend(event); return; }
      case "split":
        { this.#split(event); return; }
      case "charged":
        { this.#charged(event); return; }
      case "symbol_changed":
        this.#state.orders.rename(event.symbol, event.to);
        assets.rename(event.symbol, event.to);
        tape.rename(event.symbol, event.to);
        for (const account of this.#state.accounts.values()) {
          account.orders.rename(event.symbol, event.to);
          account.basis.rename(event.symbol, event.to);
        }
        return;
      case "delisted":
        { assets.end(event.symbol); return; }
      case "liquidation":
        { this.#liquidation(event); return; }
      case "margin_call":
      case "margin_call_met":
      case "session":
        return;
    }
  }

  /** Those that end a halt, or begin trading before the open, have no official price. */
  #auction({ symbol, at, auction, price, quantity }: OfType<"auction">): void {
    const { tape } = this.#state;
    tape.trade(symbol, at, price, quantity);
    const session = sessionOn(newYorkClock(at).day);
    if (at === (auction === "opening" ? session?.open : session?.close)) tape.auction(symbol, { at, auction, price, quantity });
  }

  /** The order that the house is about to place in the account's name. */
  #liquidation({ account: name, by, symbol, side, quantity, at }: OfType<"liquidation">): void {
    const account = this.#state.accounts.get(name);
    if (!account) return;
    this.#state.orderCount += 1;
    const order = newVenueOrder({
      number: this.#state.orderCount, id: by, clientOrderId: by, account: name, symbol, side, quantity, type: "market", timeInForce: "day", orderClass: "simple",
      positionIntent: `${side}_to_close`, createdAt: at, expiresAt: currentOrNextSession(at).close,
    });
    this.#state.orders.add(order);
    account.orders.add(order);
  }

  #dividend({ symbol, amount, payDay, at }: OfType<"dividend">): void {
    const previousClose = moneyToNumber(this.#state.lastCloses.get(symbol) ?? this.#state.exchange.topOf(symbol).last ?? (0 as Price));
    if (previousClose > 0) this.#note(symbol, { type: "dividend", exDay: newYorkClock(at).day, amount, previousClose, ...(payDay !== undefined && { payDay }) });
    for (const account of this.#state.accounts.values()) {
      const quantity = this.#held(account, symbol);
      const total = notional(priceFromNumber(amount), quantity);
      if (total === 0) continue;
      if (payDay === undefined) this.#bookDividend(account, { symbol, quantity, amount: total, perShare: amount });
      else account.dividendsDue = [...account.dividendsDue, { symbol, payDay, amount: total, quantity, perShare: amount }];
    }
  }

  /** What the exchange pays on that day. */
  payDividendsDue(day: EpochDay): void {
    for (const account of this.#state.accounts.values()) {
      if (account.dividendsDue.length === 0) continue;
      for (const due of account.dividendsDue) if (due.payDay <= day) this.#bookDividend(account, due);
      account.dividendsDue = account.dividendsDue.filter(({ payDay }) => payDay > day);
    }
  }

  #bookDividend(account: VenueAccount, { symbol, quantity, amount, perShare }: { readonly symbol: Symbol; readonly quantity: Quantity; readonly amount: Money; readonly perShare: number }): void {
    this.#state.book(account, "DIV", amount, `dividend of ${quantityToText(quantity)} ${symbol}`, { symbol, quantity, perShare });
  }

  /** After the shares have changed. */
  #split({ symbol, ratio, at }: OfType<"split">): void {
    this.#note(symbol, { type: "split", exDay: newYorkClock(at).day, ratio });
    for (const account of this.#state.accounts.values()) {
      const quantity = this.#held(account, symbol);
      if (quantity !== 0) this.#state.book(account, "SPLIT", ZERO_MONEY, `${ratio} new shares of ${symbol} for each old one`, { symbol, quantity });
    }
  }

  #charged({ account: name, charge, amount }: OfType<"charged">): void {
    const account = this.#state.accounts.get(name);
    if (account) this.#state.book(account, "INT", subtractMoney(ZERO_MONEY, amount), charge === "interest" ? "interest on a debit" : "fee for borrowed shares");
  }

  #note(symbol: Symbol, action: CorporateAction): void {
    this.#state.actions.set(symbol, [...(this.#state.actions.get(symbol) ?? []), action]);
  }

  #held({ name }: VenueAccount, symbol: Symbol): Quantity {
    return this.#state.exchange.account(name).positions.find((position) => position.symbol === symbol)?.quantity ?? (0 as Quantity);
  }
}

/** What was asked of an order is told of it until it is done or refused, however far the order comes meanwhile. */
function comeTo(order: VenueOrder, status: ToldStatus): void {
  if (order.status !== "pending_cancel" && order.status !== "pending_replace") order.status = status;
}
