/**
 * Where client orders come in: new ones, groups, replacements and cancels, each checked before it is taken.
 *
 * Checks in Alpaca's order: the symbol; the order's form and hours; buying power, or the shares to sell; wash trades. An
 * order that is rejected here never existed. A client order id is known until its order is forgotten.
 */
import { addMoney, maxOf, minOf, moneyToText, mulDiv, notional, NANOS, quantityToText, remainderOf, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import { expectedFees } from "../rules/fees.ts";
import { isShortSalePriced } from "../rules/margin.ts";
import { tickSizeOn } from "../rules/tick-sizes.ts";
import type { AccountName, ClientOrderId, SubmitOutcome } from "../trade.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { isEnded, toldStatus, type ClientOrder } from "./client-order.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { Listing } from "./listing.ts";
import { alpacaRejection, groupRejection, malformed, oversized, rejection, untimely, type Rejection } from "./order-checks.ts";
import { gtcExpiry } from "./order-hours.ts";
import type { OrderLife } from "./order-life.ts";
import type { OrderChanges, OrderGroup, OrderTicket, StopLoss, TakeProfit } from "./order-ticket.ts";
import { closable, isClosing, type Stake, type TradingAccount } from "./trading-account.ts";
import { washTradeOf } from "./wash-trades.ts";

export class OrderDesk {
  readonly #state: ExchangeState;
  readonly #life: OrderLife;
  readonly #acknowledgements: Acknowledgements;
  readonly #answersAtOnce: boolean;

  constructor(state: ExchangeState, life: OrderLife) {
    this.#state = state;
    this.#life = life;
    this.#acknowledgements = new Acknowledgements(state, life, this.#succeedLater);
    this.#answersAtOnce = (state.settings.acknowledgeMs ?? 0) === 0;
  }

  place(name: AccountName, ticket: OrderTicket): SubmitOutcome {
    const trader = this.#state.account(name);
    const known = this.#known(name, ticket.clientOrderId);
    if (known) return known;
    const listing = this.#state.listings.get(ticket.symbol);
    const refused = this.#firstRejection(ticket, listing);
    if (refused || !listing) return this.#reject(name, ticket.clientOrderId, refused!);
    const stake = trader.stakeIn(ticket.symbol);
    const price = this.#reservePrice(ticket, trader, listing, stake);
    const fees = this.#reserveFees(ticket, price);
    const unfit = this.#unaffordable(ticket, trader, listing, stake, price, fees) ?? this.#washTrade(ticket, trader, stake);
    if (unfit) return this.#reject(name, ticket.clientOrderId, unfit);
    const order = this.#newOrder(ticket, trader, listing, stake, price, fees);
    order.acknowledged = this.#answersAtOnce;
    this.#life.open(order, false);
    this.#enter(order);
    return ACCEPTED;
  }

  placeGroup(name: AccountName, group: OrderGroup): SubmitOutcome {
    const trader = this.#state.account(name);
    const main = group.class === "oco" ? group.exit : group.entry;
    const legs = legTickets(group, main);
    const known = this.#known(name, main.clientOrderId);
    if (known) return known;
    const ids = [main, ...legs].map(({ clientOrderId }) => clientOrderId);
    if (new Set(ids).size < ids.length || ids.some((id) => this.#state.orders.get(id))) return this.#reject(name, main.clientOrderId, rejection("client_order_id_taken", "client_order_id must be unique"));
    const listing = this.#state.listings.get(main.symbol);
    const base = main.limitPrice ?? main.stopPrice ?? (listing && this.#quoted(listing, main.side)) ?? listing?.lastPrice;
    const refused =
      [main, ...legs].reduce<Rejection | undefined>((found, ticket) => found ?? this.#firstRejection(ticket, listing), undefined) ?? groupRejection(group, base);
    if (refused || !listing) return this.#reject(name, main.clientOrderId, refused!);
    const stake = trader.stakeIn(main.symbol);
    const price = this.#reservePrice(main, trader, listing, stake);
    const unfit =
      group.class === "oco" && !isClosing(main.side, stake)
        ? rejection("oco_without_position", "oco orders must exit a position")
        : this.#unaffordable(main, trader, listing, stake, price, this.#reserveFees(main, price));
    if (unfit) return this.#reject(name, main.clientOrderId, unfit);
    const orders = [main, ...legs].map((ticket) => this.#reservedOrder(ticket, trader, listing, stake));
    this.#life.group(orders);
    const [first, ...others] = orders;
    first!.role = group.class === "oco" ? "takeProfit" : "entry";
    for (const leg of others) leg.role = orders.length === 2 && group.class === "oto" ? "leg" : leg.type === "limit" ? "takeProfit" : "stopLoss";
    const entering = group.class === "oco" ? orders : [first!];
    for (const order of entering) order.acknowledged = this.#answersAtOnce;
    for (const order of orders) this.#life.open(order, !entering.includes(order));
    for (const order of entering) if (!isEnded(order)) this.#enter(order);
    return ACCEPTED;
  }

  #enter(order: ClientOrder): void {
    if (order.acknowledged) order.listing.enter(order);
    else this.#acknowledgements.place(order);
  }

  /** The order is open. */
  cancel(order: ClientOrder): void {
    if (this.#answersAtOnce) this.#life.end(order, "canceled");
    else this.#acknowledgements.cancel(order);
  }

  /** Whatever is due now of what clients have asked for. */
  takeUpDue(): void {
    this.#acknowledgements.takeUpDue();
  }

  /** The replacement is a new order, with what is filled of the old one carried over. It keeps the place in the queue when only its quantity falls. */
  replace(name: AccountName, id: ClientOrderId, changes: OrderChanges): SubmitOutcome {
    const order = this.#state.orders.get(id);
    if (order?.account !== name) return this.#reject(name, changes.clientOrderId, rejection("order_not_found", `order not found for ${id}`));
    const known = this.#known(name, changes.clientOrderId);
    if (known) return known;
    const ticket = changed(order, changes);
    const filled = subtractQuantity(order.quantity, order.remaining);
    const refused = unreplaceable(order, changes, ticket, filled) ?? this.#firstRejection(ticket, order.listing) ?? this.#unaffordableInstead(ticket, order, filled);
    if (refused) return this.#reject(name, changes.clientOrderId, refused);
    const heir = this.#reservedOrder(ticket, order.trader, order.listing, order.stake);
    heir.replaces = id;
    this.#state.orders.add(heir);
    if (this.#answersAtOnce) this.#succeed(order, heir, changes);
    else this.#acknowledgements.replace(order, heir, changes);
    return ACCEPTED;
  }

  /** The replacement was asked for a while ago, and the order is still open. */
  readonly #succeedLater = (order: ClientOrder, heir: ClientOrder, changes: OrderChanges): Rejection | undefined => {
    const ticket = changed(order, changes);
    const filled = subtractQuantity(order.quantity, order.remaining);
    const refused = unreplaceable(order, changes, ticket, filled) ?? this.#unaffordableInstead(ticket, order, filled, heir);
    if (refused) return refused;
    heir.trader.remove(heir);
    heir.acknowledged = true;
    this.#succeed(order, heir, changes);
    return undefined;
  };

  #succeed(order: ClientOrder, heir: ClientOrder, changes: OrderChanges): void {
    heir.remaining = subtractQuantity(heir.quantity, subtractQuantity(order.quantity, order.remaining));
    heir.status = order.status;
    heir.working = order.working;
    heir.group = order.group;
    heir.role = order.role;
    heir.waterMark = order.waterMark;
    heir.takeFills(order.fills);
    if (order.trail && heir.trail) heir.stopPrice = sameTrail(order, changes) ? order.stopPrice : undefined;
    const { listing } = order;
    const keepsPlace = listing.inherit(order, heir);
    order.replacedBy = heir.clientOrderId;
    this.#life.replaceInGroup(order, heir);
    this.#life.end(order, "replaced");
    heir.trader.add(heir);
    this.#life.noteExpiry(heir);
    this.#state.emit({ type: "replaced", account: order.account, order: order.clientOrderId, by: heir.clientOrderId });
    if (keepsPlace) return;
    if (heir.status === "held") listing.open.add(heir);
    else listing.enter(heir);
  }

  #reservedOrder(ticket: OrderTicket, trader: TradingAccount, listing: Listing, stake: Stake): ClientOrder {
    const price = this.#reservePrice(ticket, trader, listing, stake);
    return this.#newOrder(ticket, trader, listing, stake, price, this.#reserveFees(ticket, price));
  }

  /** `fees` of the whole order, at the most. */
  #newOrder(ticket: OrderTicket, trader: TradingAccount, listing: Listing, stake: Stake, price: Price, fees: Money): ClientOrder {
    const state = this.#state;
    state.orderCount += 1;
    const order = state.orders.blank();
    order.begin(state.orderCount, ticket, trader, listing, stake, state.now);
    if (ticket.timeInForce === "gtc") order.expiresOn = gtcExpiry(state.now);
    if (order.type === "stop" && order.side === "buy" && state.settings.checks === "alpaca") order.limitPrice = this.#collarOf(order.stopPrice!);
    order.reservePrice = price;
    order.reserveFees = fees;
    return order;
  }

  /** Alpaca turns buy stops into stop-limits: 4 % above a stop below 50 USD, 2.5 % above others. */
  #collarOf(stopPrice: Price): Price {
    const limit = mulDiv(stopPrice, stopPrice < 50_000_000 ? 1_040 : 1_025, 1_000);
    return (limit - (limit % tickSizeOn(this.#state.day, limit as Price))) as Price;
  }

  #known(name: AccountName, id: ClientOrderId): SubmitOutcome | undefined {
    const known = this.#state.orders.get(id);
    if (!known) return undefined;
    return known.account === name ? { kind: "duplicate" } : { kind: "rejected", code: "client_order_id_taken", message: "client order id belongs to another account" };
  }

  #firstRejection(ticket: OrderTicket, listing: Listing | undefined): Rejection | undefined {
    const { settings } = this.#state;
    if (!listing) return rejection("asset_not_found", `no market in ${ticket.symbol}`);
    return (
      malformed(ticket) ??
      oversized(ticket, listing.house.ask ?? listing.lastPrice) ??
      (settings.hours === "calendar" ? untimely(ticket, this.#state) : undefined) ??
      (settings.checks === "alpaca" ? alpacaRejection(ticket, this.#state.day, listing.lastPrice) : undefined)
    );
  }

  #restrictedShort({ side, symbol, limitPrice }: OrderTicket, listing: Listing, stake: Stake): Rejection | undefined {
    if (side === "buy" || !this.#state.isRestricted(symbol) || isClosing(side, stake)) return undefined;
    const bid = listing.bestBid();
    return limitPrice !== undefined && bid !== undefined && isShortSalePriced(limitPrice, bid) ? undefined : rejection("short_sale_restricted", `short sales of ${symbol} need a limit above the bid today`);
  }

  #unaffordable(ticket: OrderTicket, trader: TradingAccount, listing: Listing, stake: Stake, price: Price, fees: Money): Rejection | undefined {
    const { side, quantity } = ticket;
    if (isClosing(side, stake) || (side === "sell" && !trader.terms.shorting)) {
      const available = side === "sell" && stake.holding.quantity <= 0 ? ZERO_QUANTITY : closable(stake);
      return quantity > available ? rejection("insufficient_quantity", `insufficient qty available for order (requested: ${quantityToText(quantity)}, available: ${quantityToText(available)})`) : undefined;
    }
    const restricted = this.#restrictedShort(ticket, listing, stake);
    if (restricted) return restricted;
    if (side === "sell" && remainderOf(quantity, NANOS) !== 0) return rejection("fractional_short", "short sales must be of whole shares");
    const cost = addMoney(notional(price, quantity), fees);
    const available = this.#spendable(trader, listing);
    return cost > available ? beyond(cost, available) : undefined;
  }

  /** As if what the order and its replacement have reserved were free. */
  #unaffordableInstead(ticket: OrderTicket, order: ClientOrder, filled: Quantity, heir?: ClientOrder): Rejection | undefined {
    if (order.status === "held" || order.role === "stopLoss") return undefined;
    const wanted = subtractQuantity(ticket.quantity, filled);
    if (order.reservedShares > 0) {
      const available = closable(order.stake) + order.reservedShares + (heir?.reservedShares ?? 0);
      return wanted > available ? rejection("insufficient_quantity", `insufficient qty available for order (requested: ${quantityToText(wanted)}, available: ${quantityToText(available as Quantity)})`) : undefined;
    }
    const price = this.#reservePrice(ticket, order.trader, order.listing, order.stake);
    const fees = this.#reserveFees(ticket, price);
    const cost = addMoney(notional(price, wanted), fees);
    const available = (this.#spendable(order.trader, order.listing) + order.reservedMoney + (heir?.reservedMoney ?? 0)) as Money;
    return cost > available ? beyond(cost, available) : undefined;
  }

  #spendable(trader: TradingAccount, listing: Listing): Money {
    const power = this.buyingPower(trader);
    return listing.collateral.marginable ? power : minOf(power, trader.ownMoney(this.#state, this.#state.day));
  }

  buyingPower(account: TradingAccount): Money {
    return account.buyingPower(this.#state, this.#state.day, this.#state.phase === "core" ? "session" : "overnight");
  }

  #washTrade(ticket: OrderTicket, trader: TradingAccount, stake: Stake): Rejection | undefined {
    if (this.#state.settings.checks !== "alpaca" || !stake.washGuard.mayMeet(ticket, trader.open)) return undefined;
    const other = washTradeOf(ticket, trader.open);
    return other && rejection("wash_trade", `potential wash trade detected. use complex orders (opposite side ${other.type} order ${other.clientOrderId} exists)`);
  }

  /** The limit, else the quote, else the last price. A short sale opens at no less than 3 % above the ask. */
  #reservePrice({ side, limitPrice, stopPrice, priceBound }: OrderTicket, trader: TradingAccount, listing: Listing, stake: Stake): Price {
    if (side === "sell" && !isClosing(side, stake) && trader.terms.shorting) {
      const ask = this.#quoted(listing, "buy") ?? listing.lastPrice;
      const aboveAsk = mulDiv(ask ?? priceBound ?? 0, 103, 100) as Price;
      return limitPrice === undefined ? aboveAsk : maxOf(limitPrice, aboveAsk);
    }
    return limitPrice ?? stopPrice ?? this.#quoted(listing, side) ?? listing.lastPrice ?? priceBound ?? (0 as Price);
  }

  /** What a buy's fees can be at the most. */
  #reserveFees({ side, quantity }: OrderTicket, price: Price): Money {
    return side === "buy" && price > 0 ? expectedFees(this.#state.settings.fees, { side, quantity, price, day: this.#state.day }) : ZERO_MONEY;
  }

  #quoted(listing: Listing, side: "buy" | "sell"): Price | undefined {
    return side === "buy" ? listing.house.ask : listing.house.bid;
  }

  #reject(account: AccountName, order: ClientOrderId, { code, message }: Rejection): SubmitOutcome {
    this.#state.emit({ type: "rejected", account, order, code, message });
    return { kind: "rejected", code, message };
  }
}

const ACCEPTED: SubmitOutcome = { kind: "accepted" };

function beyond(cost: Money, available: Money): Rejection {
  return rejection("insufficient_buying_power", `insufficient buying power (cost: ${moneyToText(cost)}, available: ${moneyToText(available)})`);
}

function legTickets(group: OrderGroup, main: OrderTicket): readonly OrderTicket[] {
  const shared = { symbol: main.symbol, side: group.class === "oco" ? main.side : main.side === "buy" ? "sell" : "buy", quantity: main.quantity, timeInForce: main.timeInForce } as const;
  const profit = ({ clientOrderId, limitPrice }: TakeProfit): OrderTicket => ({ ...shared, clientOrderId, type: "limit", limitPrice });
  const loss = ({ clientOrderId, stopPrice, limitPrice }: StopLoss): OrderTicket => ({ ...shared, clientOrderId, type: limitPrice === undefined ? "stop" : "stop_limit", stopPrice, limitPrice });
  return [...("takeProfit" in group ? [profit(group.takeProfit)] : []), ...("stopLoss" in group ? [loss(group.stopLoss)] : [])];
}

function changed(order: ClientOrder, changes: OrderChanges): OrderTicket {
  const { symbol, side, type, extendedHours, priceBound } = order;
  return {
    clientOrderId: changes.clientOrderId,
    symbol,
    side,
    type,
    extendedHours,
    priceBound,
    quantity: changes.quantity ?? order.quantity,
    timeInForce: changes.timeInForce ?? order.timeInForce,
    expiresOn: changes.timeInForce === undefined && order.timeInForce === "gtd" ? order.expiresOn : undefined,
    limitPrice: changes.limitPrice ?? (type === "limit" || type === "stop_limit" ? order.limitPrice : undefined),
    stopPrice: changes.stopPrice ?? (type === "stop" || type === "stop_limit" ? order.stopPrice : undefined),
    trail: changes.trail ?? order.trail,
  };
}

/** Alpaca's rules for what may be replaced by what. */
function unreplaceable(order: ClientOrder, changes: OrderChanges, ticket: OrderTicket, filled: Quantity): Rejection | undefined {
  const { quantity, limitPrice, stopPrice, timeInForce } = order;
  const status = toldStatus(order);
  if (status !== "new" && status !== "partially_filled" && status !== "held" && status !== "done_for_day") return rejection("not_replaceable", `cannot replace order in ${status} status`);
  if (quantity % NANOS !== 0) return rejection("fractional_not_replaceable", "fractional orders cannot be replaced");
  if (ticket.quantity <= filled) return rejection("invalid_quantity", "qty must be > filled_qty");
  const isSame = ticket.quantity === quantity && (changes.limitPrice ?? limitPrice) === limitPrice && (changes.stopPrice ?? stopPrice) === stopPrice && ticket.timeInForce === timeInForce && sameTrail(order, changes);
  return isSame ? rejection("unchanged", "order parameters are not changed") : undefined;
}

function sameTrail({ trail }: ClientOrder, changes: OrderChanges): boolean {
  const given = changes.trail;
  if (!given || !trail) return given === undefined;
  return given.by === "price" ? trail.by === "price" && trail.price === given.price : trail.by === "percent" && trail.ppm === given.ppm;
}
