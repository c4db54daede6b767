/** What clients send, parsed once: amounts as texts or numbers, times as RFC 3339 or dates. */
import { z } from "zod";
import { moneyOf, priceOf, quantityOf, type Money, type Price, type Quantity } from "../money.ts";
import { DAY_MS, epochDayOf, instantOf, newYorkClock, newYorkInstant, plusMs, sessionDateOf, type EpochDay, type Instant } from "../time.ts";
import type { Symbol } from "../trade.ts";
import { invalidRequest, type WireError } from "./wire-errors.ts";

export const wireMoney = decimal<Money>(moneyOf);
export const wirePrice = decimal<Price>(priceOf);
export const wireQuantity = decimal<Quantity>(quantityOf);
export const wireSymbol = z.string().regex(/^[A-Za-z0-9.\-/]{1,32}$/, "not a symbol").transform((text) => text.toUpperCase() as Symbol);
export const wireBoolean = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
export const wireSymbols = z.string().transform((text, context) => {
  const names = text.split(",").filter((name) => name !== "");
  const parsed = names.map((name) => wireSymbol.safeParse(name.trim()));
  if (parsed.some(({ success }) => !success)) {
    context.addIssue({ code: "custom", message: "not symbols with commas between" });
    return z.NEVER;
  }
  return parsed.map(({ data }) => data!);
});

/** Absent and null are one: `parsed` takes out what is null. */
export function given<S extends z.ZodType>(schema: S): z.ZodType<z.output<S> | undefined> {
  return schema.optional();
}

/** Of bodies, and of objects in them; what lies deeper is nobody's field. What has no null stays the same object. */
function withoutNulls(value: unknown, depth = 2): unknown {
  if (!hasNull(value, depth)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null).map(([name, field]) => [name, withoutNulls(field, depth - 1)]));
}

function hasNull(value: unknown, depth: number): value is Readonly<Record<string, unknown>> {
  if (depth === 0 || typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const name in value) {
    const field = (value as Readonly<Record<string, unknown>>)[name];
    if (field === null || hasNull(field, depth - 1)) return true;
  }
  return false;
}

/** A date means its first instant in New York. */
export const wireTime = time(0);
/** A date means its last instant. */
export const wireEnd = time(DAY_MS - 1);

function time(intoDayMs: number): z.ZodType<Instant, string> {
  return z.string().transform((text, context) => {
    try {
      return /^\d{4}-\d\d-\d\d$/.test(text) ? plusMs(newYorkInstant(epochDayOf(sessionDateOf(text)), 0), intoDayMs) : instantOf(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: "custom", message: "not a date or an RFC 3339 timestamp" });
      return z.NEVER;
    }
  });
}

/** A date, or the date in New York of a timestamp. Midnight in UTC is how clients write dates as timestamps. */
export const wireDay: z.ZodType<EpochDay, string> = z.string().transform((text, context) => {
  try {
    if (/^\d{4}-\d\d-\d\d($|T00:00:00(\.0+)?Z$)/.test(text)) return epochDayOf(sessionDateOf(text.slice(0, 10)));
    return newYorkClock(instantOf(text)).day;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    context.addIssue({ code: "custom", message: "not a date or an RFC 3339 timestamp" });
    return z.NEVER;
  }
});

/** @throws WireError 422 (or what `otherwise` makes of it) that names the first field that is wrong. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, otherwise: (message: string) => WireError = invalidRequest): z.output<S> {
  const result = schema.safeParse(withoutNulls(value));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw otherwise(field === "" ? (issue?.message ?? "invalid request") : `${field}: ${issue!.message}`);
}

function decimal<T extends number>(of: (text: string) => T): z.ZodType<T, string | number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    try {
      return of(typeof value === "number" ? plain(value) : value.trim());
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
}

/** String() writes numbers below 1e-6 with an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(9) : text;
}
