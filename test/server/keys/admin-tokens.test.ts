import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { AdminTokens } from "../../../src/server/keys/admin-tokens.ts";

const SECRET = "a secret of at least thirty-two bytes";
const NOW = Date.UTC(2026, 10, 24, 17);
const HOUR = 3_600_000;
const tokens = new AdminTokens(SECRET);

/** A token as anyone could write it. */
function token(header: object, payload: object, secret = SECRET, hash = "sha256"): string {
  const body = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${body}.${createHmac(hash, secret).update(body).digest("base64url")}`;
}
const CLAIMS = { sub: "ann", aud: "ballast-serve", iat: NOW / 1_000, exp: NOW / 1_000 + 60 };

describe("an admin token", () => {
  test("says who it is for until it is over", async () => {
    const issued = await tokens.issue("ann", NOW, HOUR);
    expect(await tokens.subjectOf(issued, NOW)).toBe("ann");
    expect(await tokens.subjectOf(issued, NOW + HOUR - 1_000)).toBe("ann");
    expect(await tokens.subjectOf(issued, NOW + HOUR)).toBeUndefined();
  });

  test("is one by its claims, whoever wrote it with the secret", async () => {
    expect(await tokens.subjectOf(token({ alg: "HS256" }, CLAIMS), NOW)).toBe("ann");
  });

  test.each([
    ["another secret", token({ alg: "HS256" }, CLAIMS, "another secret of thirty-two bytes!!")],
    ["no algorithm", token({ alg: "none" }, CLAIMS)],
    ["no algorithm and no signature", `${token({ alg: "none" }, CLAIMS).split(".").slice(0, 2).join(".")}.`],
    ["another algorithm", token({ alg: "HS512" }, CLAIMS, SECRET, "sha512")],
    ["another audience", token({ alg: "HS256" }, { ...CLAIMS, aud: "elsewhere" })],
    ["no audience", token({ alg: "HS256" }, { ...CLAIMS, aud: undefined })],
    ["no end", token({ alg: "HS256" }, { ...CLAIMS, exp: undefined })],
    ["nobody", token({ alg: "HS256" }, { ...CLAIMS, sub: undefined })],
    ["a time to come", token({ alg: "HS256" }, { ...CLAIMS, nbf: NOW / 1_000 + 30 })],
    ["a changed name", token({ alg: "HS256" }, CLAIMS).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ ...CLAIMS, sub: "eve" })).toString("base64url")}.`)],
    ["nothing of a token", "Bearer"],
    ["nothing", ""],
  ])("with %s is none", async (_what, written) => {
    expect(await tokens.subjectOf(written, NOW)).toBeUndefined();
  });

  test("needs a secret of 32 bytes", () => {
    expect(() => new AdminTokens("short")).toThrow("BALLAST_SERVE_ADMIN_SECRET has 5 bytes and needs 32");
    expect(() => new AdminTokens("x".repeat(31))).toThrow("has 31 bytes");
  });
});
