/**
 * What Ballast reads of Alpaca's answers, and nothing else: a field that is not needed is not named, so neither its
 * absence nor a new one beside it stops a run. Names are the wire's.
 */
import { z } from "zod";
import { wireDate, wireInstant, wireMoney, wirePrice, wireQuantity } from "./wire-values.ts";

/** Absent and null are one. */
function optional<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return schema.nullish().transform((value) => value ?? undefined);
}

export const accountAnswer = z.looseObject({
  status: optional(z.string()),
  currency: optional(z.string()),
  cash: wireMoney,
  equity: wireMoney,
  last_equity: optional(wireMoney),
  buying_power: wireMoney,
  trading_blocked: optional(z.boolean()),
  account_blocked: optional(z.boolean()),
  trade_suspended_by_user: optional(z.boolean()),
});
export type AccountAnswer = z.infer<typeof accountAnswer>;

export const positionsAnswer = z.array(
  z.looseObject({
    symbol: z.string().min(1),
    qty: wireQuantity,
    side: optional(z.string()),
    avg_entry_price: optional(wirePrice),
    current_price: optional(wirePrice),
    lastday_price: optional(wirePrice),
  }),
);
export type PositionAnswer = z.infer<typeof positionsAnswer>[number];

export const orderAnswer = z.looseObject({
  id: z.string().min(1),
  client_order_id: z.string().min(1),
  symbol: z.string().min(1),
  side: z.enum(["buy", "sell"]),
  qty: wireQuantity,
  filled_qty: optional(wireQuantity),
  filled_avg_price: optional(wirePrice),
  status: z.string().min(1),
  submitted_at: optional(wireInstant),
  filled_at: optional(wireInstant),
  updated_at: optional(wireInstant),
});
export type OrderAnswer = z.infer<typeof orderAnswer>;

/** Orders without a quantity were placed by notional: what remains is not known until they fill. */
export const openOrdersAnswer = z.array(
  z.looseObject({
    id: z.string().min(1),
    client_order_id: z.string().min(1),
    symbol: z.string().min(1),
    side: z.enum(["buy", "sell"]),
    qty: optional(wireQuantity),
    filled_qty: optional(wireQuantity),
    submitted_at: optional(wireInstant),
  }),
);
export type OpenOrderAnswer = z.infer<typeof openOrdersAnswer>[number];

export const assetAnswer = z.looseObject({ status: z.string(), tradable: z.boolean(), fractionable: z.boolean() });

/** An acknowledgement names the order; the rest of it may be anything. */
export const submittedAnswer = z.looseObject({ client_order_id: z.string() });

export const fillsAnswer = z.array(
  z.looseObject({
    id: z.string().min(1),
    order_id: z.string().min(1),
    qty: wireQuantity,
    price: wirePrice,
    transaction_time: wireInstant,
  }),
);
export type FillAnswer = z.infer<typeof fillsAnswer>[number];

/** A cancel is acknowledged with an empty body. */
export const cancelAnswer = z.unknown();

export const barsAnswer = z.looseObject({
  bars: z
    .record(z.string(), z.array(z.looseObject({ t: wireInstant, o: z.number(), h: z.number(), l: z.number(), c: z.number(), v: z.number() })).nullable())
    .nullish(),
  next_page_token: optional(z.string()),
});
export type BarAnswer = NonNullable<NonNullable<z.infer<typeof barsAnswer>["bars"]>[string]>[number];

export const quotesAnswer = z.looseObject({
  quotes: z.record(z.string(), z.looseObject({ t: wireInstant, bp: wirePrice, ap: wirePrice }).nullable()).nullish(),
});

export const calendarAnswer = z.array(z.looseObject({ date: wireDate, open: z.string().regex(/^\d\d:?\d\d$/), close: z.string().regex(/^\d\d:?\d\d$/) }));

export const clockAnswer = z.looseObject({ timestamp: wireInstant });

export const permissionsAnswer = z.looseObject({
  status: optional(z.string()),
  multiplier: optional(z.union([z.string(), z.number()]).transform(String)),
  shorting_enabled: optional(z.boolean()),
});
export type PermissionsAnswer = z.infer<typeof permissionsAnswer>;

export const restrictionsAnswer = z.looseObject({
  no_shorting: optional(z.boolean()),
  max_margin_multiplier: optional(z.union([z.string(), z.number()]).transform(String)),
});
export type RestrictionsAnswer = z.infer<typeof restrictionsAnswer>;
