/** The whole state of an order book as plain data, for JSON. Codes are those of order-book-codes. */

export const BOOK_SNAPSHOT_VERSION = 1;

export interface BookSnapshot {
  readonly version: typeof BOOK_SNAPSHOT_VERSION;
  readonly tickSize: number;
  /** 0 when there was no trade yet. */
  readonly lastTrade: number;
  readonly stopsEntered: number;
  /** Bids, then asks; best price first; longest standing first. */
  readonly resting: readonly RestingRow[];
  /** Buys, then sells; the next to be reached first. */
  readonly pending: readonly PendingRow[];
}

export type RestingRow = readonly [id: number, side: number, price: number, quantity: number, owner: number, flags: number];

export interface PendingRow {
  readonly id: number;
  readonly side: number;
  readonly type: number;
  /** The limit; of a trailing stop, its water mark, or 0 before the first. */
  readonly price: number;
  /** The stop price; of a trailing stop, its distance. */
  readonly stopPrice: number;
  readonly quantity: number;
  readonly timeInForce: number;
  readonly owner: number;
  readonly flags: number;
  /** Its place among all stops ever entered. */
  readonly sequence: number;
}
