/**
 * What happened to one account's money and shares, in order: its fills and everything else.
 *
 * Activities stand in the order of their times; pages are found by search, whatever their number. Ids are made
 * for who reads them, of the numbers that are kept: hardly one activity of a million is read.
 */
import { addMoney, notional, ZERO_MONEY, type Money, type Price, type Quantity } from "../money.ts";
import type { Instant, SessionDate } from "../time.ts";
import type { Side, Symbol } from "../trade.ts";
import { executionName } from "../simulator/order-fills.ts";
import { derivedUuid, executionId } from "./derived-ids.ts";
import { NumberColumn } from "./number-column.ts";
import { PackedList, type FieldKind, type PackedSnapshot } from "./packed-list.ts";
import type { OrderId } from "./venue-order.ts";
import type { VenueOrders } from "./venue-orders.ts";

export interface FillActivity {
  readonly type: "FILL";
  /** A UUID; with its instant before it, the activity's id on the wire. */
  readonly uuid: string;
  readonly at: Instant;
  readonly order: OrderId;
  readonly symbol: Symbol;
  readonly side: Side | "sell_short";
  readonly price: Price;
  readonly quantity: Quantity;
  /** Of the order, after this fill. */
  readonly filled: Quantity;
  readonly leaves: Quantity;
}

export interface NonTradeActivity {
  readonly type: "CSD" | "DIV" | "FEE" | "INT" | "SPLIT" | "NC" | "MA";
  readonly uuid: string;
  readonly at: Instant;
  readonly date: SessionDate;
  readonly amount: Money;
  readonly description: string;
  readonly symbol?: Symbol;
  readonly quantity?: Quantity;
  readonly perShare?: number;
}

export type Activity = FillActivity | NonTradeActivity;
/** With numbers for ids: a fill's are its execution's and its order's. */
export type NumberedActivity = (Omit<FillActivity, "uuid" | "order"> & { readonly number: number; readonly order: number }) | (Omit<NonTradeActivity, "uuid"> & { readonly number: number });

export interface ActivityQuery {
  readonly types?: ReadonlySet<string> | undefined;
  readonly category?: "trade_activity" | "non_trade_activity" | undefined;
  /** Exclusive, both. */
  readonly after?: Instant | undefined;
  readonly until?: Instant | undefined;
  readonly direction: "asc" | "desc";
  readonly limit: number;
  /** The id of the activity after which the page begins. */
  readonly pageToken?: string | undefined;
}

type Packed = Extract<NumberedActivity, { readonly type: "FILL" }> & Omit<NonTradeActivity, "type" | "uuid">;
const FIELDS = {
  type: "word", number: "number", at: "number", date: "word", amount: "number", description: "text", order: "number", symbol: "word", side: "word", price: "number", quantity: "number", filled: "number", leaves: "number", perShare: "number",
} as const satisfies Record<keyof Packed, FieldKind>;

const NOTED: ReadonlySet<keyof Packed> = new Set(["type", "at", "price", "quantity"]);

export class Activities {
  readonly #orders: VenueOrders;
  readonly #salt: string;
  readonly #packed: PackedList<Packed>;
  readonly #at = new NumberColumn();
  readonly #types: Activity["type"][] = [];
  /** Both sides. */
  traded = ZERO_MONEY;
  fills = 0;

  /** `salt` is the venue's. */
  constructor(orders: VenueOrders, salt: string, stored?: PackedSnapshot) {
    this.#orders = orders;
    this.#salt = salt;
    this.#packed = new PackedList<Packed>(FIELDS, stored);
    for (let place = 0; place < this.#packed.length; place += 1) this.#note(this.#packed.at(place, NOTED) as NumberedActivity);
  }

  snapshot(): PackedSnapshot {
    return this.#packed.snapshot();
  }

  add(activity: NumberedActivity): void {
    this.#packed.push(activity as Packed);
    this.#note(activity);
  }

  list({ types, category, after, until, direction, limit, pageToken }: ActivityQuery): readonly Activity[] {
    let from = after === undefined ? 0 : this.#firstAt((at) => at > after);
    let to = until === undefined ? this.#at.length : this.#firstAt((at) => at >= until);
    if (pageToken !== undefined) {
      const place = this.#placeOf(pageToken);
      if (direction === "asc") from = Math.max(from, place + 1);
      else to = Math.min(to, place);
    }
    const found: Activity[] = [];
    for (let i = 0; i < to - from && found.length < limit; i += 1) {
      const place = direction === "asc" ? from + i : to - 1 - i;
      const type = this.#types[place]!;
      if (types && !types.has(type)) continue;
      if (category && (type === "FILL") !== (category === "trade_activity")) continue;
      found.push(this.#told(place));
    }
    return found;
  }

  #note(activity: Pick<Activity, "type" | "at"> & Partial<Pick<FillActivity, "price" | "quantity">>): void {
    this.#at.push(activity.at);
    this.#types.push(activity.type);
    if (activity.type !== "FILL") return;
    this.traded = addMoney(this.traded, notional(activity.price!, activity.quantity!));
    this.fills += 1;
  }

  #told(place: number): Activity {
    const { number, ...told } = this.#packed.at(place) as NumberedActivity;
    if (told.type !== "FILL") return { ...told, uuid: derivedUuid(this.#salt, `activity/${number}`) };
    return { ...told, order: this.#orders.numbered(told.order).id, uuid: executionId(this.#salt, executionName(number)) };
  }

  /** Of an id that is not here: where it would stand. */
  #placeOf(id: string): number {
    const [stamp = "", uuid = ""] = id.split("::");
    const first = this.#firstAt((at) => activityStamp(at) >= stamp);
    for (let place = first; place < this.#at.length && activityStamp(this.#at.at(place) as Instant) === stamp; place += 1) if (this.#told(place).uuid === uuid) return place;
    return first;
  }

  #firstAt(holds: (at: Instant) => boolean): number {
    let low = 0;
    let high = this.#at.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#at.at(middle) as Instant)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export function activityId({ at, uuid }: Pick<Activity, "at" | "uuid">): string {
  return `${activityStamp(at)}::${uuid}`;
}

/** YYYYMMDDhhmmssmmm in UTC. */
function activityStamp(at: Instant): string {
  return new Date(at).toISOString().replace(/\D/g, "");
}
