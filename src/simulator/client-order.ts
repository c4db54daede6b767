/**
 * An order of a client as the exchange keeps it, from its acceptance to its end.
 *
 * Life: accepted (waits for a session, or accepted_for_bidding for an auction) or held (waits for its group's entry),
 * then new, partially_filled, and one end: filled, canceled, expired, replaced or rejected. Between sessions a GTC order
 * is done_for_day, in a halt an order is suspended. The exchange answers at once, so pending_new, pending_cancel,
 * pending_replace, stopped and calculated, which Alpaca also has, are never seen here.
 */
import { subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import type { EpochDay, Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Fill, Order, OrderStatus, Side, Symbol } from "../trade.ts";
import type { Listing } from "./listing.ts";
import type { OrderTicket, OrderType, TimeInForce, Trail } from "./order-ticket.ts";
import type { Stake, TradingAccount } from "./trading-account.ts";

export type VenueStatus = OpenStatus | EndStatus;
export type OpenStatus = "accepted" | "accepted_for_bidding" | "held" | "new" | "partially_filled" | "done_for_day" | "suspended";
export type EndStatus = "filled" | "canceled" | "expired" | "replaced" | "rejected";

/** What an order does now: a stop that has been reached has become a market or a limit order. */
export type Working = "market" | "limit" | "stop";

/** What of an order is saved. */
export interface OrderRecord {
  /** By arrival, from 1. */
  readonly number: number;
  readonly clientOrderId: ClientOrderId;
  readonly account: AccountName;
  /** Changes with the name of the share. */
  symbol: Symbol;
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
  fills: readonly Fill[];
  status: VenueStatus;
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

/** With its places in the running exchange. */
export interface ClientOrder extends OrderRecord {
  fills: Fill[];
  readonly trader: TradingAccount;
  readonly listing: Listing;
  /** What its account has of its symbol. */
  stake: Stake;
  /** Its handle in the book while it rests there; -1 otherwise. */
  handle: number;
  placeInAccount: number;
  placeInListing: number;
  known: number;
}

/** Whose an order is, and where it trades. */
export interface OrderPlaces {
  readonly trader: TradingAccount;
  readonly listing: Listing;
  readonly stake: Stake;
}

export function newClientOrder(number: number, ticket: OrderTicket, { trader, listing, stake }: OrderPlaces, submittedAt: Instant): ClientOrder {
  const { clientOrderId, symbol, side, quantity, type, timeInForce, limitPrice, stopPrice, trail, expiresOn, extendedHours, priceBound } = ticket;
  return {
    number, clientOrderId, account: trader.name, symbol, side, type, timeInForce, extendedHours: extendedHours ?? false, submittedAt, expiresOn, priceBound, replaces: undefined,
    quantity, remaining: quantity, fills: NO_FILLS, status: "accepted", working: type === "market" || type === "limit" ? type : "stop",
    limitPrice, stopPrice, trail, waterMark: undefined, replacedBy: undefined, group: 0, role: "simple",
    reservePrice: 0 as Price, reserveFees: ZERO_MONEY, reservedMoney: ZERO_MONEY, reservedShares: ZERO_QUANTITY,
    trader, listing, stake, handle: -1, placeInAccount: -1, placeInListing: -1, known: -1,
  };
}

/** Replaced by the first fill. */
const NO_FILLS: Fill[] = [];

export function recordOf({ trader: _trader, listing: _listing, stake: _stake, handle: _handle, placeInAccount: _inAccount, placeInListing: _inListing, known: _known, ...record }: ClientOrder): OrderRecord {
  return record;
}

export function isEnded({ status }: OrderRecord): boolean {
  return status === "filled" || status === "canceled" || status === "expired" || status === "replaced" || status === "rejected";
}

/** As the broker port has it, which knows one open state and no replacement. It does not change with the order. */
export function orderView(order: ClientOrder): Order {
  const { clientOrderId, symbol, side, quantity, status, remaining } = order;
  const fills = isEnded(order) ? order.fills : [...order.fills];
  return { clientOrderId, symbol, side, quantity, status: portStatus(status), filledQuantity: subtractQuantity(quantity, remaining), fills };
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
