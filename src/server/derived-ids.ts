/** Ids that look like chance and are none: a venue that is replayed from its log gives the same again. */
import { hash } from "node:crypto";

/** Of what the exchange calls `execution`. */
export function executionId(salt: string, execution: string): string {
  return derivedUuid(salt, `execution/${execution}`);
}

/** A version 4 UUID of `what`, told apart from other venues' by the salt. */
export function derivedUuid(salt: string, what: string): string {
  const hex = hash("sha256", `${salt}/${what}`);
  const variant = "89ab"[parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
