import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { moneyOf } from "../../../src/money.ts";
import { KeyRing, newApiKey, stateOf } from "../../../src/server/keys/api-keys.ts";
import { changeKeys, readKeys, watchKeys } from "../../../src/server/keys/key-file.ts";
import { instantOf, type Instant } from "../../../src/time.ts";
import type { AccountName } from "../../../src/trade.ts";

const NOW = instantOf("2026-11-24T17:00:00Z");
const made = (account: string, expiresAt?: Instant) =>
  newApiKey({ account: account as AccountName, startingCash: moneyOf("100000"), scopes: ["trade", "read"], createdAt: NOW, ...(expiresAt !== undefined && { expiresAt }) });

describe("an API key", () => {
  test("looks like Alpaca's, is known by its secret, and tells whose it is", () => {
    const { key, secret } = made("ann");
    expect(key.id).toMatch(/^PK[0-9A-Z]{18}$/);
    expect(secret).toMatch(/^[\w-]{40}$/);
    const ring = new KeyRing([key, made("bob").key], () => NOW);
    expect(ring.authenticate(key.id, secret)).toEqual({ keyId: key.id, account: "ann", scopes: new Set(["trade", "read"]) });
  });

  test("is refused with another secret, an empty one, another key's, and under an id that nobody has", () => {
    const [ann, bob] = [made("ann"), made("bob")];
    const ring = new KeyRing([ann.key, bob.key], () => NOW);
    expect(ring.authenticate(ann.key.id, bob.secret)).toBeUndefined();
    expect(ring.authenticate(ann.key.id, "")).toBeUndefined();
    expect(ring.authenticate(ann.key.id, `${ann.secret}x`)).toBeUndefined();
    expect(ring.authenticate("PK000000000000000000", ann.secret)).toBeUndefined();
    expect(ring.authenticate("__proto__", "")).toBeUndefined();
  });

  test("is known again by its right secret alone, however often it was right before", () => {
    const [ann, bob] = [made("ann"), made("bob")];
    const ring = new KeyRing([ann.key, bob.key], () => NOW);
    for (let time = 0; time < 3; time += 1) expect(ring.authenticate(ann.key.id, ann.secret)?.account).toBe("ann");
    expect(ring.authenticate(ann.key.id, bob.secret)).toBeUndefined();
    expect(ring.authenticate(ann.key.id, "")).toBeUndefined();
    expect(ring.authenticate(bob.key.id, ann.secret)).toBeUndefined();
    expect(ring.authenticate(ann.key.id, ann.secret)?.account).toBe("ann");
  });

  test("ends when it expires, at that instant", () => {
    const { key, secret } = made("ann", (NOW + 1_000) as Instant);
    let now: number = NOW + 999;
    const ring = new KeyRing([key], () => now);
    expect(ring.authenticate(key.id, secret)).toBeDefined();
    now += 1;
    expect(ring.authenticate(key.id, secret)).toBeUndefined();
    expect(stateOf(key, now)).toBe("expired");
  });

  test("ends when it is revoked, with the next request", () => {
    const { key, secret } = made("ann");
    const ring = new KeyRing([key], () => NOW);
    expect(ring.authenticate(key.id, secret)).toBeDefined();
    ring.replace([{ ...key, revokedAt: NOW }]);
    expect(ring.authenticate(key.id, secret)).toBeUndefined();
  });

  test("is stored without its secret, and two of one account share nothing", () => {
    const [one, two] = [made("ann"), made("ann")];
    expect(JSON.stringify(one.key)).not.toContain(one.secret);
    expect(one.key.hash).not.toContain(Buffer.from(one.secret).toString("hex"));
    expect(new Set([one.key.id, two.key.id, one.key.salt, two.key.salt, one.key.hash, two.key.hash, one.secret, two.secret]).size).toBe(8);
  });
});

describe("the file of keys", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "ballast-keys-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test("is empty before the first key, and readable by its owner alone after", async () => {
    expect(readKeys(directory)).toEqual([]);
    const { key } = made("ann");
    await changeKeys(directory, (keys) => [...keys, key]);
    expect(readKeys(directory)).toEqual([key]);
    expect(statSync(join(directory, "keys.json")).mode & 0o777).toBe(0o600);
  });

  test("takes changes of several at once one after the other", async () => {
    const keys = ["ann", "bob", "cid", "dan"].map((account) => made(account).key);
    await Promise.all(keys.map((key) => changeKeys(directory, (others) => [...others, key])));
    expect(readKeys(directory).map(({ account }) => account).sort()).toEqual(["ann", "bob", "cid", "dan"]);
  });

  test("that was edited into something else is refused by its name", async () => {
    await changeKeys(directory, () => [made("ann").key]);
    const path = join(directory, "keys.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"scopes"', '"scope"'));
    expect(() => readKeys(directory)).toThrow(`${path} is not a file of keys`);
  });

  test("is looked at again while somebody watches", async () => {
    const { key } = made("ann");
    const seen = new Promise((resolve) => {
      const stop = watchKeys(directory, (keys) => {
        stop();
        resolve(keys);
      }, resolve);
    });
    await changeKeys(directory, () => [key]);
    expect(await seen).toEqual([key]);
  });
});
