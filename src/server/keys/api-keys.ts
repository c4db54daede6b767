/**
 * API keys: an id that is told in every request, and a secret that is shown once and never stored.
 *
 * A secret is 240 bits of chance, made here and chosen by nobody, so there is nothing to guess from: what is stored is
 * HMAC-SHA-256 of it under a salt of its own. A slow hash, which protects words that people choose, would only let
 * whoever sends wrong secrets keep the server busy. A key's right secret is known again by its SHA-256, which costs less
 * and stays in memory until the keys change. Every other request costs the same few microseconds, whether its key is known
 * or not, and digests are compared in constant time.
 */
import { createHmac, hash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Instant } from "../../time.ts";
import type { AccountName } from "../../trade.ts";
import type { Money } from "../../money.ts";
import type { Authenticator, Identity, Scope } from "../server-parts.ts";

const SCOPES = ["trade", "read", "admin"] as const satisfies readonly Scope[];
export const scopeSchema = z.enum(SCOPES);

const instant = z.int().transform((ms) => ms as Instant);
export const apiKeySchema = z.strictObject({
  id: z.string().regex(/^PK[0-9A-Z]{18}$/),
  account: z.string().min(1).max(64).transform((name) => name as AccountName),
  /** What the account is opened with when it is not open yet. */
  startingCash: z.int().positive().transform((micros) => micros as Money),
  /** A cash account where it does not say. */
  terms: z.strictObject({ multiplier: z.literal([1, 2, 4]), shorting: z.boolean() }).exactOptional(),
  scopes: z.array(scopeSchema).min(1),
  salt: z.hex().length(32),
  hash: z.hex().length(64),
  createdAt: instant,
  expiresAt: instant.optional(),
  revokedAt: instant.optional(),
});
/** What is stored of a key. */
export type ApiKey = z.output<typeof apiKeySchema>;

/** The only time that the secret is seen. */
export function newApiKey(key: Pick<ApiKey, "account" | "startingCash" | "terms" | "scopes" | "createdAt" | "expiresAt">): { readonly key: ApiKey; readonly secret: string } {
  const id = `PK${Array.from({ length: 18 }, () => LETTERS[randomInt(LETTERS.length)]!).join("")}`;
  const secret = randomBytes(30).toString("base64url");
  const salt = randomBytes(16).toString("hex");
  return { key: { id, ...key, salt, hash: hashOf(secret, salt).toString("hex") }, secret };
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The keys as they stand now; `replace` takes effect with the next request. */
export class KeyRing implements Authenticator {
  readonly #clock: () => number;
  #keys: ReadonlyMap<string, Held> = new Map();

  constructor(keys: readonly ApiKey[], clock: () => number) {
    this.#clock = clock;
    this.replace(keys);
  }

  replace(keys: readonly ApiKey[]): void {
    this.#keys = new Map(keys.map((key) => [key.id, { key, hash: Buffer.from(key.hash, "hex"), proof: undefined, identity: { keyId: key.id, account: key.account, scopes: new Set(key.scopes) } }]));
  }

  authenticate(keyId: string, secret: string): Identity | undefined {
    const held = this.#keys.get(keyId);
    const proof = hash("sha256", secret, "buffer");
    const isKnown = timingSafeEqual(proof, held?.proof ?? NO_HASH) && held?.proof !== undefined;
    const isRight = isKnown || timingSafeEqual(hashOf(secret, held?.key.salt ?? NO_SALT), held?.hash ?? NO_HASH);
    if (!held || !isRight) return undefined;
    held.proof = proof;
    return stateOf(held.key, this.#clock()) === "active" ? held.identity : undefined;
  }
}

export function stateOf({ revokedAt, expiresAt }: ApiKey, now: number): "active" | "revoked" | "expired" {
  if (revokedAt !== undefined) return "revoked";
  return expiresAt !== undefined && expiresAt <= now ? "expired" : "active";
}

interface Held {
  readonly key: ApiKey;
  readonly hash: Buffer;
  /** SHA-256 of the secret, once it was right. */
  proof: Buffer | undefined;
  readonly identity: Identity;
}

const NO_SALT = "0".repeat(32);
const NO_HASH = Buffer.alloc(32);

function hashOf(secret: string, salt: string): Buffer {
  return createHmac("sha256", salt).update(secret).digest();
}
