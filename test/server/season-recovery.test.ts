import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ballast } from "../support/command-line.ts";
import { serveInProcess } from "../support/served-process.ts";

const SECRET = "a secret of at least thirty-two bytes";

interface Key {
  readonly id: string;
  readonly secret: string;
}

test("a server that is killed in the middle of a season has it again, with its keys, and the log derives the same", { timeout: 180_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "ballast-season-"));
  const env = { BALLAST_SERVE_ADMIN_SECRET: SECRET };
  const ann = JSON.parse(ballast(["keys", "create", "ann", "--dir", directory, "--json"]).out) as Key;
  const token = ballast(["keys", "admin-token", "test"], { env }).out.trim();
  const operator = { authorization: `Bearer ${token}` };
  const headersOf = ({ id, secret }: Key) => ({ "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret });
  let server = await serveInProcess(["--dir", directory, "--symbols", "AAA", "--hours", "always", "--port", "0", "--stepped", "--start", "2026-11-24T17:00:00Z", "--snapshot-every", "9"], env);
  const ask = async <T>(headers: Readonly<Record<string, string>>, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    expect(answer.ok, `${path}: ${text}`).toBe(true);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const quote = (bid: number) => ask(operator, "POST", "/sim/v1/commands", { type: "quote", symbol: "AAA", bid: bid * 1_000_000, ask: (bid + 1) * 1_000_000, quantity: 1_000_000_000_000 });

  await quote(99);
  await ask(operator, "POST", "/sim/v1/seasons", { name: "spring", endsAt: "2026-11-24T20:00:00Z", cash: "10000", ordersPerDay: 5 });
  const first = (await ask<{ key: Key }>(headersOf(ann), "POST", "/sim/v1/seasons/spring/entries", { name: "a" })).key;
  const buy = { symbol: "AAA", qty: "10", side: "buy", type: "market", time_in_force: "day" };
  await ask(headersOf(first), "POST", "/v2/orders", buy);
  await ask(operator, "POST", "/sim/v1/seasons/spring/reset");
  // The first answer might have been lost: another key, and the one before is no more.
  const { key } = await ask<{ key: Key }>(headersOf(ann), "POST", "/sim/v1/seasons/spring/entries", { name: "a" });
  expect((await fetch(`${server.url}/v2/account`, { headers: headersOf(first) })).status).toBe(401);
  expect(readFileSync(join(directory, "keys.json"), "utf8")).not.toContain(key.secret);
  await ask(headersOf(key), "POST", "/v2/orders", buy);
  await ask(headersOf(key), "POST", "/v2/orders", { ...buy, type: "limit", limit_price: "90", time_in_force: "gtc" });
  await quote(109);
  const seen = async (): Promise<unknown> => Promise.all([ask(headersOf(key), "GET", "/v2/orders?status=all"), ask(headersOf(key), "GET", "/v2/positions"), ask(headersOf(ann), "GET", "/v2/account"), ask(headersOf(ann), "GET", "/sim/v1/seasons/spring")]);
  const before = await seen();
  expect(before).toMatchObject([{ length: 2 }, [{ qty: "10" }], { equity: "100000" }, { round: 2, state: "running", standings: [{ name: "a", own: true, orders: 2, fills: 1 }] }]);

  // It is written between requests.
  await expect.poll(() => readdirSync(directory).filter((name) => /^snapshot-\d+\.jsonl$/.test(name))).toHaveLength(1);
  await server.end("SIGKILL");
  server = await serveInProcess(["--dir", directory, "--port", "0", "--stepped"], env);
  expect(await seen()).toEqual(before);
  await ask(operator, "POST", "/sim/v1/advance", { to: "2026-11-24T20:00:01Z" });
  expect(await ask(headersOf(ann), "GET", "/sim/v1/seasons/spring")).toMatchObject({ state: "ended", standings: [{ name: "a", orders: 2, fills: 1 }] });
  expect(await ask(headersOf(key), "GET", "/v2/orders?status=open")).toEqual([]);

  await server.end("SIGKILL");
  const verified = JSON.parse(ballast(["serve", "--dir", directory, "--recover", "--verify", "--json"]).out) as { agrees: boolean; verification: { snapshot?: { sequence: number } } };
  expect(verified).toMatchObject({ agrees: true, verification: { snapshot: { sequence: expect.any(Number) as number } } });
  rmSync(directory, { recursive: true });
});
