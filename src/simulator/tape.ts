/**
 * Plays an order script through a book: one JSON object a line in, one JSON object a line out.
 *
 * The format is described with examples in docs/order-book.md. What an exchange would refuse (a duplicate or unknown
 * id, a quantity or price that is not positive, a post-only order that would cross) is answered as "rejected"; a line
 * that is no command at all throws `TapeInvalid` with its number and ends the tape. Blank
 * lines are passed over but counted. An id may be text or an integer; 7 and "7" are two ids.
 */
import { z } from "zod";
import {
  BUY, CANCELED, CANCEL_BOTH, CANCEL_NEWEST, CANCEL_OLDEST, ENDED, FILL, FILLED, FOK, IOC, LIMIT, MARKET, NO_OWNER, NO_REASON, OPEN,
  POST_ONLY, reasonText, REJECTED, REST, SELL, STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_PPM,
} from "./order-book-codes.ts";
import { OrderBookGateway } from "./order-book-gateway.ts";
import type { Name } from "./order-book-gateway.ts";
import { OrderBook } from "./order-book.ts";

export class TapeInvalid extends Error {
  override readonly name = "TapeInvalid";
}

const id = z.union([z.string(), z.int()], { error: "expected text or an integer" });
const side = z.enum(["buy", "sell"]);
const command = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("seed"), orders: z.array(z.strictObject({ id, side, px: z.int(), qty: z.int() })) }),
  z.strictObject({
    op: z.literal("new"),
    id,
    side,
    type: z.enum(["market", "limit", "stop", "stop_limit", "trailing_stop", "trailing_stop_ppm"]),
    px: z.int().optional(),
    stop: z.int().optional(),
    trail: z.int().optional(),
    qty: z.int(),
    tif: z.enum(["gtc", "ioc", "fok"]).default("gtc"),
    account: id.optional(),
    stp: z.enum(["cancel_newest", "cancel_oldest", "cancel_both"]).optional(),
    postOnly: z.boolean().optional(),
  }),
  z.strictObject({ op: z.literal("cancel"), id }),
  z.strictObject({ op: z.literal("reduce"), id, by: z.int() }),
  z.strictObject({ op: z.literal("replace"), id, px: z.int().optional(), qty: z.int().optional() }),
]);

type Command = z.output<typeof command>;
type NewOrder = Extract<Command, { op: "new" }>;
type Seed = Extract<Command, { op: "seed" }>;

const TYPES = { market: MARKET, limit: LIMIT, stop: STOP, stop_limit: STOP_LIMIT, trailing_stop: TRAILING_STOP, trailing_stop_ppm: TRAILING_STOP_PPM };
const TIMES_IN_FORCE = { gtc: REST, ioc: IOC, fok: FOK };
const PREVENTIONS = { cancel_newest: CANCEL_NEWEST, cancel_oldest: CANCEL_OLDEST, cancel_both: CANCEL_BOTH };
/** By status code. */
const STATUSES = ["open", "filled", "canceled", "rejected", "pending"] as const;
/** What the book rejects as no price, where 0 would mean "as it is". */
const NOT_AN_AMOUNT = -1;

export class Tape {
  private readonly book = new OrderBook();
  private readonly gateway = new OrderBookGateway(this.book);
  private lines = 0;
  private fills = "";
  private triggered = "";
  private ended = "";
  private reason: number = NO_REASON;

  /** The answer to the next line of the script, or undefined where it is blank. @throws TapeInvalid */
  play(line: string): string | undefined {
    this.lines++;
    if (line.trim() === "") return undefined;
    this.fills = this.triggered = this.ended = "";
    const status = this.apply(this.parse(line));
    const reason = this.reason === NO_REASON ? "" : `,"reason":${JSON.stringify(reasonText(this.reason))}`;
    const triggered = this.triggered === "" ? "" : `,"triggered":[${this.triggered}]`;
    const ended = this.ended === "" ? "" : `,"ended":[${this.ended}]`;
    const { book } = this;
    const l1 = `${book.bestAsk()},${book.bestAskQuantity()},${book.bestBid()},${book.bestBidQuantity()}`;
    return `{"n":${this.lines},"fills":[${this.fills}],"status":"${STATUSES[status]!}"${reason}${triggered}${ended},"l1":[${l1}]}`;
  }

  /** The whole book: [price, quantity] of each level, best first. */
  depth(): string {
    const levels = (of: number) => this.book.depth(of, Infinity).map(({ price, quantity }) => [price, quantity]);
    return JSON.stringify({ book: { asks: levels(SELL), bids: levels(BUY) } });
  }

  private parse(line: string): Command {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (cause) {
      throw new TapeInvalid(`line ${this.lines} is not JSON: ${(cause as Error).message}`, { cause });
    }
    const parsed = command.safeParse(json);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map((issue) => `${issue.path.map(String).join(".") || "the line"}: ${issue.message}`);
    throw new TapeInvalid(`line ${this.lines}: ${problems.join("; ")}`);
  }

  /** Carries the command out, keeps what it did for printing and returns its status. */
  private apply(of: Command): number {
    switch (of.op) {
      case "seed":
        return this.seed(of);
      case "new":
        return this.told(of.id, this.enter(of));
      case "cancel":
        return this.told(of.id, this.gateway.cancel(of.id) === 0 ? REJECTED : CANCELED);
      case "reduce":
        return this.told(of.id, this.gateway.reduce(of.id, of.by));
      case "replace":
        return this.told(of.id, this.gateway.replace(of.id, amountOrNone(of.px), amountOrNone(of.qty)));
    }
  }

  /** Resting limit orders, one after the other. They may trade. The line is rejected when one of them is. */
  private seed({ orders }: Seed): number {
    let isRejected = false;
    let isOpen = orders.length === 0;
    let reason: number = NO_REASON;
    for (const order of orders) {
      const status = this.told(order.id, this.gateway.submit(order.id, sideCode(order.side), LIMIT, order.px, 0, order.qty, REST, NO_OWNER, 0));
      if (status === REJECTED && !isRejected) reason = this.reason;
      isRejected ||= status === REJECTED;
      isOpen ||= status === OPEN;
    }
    this.reason = reason;
    return isRejected ? REJECTED : isOpen ? OPEN : FILLED;
  }

  private enter(order: NewOrder): number {
    const owner = order.account === undefined ? NO_OWNER : this.gateway.ownerOf(order.account);
    const flags = (order.stp === undefined ? 0 : PREVENTIONS[order.stp]) + (order.postOnly === true ? POST_ONLY : 0);
    const type = TYPES[order.type];
    const price = type === LIMIT || type === STOP_LIMIT ? this.needed(order, "px") : 0;
    const stop = type === STOP || type === STOP_LIMIT ? this.needed(order, "stop") : type >= TRAILING_STOP ? this.needed(order, "trail") : 0;
    return this.gateway.submit(order.id, sideCode(order.side), type, price, stop, order.qty, TIMES_IN_FORCE[order.tif], owner, flags);
  }

  private needed(order: NewOrder, field: "px" | "stop" | "trail"): number {
    const value = order[field];
    if (value === undefined) throw new TapeInvalid(`line ${this.lines}: a ${order.type} order needs "${field}"`);
    return value;
  }

  /** Reads the log of the command whose own order is `own`. */
  private told(own: Name, status: number): number {
    const { gateway } = this;
    const { events } = this.book;
    this.reason = gateway.reason;
    for (let index = 0; index < events.count; index++) {
      const maker = gateway.nameOf(events.maker(index));
      const kind = events.kind(index);
      if (kind === FILL) {
        const taker = gateway.nameOf(events.taker(index));
        this.fills += `${separator(this.fills)}{"maker":${printed(maker)},"taker":${printed(taker)},"px":${events.price(index)},"qty":${events.quantity(index)}}`;
      } else if (kind === ENDED && maker !== own) {
        this.ended += `${separator(this.ended)}{"id":${printed(maker)},"qty":${events.quantity(index)},"reason":${JSON.stringify(reasonText(events.reason(index)))}}`;
      } else if (kind !== ENDED) {
        this.triggered += `${separator(this.triggered)}${printed(maker)}`;
      }
    }
    return status;
  }
}

function sideCode(of: "buy" | "sell"): number {
  return of === "buy" ? BUY : SELL;
}

/** 0 tells the book to leave the amount as it is. */
function amountOrNone(amount: number | undefined): number {
  return amount === undefined ? 0 : amount > 0 ? amount : NOT_AN_AMOUNT;
}

function separator(before: string): string {
  return before === "" ? "" : ",";
}

function printed(name: Name): string {
  return JSON.stringify(name);
}
