import { afterEach, describe, expect, test } from "vitest";
import { installAdminGate } from "../../src/server/admin-gate.ts";
import { AdminTokens } from "../../src/server/keys/admin-tokens.ts";
import { operate } from "../../src/server/operate.ts";
import type { Authenticator, Scope } from "../../src/server/server-parts.ts";
import type { AccountName } from "../../src/trade.ts";
import { NOON, serveMarket, type ServedMarket } from "../support/served-market.ts";

const tokens = new AdminTokens("a secret of at least thirty-two bytes");
/** `ann/read` is ann's key with that scope. */
const scoped: Authenticator = {
  authenticate(keyId) {
    const [account, scope] = keyId.split("/") as [AccountName, Scope];
    return account === ("nobody" as AccountName) ? undefined : { keyId, account, scopes: new Set([scope]) };
  },
};

let market: ServedMarket;
afterEach(() => market.server.close());

async function serving(): Promise<void> {
  market = await serveMarket({ ann: "100000", bob: "100000" }, {
    authenticator: scoped,
    extend: async (parts) => {
      installAdminGate(parts, tokens, () => NOON);
      await operate(parts, () => 0);
    },
  });
}

const headersOf = (keyId: string): Record<string, string> => ({ "APCA-API-KEY-ID": keyId, "APCA-API-SECRET-KEY": "x" });

async function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`${market.server.url}${path}`, { headers });
  return { status: answer.status, body: await answer.json() };
}

async function place(keyId: string, order: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(`${market.server.url}/v2/orders`, { method: "POST", headers: { ...headersOf(keyId), "content-type": "application/json" }, body: JSON.stringify({ symbol: "AAA", side: "buy", type: "limit", time_in_force: "day", ...order }) });
  expect(answer.status).toBe(200);
}

describe("the depth of a book", () => {
  test("is the house's and everybody's orders by price, the best first, and of nobody by name", async () => {
    await serving();
    await market.quote("99.98", "100.02", 300);
    await place("ann/trade", { qty: "10", limit_price: "99.98" });
    await place("bob/trade", { qty: "2.5", limit_price: "99.98" });
    await place("bob/trade", { qty: "7", limit_price: "99.5" });
    expect(await ask("/sim/v1/depth/AAA", headersOf("ann/read"))).toEqual({
      status: 200,
      body: { symbol: "AAA", at: "2026-11-24T17:00:00.000Z", bids: [{ price: "99.98", quantity: "312.5" }, { price: "99.5", quantity: "7" }], asks: [{ price: "100.02", quantity: "300" }] },
    });
    expect(await ask("/sim/v1/depth/AAA?levels=1", headersOf("ann/read"))).toMatchObject({ body: { bids: [{ price: "99.98" }] } });
  });

  test("has from 1 to 100 levels of a symbol that is there", async () => {
    await serving();
    expect(await ask("/sim/v1/depth/BBB", headersOf("ann/trade"))).toMatchObject({ status: 200, body: { bids: [], asks: [] } });
    expect((await ask("/sim/v1/depth/AAA?levels=0", headersOf("ann/read"))).status).toBe(422);
    expect((await ask("/sim/v1/depth/AAA?levels=101", headersOf("ann/read"))).status).toBe(422);
    expect(await ask("/sim/v1/depth/ZZZ", headersOf("ann/read"))).toEqual({ status: 404, body: { code: 40410000, message: "asset not found for ZZZ" } });
  });
});

describe("what players may ask under /sim", () => {
  test("is for any key and for operators, and for nobody else", async () => {
    await serving();
    const bearer = { authorization: `Bearer ${await tokens.issue("op", NOON, 60_000)}` };
    const statuses = await Promise.all([headersOf("ann/read"), headersOf("ann/trade"), headersOf("ann/admin"), bearer, {}, headersOf("nobody/read"), { authorization: "Bearer x" }].map(async (headers) => (await ask("/sim/v1/depth/AAA", headers)).status));
    expect(statuses).toEqual([200, 200, 200, 200, 401, 401, 401]);
    expect(await ask("/sim/v1/key", headersOf("ann/read"))).toEqual({ status: 200, body: { id: "ann/read", account: "ann", scopes: ["read"], season: null } });
    expect((await ask("/sim/v1/key", bearer)).status).toBe(404);
  });

  test("is nothing of other accounts: what compares accounts is the operators'", async () => {
    await serving();
    for (const path of ["/sim/v1/leaderboard", "/sim/v1/surveillance", "/sim/v1/faults"]) expect((await ask(path, headersOf("ann/trade"))).status).toBe(401);
  });

  test("counts as requests of the key", async () => {
    await serving();
    const left = async (path: string): Promise<number> => Number((await fetch(`${market.server.url}${path}`, { headers: headersOf("ann/read") })).headers.get("x-ratelimit-remaining"));
    expect((await left("/v2/clock")) - (await left("/sim/v1/depth/AAA"))).toBe(1);
  });
});

describe("the page", () => {
  const FILES = ["", "page/page.css", "page/desk.js", "page/connection.js", "page/render.js", "page/equity-chart.js", "page/ladder.js", "page/order-entry.js", "page/seasons.js", "page/uplot.js", "page/uplot.css"];

  test("is there without a key, may ask this server alone, and holds nothing of the market", async () => {
    await serving();
    const answer = await fetch(market.server.url);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await answer.text()).not.toMatch(/AAA|ann|https?:|style=|<script(?! src="\/page\/)/);
  });

  test("weighs less than 50 kB on the wire, with all that it loads", async () => {
    await serving();
    let bytes = 0;
    for (const file of FILES) {
      const answer = await fetch(`${market.server.url}/${file}`, { headers: { "accept-encoding": "gzip" } });
      expect(answer.status, file).toBe(200);
      expect((await answer.text()).length).toBeGreaterThan(500);
      bytes += Number(answer.headers.get("content-length"));
    }
    expect(bytes).toBeGreaterThan(25_000);
    expect(bytes).toBeLessThan(50_000);
  });

  test("is not sent again to whoever has it, and has no other files", async () => {
    await serving();
    const tag = (await fetch(`${market.server.url}/page/desk.js`)).headers.get("etag")!;
    expect((await fetch(`${market.server.url}/page/desk.js`, { headers: { "if-none-match": tag } })).status).toBe(304);
    for (const path of ["/page/keys.json", "/page/..%2fserver.ts", "/page/constructor"]) expect((await fetch(`${market.server.url}${path}`)).status, path).toBe(404);
  });
});
