/** Ids that look like chance and are none: a venue that is replayed from its log gives the same again. */
import { hash } from "node:crypto";

/** Of what the exchange calls `execution`. */
export function executionId(salt: string, execution: string): string {
  return derivedUuid(salt, `execution/${execution}`);
}

/** A version 4 UUID of `what`, told apart from other venues' by the salt. */
export function derivedUuid(salt: string, what: string): string {
  return uuidAt(hash("sha256", `${salt}/${what}`), 0);
}

/** Such UUIDs of the numbers of a series. A hash is long enough for four of them, and most numbers come one after the other. */
export class NumberedIds {
  readonly #salt: string;
  readonly #series: string;
  #four = -1;
  #hex = "";

  constructor(salt: string, series: string) {
    this.#salt = salt;
    this.#series = series;
  }

  of(number: number): string {
    const four = Math.floor(number / 4);
    if (four !== this.#four) this.#hex = hash("sha512", `${this.#salt}/${this.#series}/${four}`);
    this.#four = four;
    return uuidAt(this.#hex, (number % 4) * UUID_DIGITS);
  }
}

const UUID_DIGITS = 32;

function uuidAt(hex: string, at: number): string {
  const variant = "89ab"[parseInt(hex[at + 16]!, 16) & 3]!;
  return `${hex.slice(at, at + 8)}-${hex.slice(at + 8, at + 12)}-4${hex.slice(at + 13, at + 16)}-${variant}${hex.slice(at + 17, at + 20)}-${hex.slice(at + 20, at + 32)}`;
}
