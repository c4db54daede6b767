/**
 * Amounts as integers.
 *
 * `Money` and `Price` are micro-dollars (1 USD = 1,000,000), `Quantity` is nano-shares (1 share = 1,000,000,000, the
 * nine decimals that Alpaca takes), `Weight` is parts per million of equity. Every value is a safe integer; arithmetic
 * that would leave that range throws `AmountOutOfRange`. Rounding is to the nearest micro, halves away from zero,
 * unless the name of a function says otherwise. Floating point enters through `weightFromFraction`, `priceFromNumber`
 * and `moneyFromNumber` only, and leaves through the `…ToNumber` functions, which are for display and statistics.
 */
declare const brand: unique symbol;

export type Money = number & { readonly [brand]: "Money" };
export type Price = number & { readonly [brand]: "Price" };
export type Quantity = number & { readonly [brand]: "Quantity" };
export type Weight = number & { readonly [brand]: "Weight" };

// The compiler puts a function of so few steps into every caller, and what is not handed over is no object. So these have
// names of their own, and sums check themselves.
const { isSafeInteger } = Number;
const { trunc } = Math;

export const MICROS = 1_000_000;
export const NANOS = 1_000_000_000;

export class AmountOutOfRange extends RangeError {
  override readonly name = "AmountOutOfRange";
}

export const ZERO_MONEY = 0 as Money;
export const ZERO_QUANTITY = 0 as Quantity;
export const ZERO_WEIGHT = 0 as Weight;
export const FULL_WEIGHT = MICROS as Weight;

/** `text` as exact micro-dollars. @throws AmountOutOfRange when it has more than six decimals or is no decimal number. */
export function moneyOf(text: string): Money {
  return parseDecimal(text, 6, "an amount in USD") as Money;
}

export function priceOf(text: string): Price {
  return parseDecimal(text, 6, "a price in USD") as Price;
}

/** Rounds decimals beyond the sixth, as brokers print average prices with more. */
export function priceNear(text: string): Price {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new AmountOutOfRange(`not a price in USD: ${JSON.stringify(text)}`);
  return priceFromNumber(value);
}

export function quantityOf(text: string): Quantity {
  return parseDecimal(text, 9, "a quantity of shares") as Quantity;
}

export function shares(count: number): Quantity {
  return safe(count * NANOS) as Quantity;
}

/** The one door from a strategy's floating point: rounds to one part per million. @throws AmountOutOfRange for NaN and infinities. */
export function weightFromFraction(fraction: number): Weight {
  return fromNumber(fraction, MICROS, "a fraction of equity") as Weight;
}

/** Market data arrives as floating point; prices are rounded to the micro-dollar. */
export function priceFromNumber(usd: number): Price {
  return fromNumber(usd, MICROS, "a price in USD") as Price;
}

export function moneyFromNumber(usd: number): Money {
  return fromNumber(usd, MICROS, "an amount in USD") as Money;
}

export function moneyToNumber(value: Money | Price): number {
  return value / MICROS;
}

export function quantityToNumber(value: Quantity): number {
  return value / NANOS;
}

export function weightToNumber(value: Weight): number {
  return value / MICROS;
}

/** Exact decimal text with no trailing zeros: "0.25", "-12", "1.000001". */
export function moneyToText(value: Money | Price): string {
  return toDecimal(value, 6);
}

export function quantityToText(value: Quantity): string {
  return toDecimal(value, 9);
}

export function addMoney(a: Money, b: Money): Money {
  const sum = a + b;
  if (!isSafeInteger(sum)) refuse(sum);
  return sum as Money;
}

export function subtractMoney(a: Money, b: Money): Money {
  const difference = a - b;
  if (!isSafeInteger(difference)) refuse(difference);
  return difference as Money;
}

export function addQuantity(a: Quantity, b: Quantity): Quantity {
  const sum = a + b;
  if (!isSafeInteger(sum)) refuse(sum);
  return sum as Quantity;
}

export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  const difference = a - b;
  if (!isSafeInteger(difference)) refuse(difference);
  return difference as Quantity;
}

export function minOf<T extends number>(a: T, b: T): T {
  return a < b ? a : b;
}

export function maxOf<T extends number>(a: T, b: T): T {
  return a > b ? a : b;
}

/** price x quantity, to the nearest micro-dollar. */
export function notional(price: Price, quantity: Quantity): Money {
  // Most quantities are whole shares, which need no division of a product beyond 53 bits.
  const whole = trunc(quantity / NANOS);
  return (whole * NANOS === quantity ? safe(price * whole) : mulDiv(price, quantity, NANOS)) as Money;
}

/** The largest quantity whose notional at `price` is not above `amount`. @throws AmountOutOfRange when price is not positive. */
export function quantityFor(amount: Money, price: Price): Quantity {
  if (price <= 0) throw new AmountOutOfRange(`no quantity can be bought at a price of ${moneyToText(price)}`);
  return mulDivDown(amount, NANOS, price) as Quantity;
}

/** The share `weight` of `amount`, to the nearest micro-dollar. */
export function weightOf(amount: Money, weight: Weight): Money {
  return mulDiv(amount, weight, MICROS) as Money;
}

/** `part` as a weight of `whole`. Zero when `whole` is not positive. */
export function weightFrom(part: Money, whole: Money): Weight {
  return (whole <= 0 ? 0 : mulDiv(part, MICROS, whole)) as Weight;
}

/** `value` moved by `basisPoints` (1 bp = 0.01 %), to the nearest micro. Basis points may be fractional and negative. */
export function plusBasisPoints(value: Price, basisPoints: number): Price {
  return mulDiv(value, Math.round(MICROS + basisPoints * 100), MICROS) as Price;
}

export function wholeSharesDown(quantity: Quantity): Quantity {
  return (quantity - remainderOf(quantity, NANOS)) as Quantity;
}

/** a x b / c to the nearest integer, halves away from zero, exact at any size. `c` is positive. */
export function mulDiv(a: number, b: number, c: number): number {
  const product = a * b;
  if (!isSafeInteger(product) || !(c > 0)) return mulDivBeyond(a, b, c);
  const left = remainderOf(product, c);
  const down = (product - left) / c;
  return 2 * left >= c ? down + 1 : 2 * left <= -c ? down - 1 : down;
}

/** Of a product beyond 53 bits. */
function mulDivBeyond(a: number, b: number, c: number): number {
  const quotient = divide(a, b, c);
  const rest = REST[0]!;
  return safe(2 * rest >= c ? quotient + 1 : 2 * rest <= -c ? quotient - 1 : quotient);
}

/** a x b / c rounded toward zero, exact at any size. `c` is positive. */
export function mulDivDown(a: number, b: number, c: number): number {
  return safe(divide(a, b, c));
}

/** a x b / c of non-negative numbers, rounded up, exact at any size. `c` is positive. */
export function mulDivUp(a: number, b: number, c: number): number {
  const product = a * b;
  if (c > 0 && isSafeInteger(product)) {
    const left = remainderOf(product, c);
    return safe(left > 0 ? (product - left) / c + 1 : (product - left) / c);
  }
  const quotient = divide(a, b, c);
  return safe(REST[0]! > 0 ? quotient + 1 : quotient);
}

/**
 * The quotient in a x b = quotient x c + rest with |rest| < c and the sign of a x b; the rest is left in REST, because
 * two results would be an object for every division. The product of two integers is kept as the sum of
 * two doubles (Dekker 1971), which is exact below 2^106; the first quotient is off by a few units at the most, and the
 * rest says by how many.
 */
function divide(a: number, b: number, c: number): number {
  if (!(c > 0)) throw new AmountOutOfRange(`an amount is divided by ${c}, which is not positive`);
  const product = a * b;
  if (isSafeInteger(product)) {
    const rest = remainderOf(product, c);
    REST[0] = rest;
    return (product - rest) / c;
  }
  let quotient = trunc(product / c);
  if (!isSafeInteger(quotient)) throw outOfRange(quotient);
  const back = quotient * c;
  let rest = product - back + (lowPart(a, b, product) - lowPart(quotient, c, back));
  const sign = Math.sign(product);
  while (sign * rest < 0) {
    quotient -= sign;
    rest += sign * c;
  }
  while (sign * rest >= c) {
    quotient += sign;
    rest -= sign * c;
  }
  REST[0] = rest;
  return quotient;
}

const REST = new Float64Array(1);

/** a % b for safe integers and positive `b`: the operator takes ten times as long for numbers beyond 32 bits. */
export function remainderOf(a: number, b: number): number {
  const rest = a - trunc(a / b) * b;
  if (a >= 0) return rest < 0 ? rest + b : rest;
  return rest > 0 ? rest - b : rest;
}

/** What rounding took from a x b, exactly. */
function lowPart(a: number, b: number, product: number): number {
  const aHigh = highHalf(a);
  const aLow = a - aHigh;
  const bHigh = highHalf(b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The upper 26 bits of a double's 53. */
function highHalf(value: number): number {
  const shifted = 134_217_729 * value;
  return shifted - (shifted - value);
}

function safe(value: number): number {
  if (!isSafeInteger(value)) refuse(value);
  return value;
}

function refuse(value: number): never {
  throw outOfRange(value);
}

function outOfRange(value: number): AmountOutOfRange {
  return new AmountOutOfRange(`amount ${value} is outside the range of exact integers: 9 billion USD, 9 million shares`);
}

function fromNumber(value: number, scale: number, what: string): number {
  if (!Number.isFinite(value)) throw new AmountOutOfRange(`not ${what}: ${value}`);
  const scaled = value * scale;
  return safe(scaled < 0 ? -Math.round(-scaled) + 0 : Math.round(scaled));
}

function parseDecimal(text: string, decimals: number, what: string): number {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3]?.replace(/0+$/, "") ?? "";
  if (!match || fraction.length > decimals) throw new AmountOutOfRange(`not ${what} with at most ${decimals} decimals: ${JSON.stringify(text)}`);
  const magnitude = safe(Number(`${match[2]!}${fraction.padEnd(decimals, "0")}`));
  return match[1] === "-" && magnitude !== 0 ? -magnitude : magnitude;
}

function toDecimal(value: number, decimals: number): string {
  const digits = Math.abs(value).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${digits.slice(0, -decimals)}${fraction === "" ? "" : `.${fraction}`}`;
}
