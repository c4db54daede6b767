/** What the exchange says has happened, in order: every event has the next sequence number and its instant. */
import type { Money, Price, Quantity } from "../money.ts";
import type { EpochDay, Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Side, Symbol } from "../trade.ts";

interface OfOrder {
  readonly account: AccountName;
  readonly order: ClientOrderId;
}

export type ExchangeHappening =
  | (OfOrder & { readonly type: PlainOrderEvent })
  /** `code` is one of order-checks.ts. An order that was never accepted has this event alone. */
  | (OfOrder & { readonly type: "rejected"; readonly code: string; readonly message: string })
  | (OfOrder & {
      readonly type: "partial_fill" | "fill";
      readonly execution: string;
      readonly price: Price;
      readonly quantity: Quantity;
      readonly against: Counterparty;
      /** Held after the fill; negative when short. */
      readonly positionQuantity: Quantity;
    })
  /** A stop was reached by a trade at `price`. */
  | (OfOrder & { readonly type: "triggered"; readonly price: Price })
  | (OfOrder & { readonly type: "replaced"; readonly by: ClientOrderId })
  /** What was asked of the order came too late for it. It has ended otherwise, or goes on as it is; `by` ends as rejected. */
  | (OfOrder & { readonly type: "cancel_rejected"; readonly code: string; readonly message: string })
  | (OfOrder & { readonly type: "replace_rejected"; readonly by: ClientOrderId; readonly code: string; readonly message: string })
  /** The exchange changed the order: its group, a split or a new symbol asked for it. */
  | (OfOrder & { readonly type: "restated"; readonly quantity: Quantity; readonly limitPrice: Price | undefined; readonly stopPrice: Price | undefined })
  | { readonly type: "split"; readonly symbol: Symbol; readonly ratio: number }
  | { readonly type: "dividend"; readonly symbol: Symbol; readonly amount: number; readonly payDay: EpochDay | undefined }
  | { readonly type: "symbol_changed"; readonly symbol: Symbol; readonly to: Symbol }
  /** Holders were paid `price` a share, and the symbol is gone. */
  | { readonly type: "delisted"; readonly symbol: Symbol; readonly price: Price }
  | { readonly type: "halted" | "resumed"; readonly symbol: Symbol }
  | { readonly type: "auction"; readonly symbol: Symbol; readonly auction: "opening" | "closing"; readonly price: Price; readonly quantity: Quantity }
  | { readonly type: "session"; readonly phase: Phase }
  /** The account's equity was below its maintenance margin by `amount` at the end of a session. */
  | { readonly type: "margin_call"; readonly account: AccountName; readonly amount: Money; readonly dueOn: EpochDay }
  | { readonly type: "margin_call_met"; readonly account: AccountName }
  /** The house is about to place an order for the account, which has not met its call. */
  | { readonly type: "liquidation"; readonly account: AccountName; readonly by: ClientOrderId; readonly symbol: Symbol; readonly side: Side; readonly quantity: Quantity }
  | { readonly type: "charged"; readonly account: AccountName; readonly charge: "interest" | "borrow"; readonly amount: Money };

/** In an auction nobody in particular. Two clients have a fill each, one after the other's. */
export type Counterparty = "house" | "client" | "auction";

export type Phase = "closed" | "pre" | "core" | "post";

export type ExchangeEvent = ExchangeHappening & { readonly seq: number; readonly at: Instant };

/** The kinds of which nothing more is said than whose order it is. */
export type PlainOrderEvent = "accepted" | "held" | "new" | "canceled" | "expired" | "done_for_day" | "suspended" | "pending_new" | "pending_cancel" | "pending_replace";
