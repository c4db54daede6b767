/**
 * Alpaca's decimal texts as the integers of money.ts and its timestamps as instants, for use in zod schemas.
 *
 * The Trading API writes amounts as texts of any length ("122086.5012345678"), market data as JSON numbers; both are
 * taken everywhere. Decimals beyond what an amount holds are rounded half away from zero, by digits and not through
 * floating point.
 */
import { z } from "zod";
import { instantOf, sessionDateOf, type Instant, type SessionDate } from "../time.ts";
import { moneyOf, priceOf, quantityOf, type Money, type Price, type Quantity } from "../money.ts";

export const wireMoney: z.ZodType<Money> = decimal(6, moneyOf);
export const wirePrice: z.ZodType<Price> = decimal(6, priceOf);
export const wireQuantity: z.ZodType<Quantity> = decimal(9, quantityOf);

/** RFC 3339 with up to nine fractional digits and a zone; cut to the millisecond. */
export const wireInstant: z.ZodType<Instant> = z.string().transform((text, context) => {
  try {
    return instantOf(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

export const wireDate: z.ZodType<SessionDate> = z.iso.date().transform(sessionDateOf);

function decimal<T extends number>(decimals: number, amountOf: (text: string) => T): z.ZodType<T> {
  return z.union([z.string(), z.number()]).transform((wire, context) => {
    const text = rounded(typeof wire === "number" ? plain(wire) : wire, decimals);
    if (text === undefined) {
      context.addIssue({ code: "custom", message: `not a decimal number: ${JSON.stringify(wire)}` });
      return z.NEVER;
    }
    return amountOf(text);
  });
}

/** String() writes numbers below 1e-6 with an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes("e-") ? value.toFixed(20) : text;
}

/** Undefined for what is no plain decimal number within the range of exact integers. */
function rounded(text: string, decimals: number): string | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  const kept = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  const magnitude = (fraction[decimals] ?? "0") >= "5" ? kept + 1n : kept;
  if (magnitude > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const digits = magnitude.toString().padStart(decimals + 1, "0");
  return `${sign === "-" ? "-" : ""}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
