/**
 * An order as the venue keeps it for ever, from what the client asked for to what became of it.
 *
 * Its state follows from the exchange's events alone (`venue-orders.ts`). Times are the market's.
 */
import { mulDiv, NANOS, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import type { ToldStatus } from "../simulator/client-order.ts";
import type { OrderType, Trail } from "../simulator/order-ticket.ts";
import type { Instant } from "../time.ts";
import type { AccountName, Side, Symbol } from "../trade.ts";
import type { OrderForm } from "./commands.ts";

/** A UUID, which is also the order's name at the exchange. */
export type OrderId = string;

export interface VenueOrder {
  /** By arrival at the venue, from 1. */
  readonly number: number;
  readonly id: OrderId;
  readonly clientOrderId: string;
  readonly account: AccountName;
  /** Changes with the name of the share. */
  symbol: Symbol;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: OrderForm["timeInForce"];
  readonly orderClass: OrderForm["orderClass"];
  readonly extendedHours: boolean;
  readonly positionIntent: NonNullable<OrderForm["positionIntent"]>;
  /** What the client asked to spend, when it named no quantity. */
  readonly notional: Money | undefined;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  quantity: Quantity;
  filled: Quantity;
  /** What the fills cost together, without fees. */
  filledValue: Money;
  limitPrice: Price | undefined;
  stopPrice: Price | undefined;
  trail: Trail | undefined;
  waterMark: Price | undefined;
  status: ToldStatus;
  updatedAt: Instant;
  filledAt: Instant | undefined;
  canceledAt: Instant | undefined;
  expiredAt: Instant | undefined;
  failedAt: Instant | undefined;
  replacedAt: Instant | undefined;
  replacedBy: OrderId | undefined;
  readonly replaces: OrderId | undefined;
  /** The first order of the group that this one is a leg of. */
  readonly parent: OrderId | undefined;
  /** Of a group's first order, with the replacements of legs after the legs. */
  legs: readonly OrderId[];
}

type Asked = Pick<VenueOrder, "number" | "id" | "clientOrderId" | "account" | "symbol" | "side" | "type" | "timeInForce" | "orderClass" | "positionIntent" | "createdAt" | "expiresAt" | "quantity"> & Partial<VenueOrder>;

/** Every order has the same properties in the same order. */
export function newVenueOrder(asked: Asked): VenueOrder {
  return {
    number: asked.number,
    id: asked.id,
    clientOrderId: asked.clientOrderId,
    account: asked.account,
    symbol: asked.symbol,
    side: asked.side,
    type: asked.type,
    timeInForce: asked.timeInForce,
    orderClass: asked.orderClass,
    extendedHours: asked.extendedHours ?? false,
    positionIntent: asked.positionIntent,
    notional: asked.notional,
    createdAt: asked.createdAt,
    expiresAt: asked.expiresAt,
    quantity: asked.quantity,
    filled: asked.filled ?? ZERO_QUANTITY,
    filledValue: asked.filledValue ?? ZERO_MONEY,
    limitPrice: asked.limitPrice,
    stopPrice: asked.stopPrice,
    trail: asked.trail,
    waterMark: asked.waterMark,
    status: asked.status ?? "accepted",
    updatedAt: asked.updatedAt ?? asked.createdAt,
    filledAt: asked.filledAt,
    canceledAt: asked.canceledAt,
    expiredAt: asked.expiredAt,
    failedAt: asked.failedAt,
    replacedAt: asked.replacedAt,
    replacedBy: asked.replacedBy,
    replaces: asked.replaces,
    parent: asked.parent,
    legs: asked.legs ?? NO_LEGS,
  };
}

const NO_LEGS: readonly OrderId[] = [];

export function averageFillPrice({ filled, filledValue }: Pick<VenueOrder, "filled" | "filledValue">): Price | undefined {
  return filled > 0 ? (mulDiv(filledValue, NANOS, filled) as Price) : undefined;
}

export function hasEnded({ status }: Pick<VenueOrder, "status">): boolean {
  return status === "filled" || status === "canceled" || status === "expired" || status === "replaced" || status === "rejected";
}
