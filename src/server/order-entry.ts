/**
 * Orders as clients send them, handed to the exchange: placed, replaced, canceled, and positions closed.
 *
 * The venue checks what the exchange does not know: the account's settings, names that were used before, amounts given
 * as money. An order is known here before the exchange takes it, because its first events come while it is taken; what
 * the exchange does not want is taken back, and was never there.
 */
import { mulDivDown, NANOS, quantityFor, quantityToText, ZERO_MONEY, ZERO_QUANTITY, type Price, type Quantity } from "../money.ts";
import { LAST_TICK_DAY } from "../rules/tick-sizes.ts";
import { endsAt, gtcExpiry, hoursAt } from "../simulator/order-hours.ts";
import type { OrderChanges, OrderGroup, OrderTicket, Trail } from "../simulator/order-ticket.ts";
import { dateOfEpochDay, newYorkInstant, type EpochDay, type Instant } from "../time.ts";
import type { ClientOrderId, SubmitOutcome, Symbol } from "../trade.ts";
import type { CommandOf, OrderForm } from "./commands.ts";
import { orderPriceRefusal } from "./countable.ts";
import { NumberedIds } from "./derived-ids.ts";
import { explained } from "./rejections.ts";
import { isOfSeason } from "./seasons.ts";
import type { VenueAccount } from "./venue-account.ts";
import { hasEnded, newVenueOrder, type VenueOrder } from "./venue-order.ts";
import type { PartialFill } from "./market-faults.ts";
import { rejected, type OrderOutcome, type Rejected, type VenueReply } from "./venue-replies.ts";
import type { VenueState } from "./venue-state.ts";

type OrderReply = Extract<VenueReply, { kind: "order" }> | Rejected;

export class OrderEntry {
  readonly #state: VenueState;
  readonly #ids: NumberedIds;

  constructor(state: VenueState) {
    this.#state = state;
    this.#ids = new NumberedIds(state.settings.salt, "order");
  }

  /** `partial` strikes the order, or the first of its group. */
  place(account: VenueAccount, form: OrderForm, partial?: PartialFill): OrderReply {
    const { exchange } = this.#state;
    const refused = this.#unwelcome(account, form);
    if (refused) return refused;
    const quantity = form.quantity ?? this.#quantityFor(form);
    if (quantity === undefined) return rejected("no_price", `no price is known by which to spend a notional on ${form.symbol}`);
    const main = this.#newOrder(account, form, quantity);
    const ticket = ticketOf(main, this.#state.exchange.topOf(form.symbol).last);
    if (partial) this.#state.faults.hold(main, partial);
    if (form.orderClass === "simple") {
      this.#know(account, [main]);
      return this.#answer(account, [main], exchange.place(account.name, ticket));
    }
    const group = this.#groupOf(account, form, main, ticket);
    main.legs = group.legs.map(({ id }) => id);
    this.#know(account, [main, ...group.legs]);
    return this.#answer(account, [main, ...group.legs], exchange.placeGroup(account.name, group.group));
  }

  replace(account: VenueAccount, { order: id, changes }: CommandOf<"replace">): OrderReply {
    const order = this.#state.orders.get(id);
    if (order?.account !== account.name) return rejected("order_not_found", `order not found for ${id}`);
    if (hasEnded(order) || order.status === "accepted") return rejected("not_replaceable", `cannot replace order in ${order.status} status`);
    if (order.notional !== undefined) return rejected("not_replaceable", "notional orders cannot be replaced");
    if (changes.clientOrderId !== undefined && account.orders.byClientId(changes.clientOrderId)) return NAME_TAKEN;
    const refused = this.#priceRefusal({ symbol: order.symbol, limitPrice: changes.limitPrice ?? order.limitPrice, stopPrice: changes.stopPrice ?? order.stopPrice }) ?? (isOfSeason(account.name) ? this.#state.seasons.refusal(account.name, this.#state.exchange.now) : undefined);
    if (refused) return refused;
    const trail = changedTrail(order, changes.trail);
    const number = this.#nextNumber();
    const heirId = this.#ids.of(number);
    const heir = newVenueOrder({
      ...order,
      // What the order has filled by then is carried over when the replacement takes its place.
      filled: ZERO_QUANTITY, filledValue: ZERO_MONEY,
      number, id: heirId, clientOrderId: changes.clientOrderId ?? heirId, createdAt: this.#state.exchange.now, updatedAt: this.#state.exchange.now, replaces: order.id,
      quantity: changes.quantity ?? order.quantity,
      limitPrice: changes.limitPrice ?? order.limitPrice,
      stopPrice: changes.stopPrice ?? order.stopPrice,
      timeInForce: changes.timeInForce ?? order.timeInForce,
      trail: trail ?? order.trail,
    });
    const wanted: OrderChanges = { clientOrderId: heirId as ClientOrderId, quantity: changes.quantity, limitPrice: changes.limitPrice, stopPrice: changes.stopPrice, timeInForce: changes.timeInForce, trail };
    this.#know(account, [heir]);
    const reply = this.#answer(account, [heir], this.#state.exchange.replace(account.name, order.id as ClientOrderId, wanted));
    const parent = order.parent === undefined ? undefined : this.#state.orders.get(order.parent);
    if (reply.kind === "order" && parent) parent.legs = [...parent.legs, heir.id];
    return reply;
  }

  cancel(account: VenueAccount, id: string): OrderReply {
    const order = this.#state.orders.get(id);
    if (order?.account !== account.name) return rejected("order_not_found", `order not found for ${id}`);
    if (!isCancelable(order)) return NOT_CANCELABLE;
    this.#state.exchange.cancel(account.name, id as ClientOrderId);
    return { kind: "order", order };
  }

  cancelAll(account: VenueAccount): readonly OrderOutcome[] {
    const { open } = account.orders;
    const outcomes = open.map((order): OrderOutcome => ({ symbol: order.symbol, order, ...(!isCancelable(order) && { rejection: NOT_CANCELABLE.rejection }) }));
    for (const { order, rejection } of outcomes) if (order && !rejection) this.#state.exchange.cancel(account.name, order.id as ClientOrderId);
    return outcomes;
  }

  closePosition(account: VenueAccount, symbol: Symbol, part: CommandOf<"close-position">["part"], partial?: PartialFill): OrderReply {
    const held = this.held(account, symbol);
    if (held === 0) return rejected("position_not_found", `position does not exist: ${symbol}`);
    const all = Math.abs(held) as Quantity;
    const quantity = part === undefined ? all : "quantity" in part ? part.quantity : (mulDivDown(all, part.ppm, 1_000_000) as Quantity);
    if (!(quantity > 0 && quantity <= all)) return rejected("insufficient_quantity", `insufficient qty available for order (requested: ${quantityToText(quantity)}, available: ${quantityToText(all)})`, { symbol, existing_qty: quantityToText(all) });
    return this.place(account, { symbol, side: held > 0 ? "sell" : "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity }, partial);
  }

  closeAll(account: VenueAccount, cancelOrders: boolean, partial?: PartialFill): readonly OrderOutcome[] {
    if (cancelOrders) this.cancelAll(account);
    return this.#state.exchange.account(account.name).positions.map(({ symbol }) => {
      const reply = this.closePosition(account, symbol, undefined, partial);
      return reply.kind === "order" ? { symbol, order: reply.order } : { symbol, rejection: reply.rejection };
    });
  }

  held({ name }: VenueAccount, symbol: Symbol): Quantity {
    return this.#state.exchange.quantityHeld(name, symbol);
  }

  #unwelcome(account: VenueAccount, form: OrderForm): Rejected | undefined {
    const { configuration } = account;
    const asset = this.#state.assets.named(form.symbol);
    if (!asset) return rejected("asset_not_found", `asset "${form.symbol}" not found`);
    if (!asset.isActive) return rejected("asset_not_active", `asset "${form.symbol}" is not active`);
    if (configuration.suspendTrade) return rejected("trade_suspended", "account is not authorized to trade");
    if (form.clientOrderId !== undefined && account.orders.byClientId(form.clientOrderId)) return NAME_TAKEN;
    const isFractional = form.notional !== undefined || (form.quantity !== undefined && form.quantity % NANOS !== 0);
    if (isFractional && (this.#state.settings.exchange.wholeShares || !configuration.fractionalTrading)) return rejected("not_fractionable", `asset "${form.symbol}" is not fractionable`);
    if (form.notional !== undefined && (form.timeInForce !== "day" || form.orderClass !== "simple")) return rejected("fractional_not_day", form.orderClass === "simple" ? "fractional orders must be DAY orders" : "fractional orders must be simple orders");
    const unpriceable = this.#priceRefusal(form);
    if (unpriceable) return unpriceable;
    if (configuration.noShorting && form.side === "sell" && this.held(account, form.symbol) <= 0) return rejected("shorting_not_allowed", "account is not allowed to short");
    return isOfSeason(account.name) ? this.#state.seasons.refusal(account.name, this.#state.exchange.now, { symbol: form.symbol, side: form.side, held: this.held(account, form.symbol) }) : undefined;
  }

  #priceRefusal(form: Parameters<typeof orderPriceRefusal>[0]): Rejected | undefined {
    const { exchange } = this.#state;
    const isPriced = form.limitPrice !== undefined || form.stopPrice !== undefined;
    if (isPriced && exchange.now >= TICKS_END) return rejected("no_tick_size", `limits and stops are taken until ${dateOfEpochDay(LAST_TICK_DAY)}: the ticks of later days are not known yet`);
    return orderPriceRefusal(form, exchange);
  }

  /** By the limit, or the far side of the quote, or the last price. */
  #quantityFor({ symbol, side, notional, limitPrice, stopPrice }: OrderForm): Quantity | undefined {
    const { exchange } = this.#state;
    const quote = exchange.quoteOf(symbol);
    const top = exchange.topOf(symbol);
    const price = limitPrice ?? stopPrice ?? (side === "buy" ? (quote?.ask ?? top.ask) : (quote?.bid ?? top.bid)) ?? top.last;
    return price === undefined || notional === undefined ? undefined : quantityFor(notional, price);
  }

  #newOrder(account: VenueAccount, form: OrderForm, quantity: Quantity): VenueOrder {
    const number = this.#nextNumber();
    const id = this.#ids.of(number);
    const held = this.held(account, form.symbol);
    const isClosing = form.side === "buy" ? held < 0 : held > 0;
    const isOco = form.orderClass === "oco";
    return newVenueOrder({
      number, id, quantity,
      clientOrderId: form.clientOrderId ?? id, account: account.name, symbol: form.symbol, side: form.side, type: form.type, timeInForce: form.timeInForce, orderClass: form.orderClass,
      extendedHours: form.extendedHours ?? false, notional: form.notional,
      positionIntent: form.positionIntent ?? `${form.side}_to_${isClosing ? "close" : "open"}`,
      limitPrice: isOco ? (form.takeProfit?.limitPrice ?? form.limitPrice) : form.limitPrice,
      stopPrice: form.stopPrice, trail: form.trail,
      createdAt: this.#state.exchange.now, expiresAt: this.#expiryOf(form),
    });
  }

  #groupOf(account: VenueAccount, form: OrderForm, main: VenueOrder, ticket: OrderTicket): { readonly group: OrderGroup; readonly legs: readonly VenueOrder[] } {
    const { takeProfit, stopLoss, orderClass } = form;
    const isOco = orderClass === "oco";
    const leg = (type: VenueOrder["type"], prices: Pick<Partial<VenueOrder>, "limitPrice" | "stopPrice">): VenueOrder => {
      const number = this.#nextNumber();
      const id = this.#ids.of(number);
      const side = isOco ? main.side : main.side === "buy" ? "sell" : "buy";
      return newVenueOrder({ ...main, ...prices, number, id, clientOrderId: id, account: account.name, side, type, parent: main.id, status: "held", positionIntent: `${side}_to_close`, notional: undefined, limitPrice: prices.limitPrice, stopPrice: prices.stopPrice });
    };
    const profit = takeProfit && !isOco ? leg("limit", { limitPrice: takeProfit.limitPrice }) : undefined;
    const loss = stopLoss ? leg(stopLoss.limitPrice === undefined ? "stop" : "stop_limit", { stopPrice: stopLoss.stopPrice, limitPrice: stopLoss.limitPrice }) : undefined;
    const takes = profit && { clientOrderId: profit.id as ClientOrderId, limitPrice: profit.limitPrice! };
    const stops = loss && { clientOrderId: loss.id as ClientOrderId, stopPrice: loss.stopPrice!, limitPrice: loss.limitPrice };
    const legs = [profit, loss].filter((one) => one !== undefined);
    if (isOco) return { group: { class: "oco", exit: ticket, stopLoss: stops! }, legs };
    if (takes && stops && orderClass === "bracket") return { group: { class: "bracket", entry: ticket, takeProfit: takes, stopLoss: stops }, legs };
    return { group: takes ? { class: "oto", entry: ticket, takeProfit: takes } : { class: "oto", entry: ticket, stopLoss: stops! }, legs };
  }

  #know(account: VenueAccount, orders: readonly VenueOrder[]): void {
    for (const order of orders) {
      this.#state.orders.add(order);
      account.orders.add(order);
    }
  }

  #answer(account: VenueAccount, orders: readonly VenueOrder[], outcome: SubmitOutcome): OrderReply {
    const [main] = orders as readonly [VenueOrder];
    if (outcome.kind === "accepted") {
      if (main.type === "trailing_stop") this.#state.trailing.add(main);
      if (isOfSeason(account.name)) this.#state.seasons.count(account.name, this.#state.exchange.now);
      return { kind: "order", order: main };
    }
    account.orders.withdraw(orders);
    for (const order of orders) this.#state.orders.withdraw(order);
    this.#state.faults.forget(main.id);
    if (outcome.kind === "rejected") return { kind: "rejected", rejection: explained(this.#state, account, main, outcome.code, outcome.message) };
    throw new Error(`the exchange knew order ${main.id} before it was placed`);
  }

  #nextNumber(): number {
    this.#state.orderCount += 1;
    return this.#state.orderCount;
  }

  #expiryOf({ timeInForce, extendedHours = false }: OrderForm): Instant {
    const { now } = this.#state.exchange;
    const own = endsAt({ timeInForce, extendedHours, submittedAt: now, expiresOn: timeInForce === "gtc" ? gtcExpiry(now) : undefined });
    if (own !== undefined) return own;
    const { open, close } = hoursAt(now);
    return timeInForce === "opg" ? open : close;
  }
}

const TICKS_END = newYorkInstant((LAST_TICK_DAY + 1) as EpochDay, 0);
const NOT_CANCELABLE = rejected("not_cancelable", "order is not cancelable");
const NAME_TAKEN = rejected("client_order_id_taken", "client_order_id must be unique");

/** `lastPrice` reserves the money of a market order that meets no quote. */
function ticketOf({ id, symbol, side, quantity, type, timeInForce, limitPrice, stopPrice, trail, extendedHours }: VenueOrder, lastPrice: Price | undefined): OrderTicket {
  return { clientOrderId: id as ClientOrderId, symbol, side, quantity, type, timeInForce, limitPrice, stopPrice, trail, extendedHours, priceBound: type === "market" ? lastPrice : undefined };
}

function changedTrail({ trail }: VenueOrder, change: { readonly price?: Price | undefined; readonly ppm?: number | undefined } | undefined): Trail | undefined {
  if (!trail || !change) return undefined;
  if (trail.by === "price") return change.price === undefined ? undefined : { by: "price", price: change.price };
  return change.ppm === undefined ? undefined : { by: "percent", ppm: change.ppm };
}

/** By Alpaca's documents an order that waits for its replacement rejects a cancel. */
function isCancelable(order: VenueOrder): boolean {
  return !hasEnded(order) && order.status !== "pending_replace";
}
