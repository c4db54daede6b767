/**
 * Tokens for operators: signed JWTs (HS256) that end. The secret is given, never made up: a server that made one up
 * would forget it, and every token with it, at the next start.
 */
import { errors, jwtVerify, SignJWT } from "jose";

class AdminSecretInvalid extends Error {
  override readonly name = "AdminSecretInvalid";
}

export const ADMIN_SECRET_VARIABLE = "BALLAST_SERVE_ADMIN_SECRET";
const SECRET_BYTES_MIN = 32;
const ALGORITHM = "HS256";
const AUDIENCE = "ballast-serve";

export class AdminTokens {
  readonly #secret: Uint8Array;

  /** @throws AdminSecretInvalid for a secret below 32 bytes. */
  constructor(secret: string) {
    this.#secret = new TextEncoder().encode(secret);
    if (this.#secret.length < SECRET_BYTES_MIN) throw new AdminSecretInvalid(`${ADMIN_SECRET_VARIABLE} has ${this.#secret.length} bytes and needs ${SECRET_BYTES_MIN}: make one with "openssl rand -base64 48"`);
  }

  /** `subject` is who it is for, and stands in the logs. Times are milliseconds. */
  issue(subject: string, nowMs: number, lastsMs: number): Promise<string> {
    const issuedAt = Math.floor(nowMs / 1_000);
    return new SignJWT().setProtectedHeader({ alg: ALGORITHM }).setSubject(subject).setAudience(AUDIENCE).setIssuedAt(issuedAt).setExpirationTime(issuedAt + Math.ceil(lastsMs / 1_000)).sign(this.#secret);
  }

  /** Who the token is for; undefined unless it is ours, unchanged, for this audience and not over. */
  async subjectOf(token: string, nowMs: number): Promise<string | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, { algorithms: [ALGORITHM], audience: AUDIENCE, requiredClaims: ["exp", "sub"], currentDate: new Date(nowMs) });
      return payload.sub;
    } catch (error) {
      // Every reason is the same "no"; which one would help only who guesses.
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
