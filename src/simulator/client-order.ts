/**
 * An order of a client as the exchange keeps it, from its acceptance to its end.
 *
 * Life: accepted (waits for a session, or accepted_for_bidding for an auction) or held (waits for its group's entry),
 * then new, partially_filled, and one end: filled, canceled, expired, replaced or rejected. Between sessions a GTC order
 * is done_for_day, in a halt an order is suspended. Where the exchange takes its time (acknowledgements.ts) an order is
 * pending_new before it is new, and pending_cancel or pending_replace after it was asked for. stopped and calculated,
 * which Alpaca also has, are never seen here.
 */
import { subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import type { EpochDay, Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Fill, Order, OrderStatus, Side, Symbol } from "../trade.ts";
import type { Listing } from "./listing.ts";
import type { OrderAmounts } from "./order-amounts.ts";
import { executionNumber, NO_FILL, type OrderFills } from "./order-fills.ts";
import type { OrderTicket, OrderType, TimeInForce, Trail } from "./order-ticket.ts";
import type { Stake, TradingAccount } from "./trading-account.ts";
import type { Interest } from "./wash-trades.ts";

export type VenueStatus = OpenStatus | EndStatus;
export type OpenStatus = "accepted" | "accepted_for_bidding" | "pending_new" | "held" | "new" | "partially_filled" | "done_for_day" | "suspended";
/** What is told of an order: also what was asked of it and has not been done yet. */
export type ToldStatus = VenueStatus | "pending_cancel" | "pending_replace";
export type EndStatus = "filled" | "canceled" | "expired" | "replaced" | "rejected";

/** What an order does now: a stop that has been reached has become a market or a limit order. */
export type Working = "market" | "limit" | "stop";

/** What of an order is saved. */
export interface OrderRecord {
  /** By arrival, from 1. */
  readonly number: number;
  readonly clientOrderId: ClientOrderId;
  readonly account: AccountName;
  readonly symbol: Symbol;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly submittedAt: Instant;
  readonly expiresOn: EpochDay | undefined;
  readonly priceBound: Price | undefined;
  readonly replaces: ClientOrderId | undefined;
  quantity: Quantity;
  remaining: Quantity;
  readonly fills: readonly Fill[];
  /** How far the order has come, whatever has been asked since. */
  status: VenueStatus;
  /** False until the exchange takes it up; it takes no part in matching before. */
  acknowledged: boolean;
  /** What was asked of it and has not been done yet. */
  requested: "cancel" | "replace" | undefined;
  working: Working;
  /** Of an order that has or will have one. */
  limitPrice: Price | undefined;
  /** A trailing stop's moves. */
  stopPrice: Price | undefined;
  trail: Trail | undefined;
  /** The best price that a trailing stop has seen. */
  waterMark: Price | undefined;
  replacedBy: ClientOrderId | undefined;
  /** The order group it belongs to, by the number of the group's first order; 0 for none. */
  group: number;
  role: "simple" | "entry" | "leg" | "takeProfit" | "stopLoss";
  /** The price by which money is reserved while the order is open. */
  reservePrice: Price;
  /** What a buy's fees can be at the most. */
  reserveFees: Money;
  /** What is reserved now. */
  reservedMoney: Money;
  reservedShares: Quantity;
}

/** What few orders have; the others share NOTHING_RARE. */
interface RareTerms {
  extendedHours: boolean;
  expiresOn: EpochDay | undefined;
  priceBound: Price | undefined;
  stopPrice: Price | undefined;
  trail: Trail | undefined;
  waterMark: Price | undefined;
  replaces: ClientOrderId | undefined;
  replacedBy: ClientOrderId | undefined;
}

const NOTHING_RARE: Readonly<RareTerms> = { extendedHours: false, expiresOn: undefined, priceBound: undefined, stopPrice: undefined, trail: undefined, waterMark: undefined, replaces: undefined, replacedBy: undefined };

/**
 * With its places in the running exchange.
 *
 * An order that has ended and was forgotten gives its object to a later one: whoever looks at an order looks before it
 * is handed over.
 *
 * An order that has rested for a while is no longer in the processor's caches, so it is kept small: what a cancel looks
 * at stands first and together, amounts are in the exchange's rows, and what few orders have is an object of its own.
 */
export class ClientOrder implements OrderRecord {
  status: VenueStatus = "accepted";
  trader!: TradingAccount;
  listing!: Listing;
  /** What its account has of its symbol. */
  stake!: Stake;
  /** Where the wash-trade guard counts it. */
  interest: Interest | undefined = undefined;
  clientOrderId!: ClientOrderId;
  working: Working = "limit";
  side: Side = "buy";
  group = 0;
  role: OrderRecord["role"] = "simple";
  requested: OrderRecord["requested"] = undefined;
  /** Its handle in the book while it rests there; -1 otherwise. */
  handle = -1;
  placeInAccount = -1;
  placeInListing = -1;
  /** Of its client order id. */
  hash = 0;
  firstFill = NO_FILL;
  lastFill = NO_FILL;
  // By plain names: with the longer way to a #name the accessors below would be too long to be put into every caller.
  private readonly row: number;
  private readonly rows: OrderAmounts;
  /** Where all orders keep their fills. */
  readonly #fills: OrderFills;
  acknowledged = true;
  type: OrderType = "limit";
  timeInForce: TimeInForce = "day";
  limitPrice: Price | undefined = undefined;
  number = 0;
  #rare: Readonly<RareTerms> = NOTHING_RARE;

  constructor(fills: OrderFills, amounts: OrderAmounts) {
    this.#fills = fills;
    this.rows = amounts;
    this.row = amounts.row();
  }

  /** As it is when it comes in. */
  begin(number: number, ticket: OrderTicket, trader: TradingAccount, listing: Listing, stake: Stake, submittedAt: Instant): void {
    const { type, quantity } = ticket;
    this.number = number;
    this.clientOrderId = ticket.clientOrderId;
    this.side = ticket.side;
    this.type = type;
    this.timeInForce = ticket.timeInForce;
    this.submittedAt = submittedAt;
    this.quantity = quantity;
    this.remaining = quantity;
    this.status = "accepted";
    this.acknowledged = true;
    this.requested = undefined;
    this.working = type === "market" || type === "limit" ? type : "stop";
    this.limitPrice = ticket.limitPrice;
    this.#rare = rareTermsOf(ticket);
    this.group = 0;
    this.role = "simple";
    this.reservePrice = 0 as Price;
    this.reserveFees = ZERO_MONEY;
    this.reservedMoney = ZERO_MONEY;
    this.reservedShares = ZERO_QUANTITY;
    this.trader = trader;
    this.listing = listing;
    this.stake = stake;
    this.handle = -1;
    this.placeInAccount = -1;
    this.placeInListing = -1;
    this.interest = undefined;
    this.firstFill = NO_FILL;
    this.lastFill = NO_FILL;
  }

  get account(): AccountName {
    return this.trader.name;
  }

  /** Changes with the name of the share. */
  get symbol(): Symbol {
    return this.stake.holding.symbol;
  }

  get remaining(): Quantity {
    return this.rows.values[this.row] as Quantity;
  }

  set remaining(value: Quantity) {
    this.rows.values[this.row] = value;
  }

  get reservedMoney(): Money {
    return this.rows.values[this.row + 1] as Money;
  }

  set reservedMoney(value: Money) {
    this.rows.values[this.row + 1] = value;
  }

  get reservedShares(): Quantity {
    return this.rows.values[this.row + 2] as Quantity;
  }

  set reservedShares(value: Quantity) {
    this.rows.values[this.row + 2] = value;
  }

  get reservePrice(): Price {
    return this.rows.values[this.row + 3] as Price;
  }

  set reservePrice(value: Price) {
    this.rows.values[this.row + 3] = value;
  }

  get reserveFees(): Money {
    return this.rows.values[this.row + 4] as Money;
  }

  set reserveFees(value: Money) {
    this.rows.values[this.row + 4] = value;
  }

  get quantity(): Quantity {
    return this.rows.values[this.row + 5] as Quantity;
  }

  set quantity(value: Quantity) {
    this.rows.values[this.row + 5] = value;
  }

  get submittedAt(): Instant {
    return this.rows.values[this.row + 6] as Instant;
  }

  set submittedAt(value: Instant) {
    this.rows.values[this.row + 6] = value;
  }

  /** What of it has just been matched, on its way from the book to its fill: passed on as a number it would be an object. */
  get matched(): Quantity {
    return this.rows.values[this.row + 7] as Quantity;
  }

  set matched(value: Quantity) {
    this.rows.values[this.row + 7] = value;
  }

  get extendedHours(): boolean {
    return this.#rare.extendedHours;
  }

  get priceBound(): Price | undefined {
    return this.#rare.priceBound;
  }

  get expiresOn(): EpochDay | undefined {
    return this.#rare.expiresOn;
  }

  set expiresOn(expiresOn: EpochDay | undefined) {
    this.#setRare({ expiresOn });
  }

  get stopPrice(): Price | undefined {
    return this.#rare.stopPrice;
  }

  set stopPrice(stopPrice: Price | undefined) {
    this.#setRare({ stopPrice });
  }

  get trail(): Trail | undefined {
    return this.#rare.trail;
  }

  get waterMark(): Price | undefined {
    return this.#rare.waterMark;
  }

  set waterMark(waterMark: Price | undefined) {
    this.#setRare({ waterMark });
  }

  get replaces(): ClientOrderId | undefined {
    return this.#rare.replaces;
  }

  set replaces(replaces: ClientOrderId | undefined) {
    this.#setRare({ replaces });
  }

  get replacedBy(): ClientOrderId | undefined {
    return this.#rare.replacedBy;
  }

  set replacedBy(replacedBy: ClientOrderId | undefined) {
    this.#setRare({ replacedBy });
  }

  #setRare(changed: Partial<RareTerms>): void {
    this.#rare = { ...this.#rare, ...changed };
  }

  /** Oldest first. */
  get fills(): Fill[] {
    return this.#fills.from(this.firstFill);
  }

  addFill(execution: number, quantity: Quantity, price: Price, at: Instant): void {
    const row = this.#fills.add(this.lastFill, execution, quantity, price, at);
    if (this.firstFill === NO_FILL) this.firstFill = row;
    this.lastFill = row;
  }

  takeFills(fills: readonly Fill[]): void {
    for (const { id, quantity, price, at } of fills) this.addFill(executionNumber(id), quantity, price, at);
  }

  forgetFills(): void {
    this.#fills.release(this.firstFill, this.lastFill);
    this.firstFill = NO_FILL;
    this.lastFill = NO_FILL;
  }

  /** An order as it was saved. JSON leaves out what is undefined. */
  resume(stored: OrderRecord): void {
    this.#rare = { ...this.#rare, replaces: stored.replaces, waterMark: stored.waterMark, replacedBy: stored.replacedBy };
    this.remaining = stored.remaining;
    this.status = stored.status;
    this.acknowledged = stored.acknowledged;
    this.requested = stored.requested;
    this.working = stored.working;
    this.group = stored.group;
    this.role = stored.role;
    this.reservePrice = stored.reservePrice;
    this.reserveFees = stored.reserveFees;
    this.reservedMoney = stored.reservedMoney;
    this.reservedShares = stored.reservedShares;
    this.takeFills(stored.fills);
  }
}

function rareTermsOf({ extendedHours, expiresOn, priceBound, stopPrice, trail }: OrderTicket): Readonly<RareTerms> {
  if (!extendedHours && expiresOn === undefined && priceBound === undefined && stopPrice === undefined && trail === undefined) return NOTHING_RARE;
  return { ...NOTHING_RARE, extendedHours: extendedHours ?? false, expiresOn, priceBound, stopPrice, trail };
}

export function recordOf(order: ClientOrder): OrderRecord {
  const {
    number, clientOrderId, account, symbol, side, type, timeInForce, extendedHours, submittedAt, expiresOn, priceBound, replaces, quantity, remaining, fills, status, acknowledged, requested, working,
    limitPrice, stopPrice, trail, waterMark, replacedBy, group, role, reservePrice, reserveFees, reservedMoney, reservedShares,
  } = order;
  return {
    number, clientOrderId, account, symbol, side, type, timeInForce, extendedHours, submittedAt, expiresOn, priceBound, replaces, quantity, remaining, fills, status, acknowledged, requested, working,
    limitPrice, stopPrice, trail, waterMark, replacedBy, group, role, reservePrice, reserveFees, reservedMoney, reservedShares,
  };
}

/** As in FIX, what is being asked for goes before how far the order has come. */
export function toldStatus({ status, requested }: Pick<OrderRecord, "status" | "requested">): ToldStatus {
  return requested === undefined ? status : requested === "cancel" ? "pending_cancel" : "pending_replace";
}

export function isEnded({ status }: OrderRecord): boolean {
  return status === "filled" || status === "canceled" || status === "expired" || status === "replaced" || status === "rejected";
}

/** As the broker port has it, which knows one open state and no replacement. It does not change with the order. */
export function orderView(order: Readonly<ClientOrder>): Order {
  const { clientOrderId, symbol, side, quantity, status, remaining } = order;
  return { clientOrderId, symbol, side, quantity, status: portStatus(status), filledQuantity: subtractQuantity(quantity, remaining), fills: order.fills };
}

function portStatus(status: VenueStatus): OrderStatus {
  switch (status) {
    case "filled":
    case "canceled":
    case "expired":
    case "rejected":
      return status;
    case "replaced":
      return "canceled";
    default:
      return "open";
  }
}
