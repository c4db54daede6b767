/**
 * Everything that changes the state of the venue, as plain JSON.
 *
 * Each command carries the market's time at which it takes effect, which never goes back; the log of all commands, in
 * order, derives the state again. A command that the venue answers with a "no" may stand in the log like any other.
 * Amounts are the integers of money.ts. What a command refers to (an order, a watchlist) is named by the id that the
 * venue gave it.
 */
import { z } from "zod";
import type { Money, Price, Quantity } from "../money.ts";
import type { Instant } from "../time.ts";
import type { AccountName, Symbol } from "../trade.ts";
import { marketFaultSchema } from "./market-fault-rules.ts";

// A type alone: a transform would double the time that a command takes, and a start reads all of them.
const at = z.int() as z.ZodType as z.ZodType<Instant>;
const account = z.string().min(1) as z.ZodType as z.ZodType<AccountName>;
const symbol = z.string().min(1) as z.ZodType as z.ZodType<Symbol>;
const money = z.int() as z.ZodType as z.ZodType<Money>;
const price = z.int() as z.ZodType as z.ZodType<Price>;
const quantity = z.int() as z.ZodType as z.ZodType<Quantity>;
const side = z.enum(["buy", "sell"]);
const trail = z.discriminatedUnion("by", [z.strictObject({ by: z.literal("price"), price }), z.strictObject({ by: z.literal("percent"), ppm: z.int() })]);

const orderForm = z.strictObject({
  symbol,
  side,
  type: z.enum(["market", "limit", "stop", "stop_limit", "trailing_stop"]),
  timeInForce: z.enum(["day", "gtc", "ioc", "fok", "opg", "cls"]),
  orderClass: z.enum(["simple", "bracket", "oco", "oto"]),
  /** One of the two. */
  quantity: quantity.optional(),
  notional: money.optional(),
  limitPrice: price.optional(),
  stopPrice: price.optional(),
  trail: trail.optional(),
  extendedHours: z.boolean().optional(),
  /** The venue makes one up when the client gives none. */
  clientOrderId: z.string().min(1).max(128).optional(),
  takeProfit: z.strictObject({ limitPrice: price }).optional(),
  stopLoss: z.strictObject({ stopPrice: price, limitPrice: price.optional() }).optional(),
  positionIntent: z.enum(["buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close"]).optional(),
});
/** An order as a client asked for it. */
export type OrderForm = z.output<typeof orderForm>;

const orderChanges = z.strictObject({
  quantity: quantity.optional(),
  limitPrice: price.optional(),
  stopPrice: price.optional(),
  /** The new distance, in the kind that the order has. */
  trail: z.strictObject({ price: price.optional(), ppm: z.int().optional() }).optional(),
  timeInForce: z.enum(["day", "gtc"]).optional(),
  clientOrderId: z.string().min(1).max(128).optional(),
});
export type OrderFormChanges = z.output<typeof orderChanges>;

const terms = z.strictObject({ multiplier: z.literal([1, 2, 4]), shorting: z.boolean(), debitInterestBps: z.number(), borrowFeeBps: z.number(), selfTrade: z.enum(["allow", "cancel_newest", "cancel_oldest", "cancel_both"]).exactOptional() });

const configuration = z.strictObject({
  suspendTrade: z.boolean().optional(),
  noShorting: z.boolean().optional(),
  fractionalTrading: z.boolean().optional(),
  maxMarginMultiplier: z.enum(["1", "2", "4"]).optional(),
  tradeConfirmEmail: z.enum(["all", "none"]).optional(),
  maxOptionsTradingLevel: z.int().min(0).max(3).optional(),
  ptpNoExceptionEntry: z.boolean().optional(),
  disableOvernightTrading: z.boolean().optional(),
  dtbpCheck: z.enum(["both", "entry", "exit"]).optional(),
  pdtCheck: z.enum(["both", "entry", "exit"]).optional(),
});
export type ConfigurationChanges = z.output<typeof configuration>;

/** How much of a position to close; nothing means all of it. */
const part = z.union([z.strictObject({ quantity }), z.strictObject({ ppm: z.int() })]).optional();

const seasonName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "up to 32 small letters, digits and dashes");
const entryName = z.string().regex(/^[\w.-]{1,32}$/, "up to 32 letters, digits, dots, dashes and underscores");
const seasonRules = z.strictObject({
  /** The first instant of trading, and the first after it. */
  startsAt: at,
  endsAt: at,
  cash: money,
  multiplier: z.literal([1, 2, 4]),
  shorting: z.boolean(),
  /** All where it does not say. */
  symbols: z.array(symbol).min(1).optional(),
  /** Orders and replacements that are taken, by New York's days. */
  ordersPerDay: z.int().min(1).optional(),
});
export type SeasonRules = z.output<typeof seasonRules>;

/** What nearly all of a log consists of. */
export const orderCommandSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("place"), at, account, order: orderForm }),
  z.strictObject({ type: z.literal("replace"), at, account, order: z.string(), changes: orderChanges }),
  z.strictObject({ type: z.literal("cancel"), at, account, order: z.string() }),
]);

export const venueCommandSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("open-account"), at, account, cash: money, terms: terms.optional() }),
  z.strictObject({ type: z.literal("configure-account"), at, account, changes: configuration }),
  ...orderCommandSchema.options,
  z.strictObject({ type: z.literal("cancel-all"), at, account }),
  z.strictObject({ type: z.literal("close-position"), at, account, symbol, part }),
  z.strictObject({ type: z.literal("close-all-positions"), at, account, cancelOrders: z.boolean() }),
  z.strictObject({ type: z.literal("create-watchlist"), at, account, name: z.string(), symbols: z.array(symbol) }),
  z.strictObject({ type: z.literal("update-watchlist"), at, account, watchlist: z.string(), name: z.string().optional(), symbols: z.array(symbol).optional() }),
  z.strictObject({ type: z.literal("add-to-watchlist"), at, account, watchlist: z.string(), symbol }),
  z.strictObject({ type: z.literal("remove-from-watchlist"), at, account, watchlist: z.string(), symbol }),
  z.strictObject({ type: z.literal("delete-watchlist"), at, account, watchlist: z.string() }),
  z.strictObject({ type: z.literal("create-season"), at, season: seasonName, rules: seasonRules }),
  /** `account` is who joins, and `entry` what the others see. */
  z.strictObject({ type: z.literal("join-season"), at, account, season: seasonName, entry: entryName }),
  z.strictObject({ type: z.literal("end-season"), at, season: seasonName }),
  z.strictObject({ type: z.literal("reset-season"), at, season: seasonName, startsAt: at.optional(), endsAt: at.optional() }),
  /** The market's time moves to `at`, and the market with it. */
  z.strictObject({ type: z.literal("advance"), at }),
  z.strictObject({ type: z.literal("list"), at, symbol, leverage: z.literal([1, 2, 3]).optional(), marginable: z.boolean().optional() }),
  /** The house's own quote, where clients trade with each other. */
  z.strictObject({ type: z.literal("quote"), at, symbol, bid: price, ask: price, quantity }),
  z.strictObject({ type: z.literal("halt"), at, symbol }),
  z.strictObject({ type: z.literal("resume"), at, symbol }),
  z.strictObject({ type: z.literal("split"), at, symbol, ratio: z.number().positive(), price: price.optional() }),
  z.strictObject({ type: z.literal("dividend"), at, symbol, amount: z.number().positive() }),
  /** What goes wrong with the market from now on; an empty list ends it. */
  z.strictObject({ type: z.literal("market-faults"), at, seed: z.int(), market: z.array(marketFaultSchema).max(100) }),
]);
export type VenueCommand = z.output<typeof venueCommandSchema>;
export type CommandOf<T extends VenueCommand["type"]> = Extract<VenueCommand, { readonly type: T }>;
