import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { installAdminGate } from "../../src/server/admin-gate.ts";
import { AdminTokens } from "../../src/server/keys/admin-tokens.ts";
import { operate } from "../../src/server/operate.ts";
import { seasonRoutes } from "../../src/server/routes-seasons.ts";
import { Venue, type VenueSnapshot } from "../../src/server/venue.ts";
import type { Symbol } from "../../src/trade.ts";
import { NOON, serveMarket, venueSettings, type Answer, type ServedMarket } from "../support/served-market.ts";

const tokens = new AdminTokens("a secret of at least thirty-two bytes");
let market: ServedMarket;
afterEach(() => market.server.close());

/** The market is at noon of a Tuesday, and AAA and BBB are quoted. The key of an account has its name. */
async function serving(): Promise<void> {
  market = await serveMarket({ ann: "100000", bob: "100000" }, {
    extend: async (parts) => {
      installAdminGate(parts, tokens, () => NOON);
      seasonRoutes(parts, async (account) => ({ id: `key-${account}`, secret: `secret-${account}` }));
      await operate(parts, () => 0);
    },
  });
  await market.quote("99.98", "100.02");
  await market.quote("49.99", "50.01", 1_000, "BBB");
}

async function operator(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${market.server.url}/sim/v1/seasons${path}`, { method, headers: { authorization: `Bearer ${await tokens.issue("op", NOON, 60_000)}`, ...(body !== undefined && { "content-type": "application/json" }) }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

async function player(account: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${market.server.url}/sim/v1/seasons${path}`, { method, headers: { "APCA-API-KEY-ID": `key-${account}`, "APCA-API-SECRET-KEY": `secret-${account}`, ...(body !== undefined && { "content-type": "application/json" }) }, ...(body !== undefined && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

/** Until 20:00Z with 10,000 USD unless it says otherwise. */
async function season(name: string, rules: Readonly<Record<string, unknown>> = {}): Promise<void> {
  expect(await operator("POST", "", { name, endsAt: "2026-11-24T20:00:00Z", cash: "10000", ...rules })).toMatchObject({ status: 201 });
}

const join = (account: string, name: string, as: string): Promise<Answer> => player(account, "POST", `/${name}/entries`, { name: as });
const order = (more: Readonly<Record<string, unknown>> = {}): unknown => ({ symbol: "AAA", qty: "1", side: "buy", type: "market", time_in_force: "day", ...more });
const placed = (account: string, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> => market.send(account, "POST", "/v2/orders", order(more));
const forbidden = (message: string) => ({ status: 403, body: { code: 40310000, message } });

describe("who joins a season", () => {
  test("gets an account of the season's own, with its cash and a key, and the own account is as it was", async () => {
    await serving();
    await season("spring");
    expect(await join("ann", "spring", "Ann.1")).toMatchObject({ status: 201, body: { season: "spring", name: "Ann.1", account: "season/spring/Ann.1", key: { id: "key-season/spring/Ann.1", secret: "secret-season/spring/Ann.1" } } });
    expect((await market.send("season/spring/Ann.1", "GET", "/v2/account")).body).toMatchObject({ cash: "10000", multiplier: "1", shorting_enabled: false });
    expect((await placed("season/spring/Ann.1", { qty: "10" })).body).toMatchObject({ status: "filled" });
    expect((await market.send("ann", "GET", "/v2/account")).body).toMatchObject({ equity: "100000" });
    expect((await market.send("ann", "GET", "/v2/orders?status=all")).body).toEqual([]);
  });

  test("joins once, and asking again under the same name gives another key to the same account", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    expect(await join("ann", "spring", "a")).toMatchObject({ status: 201, body: { account: "season/spring/a" } });
    expect(await join("ann", "spring", "b")).toMatchObject({ status: 422, body: { message: "this account has joined season spring as a" } });
    expect(await join("bob", "spring", "A")).toMatchObject({ status: 422, body: { message: "somebody else is A in season spring" } });
    expect(await join("season/spring/a", "spring", "c")).toMatchObject(forbidden("an account of a season does not join another"));
    expect(await join("bob", "autumn", "b")).toMatchObject({ status: 404, body: { message: "there is no season autumn" } });
    expect(await join("bob", "spring", "<b>")).toMatchObject({ status: 422 });
  });
});

describe("the rules of a season, at order entry", () => {
  test("nothing is traded before it begins, and nothing after it has ended", async () => {
    await serving();
    await season("spring", { startsAt: "2026-11-24T18:00:00Z" });
    await join("ann", "spring", "a");
    expect(await placed("season/spring/a")).toMatchObject(forbidden("season spring begins at 2026-11-24T18:00:00.000Z"));
    await market.at("2026-11-24T18:00:00Z");
    expect(await placed("season/spring/a")).toMatchObject({ status: 200 });
    await market.at("2026-11-24T20:00:00Z");
    expect(await placed("season/spring/a", { side: "sell" })).toMatchObject(forbidden("season spring has ended"));
    expect(await join("bob", "spring", "b")).toMatchObject(forbidden("season spring has ended"));
    expect((await placed("ann")).status).toBe(200);
  });

  test("only its symbols", async () => {
    await serving();
    await season("spring", { symbols: ["BBB"] });
    await join("ann", "spring", "a");
    expect(await placed("season/spring/a")).toMatchObject(forbidden("season spring permits BBB alone"));
    expect((await placed("season/spring/a", { symbol: "BBB" })).status).toBe(200);
  });

  test("no short sales where it permits none, and short sales where it does", async () => {
    await serving();
    await season("long-only", { multiplier: 2 });
    await season("both-ways", { multiplier: 2, shorting: true });
    await join("ann", "long-only", "a");
    await join("ann", "both-ways", "a");
    expect(await placed("season/long-only/a", { side: "sell" })).toMatchObject(forbidden("season long-only permits no short sales"));
    expect((await placed("season/both-ways/a", { side: "sell" })).body).toMatchObject({ status: "filled" });
  });

  test("no more than its multiplier of what one has", async () => {
    await serving();
    await season("cash");
    await season("margin", { multiplier: 2 });
    await join("ann", "cash", "a");
    await join("ann", "margin", "a");
    expect(await placed("season/cash/a", { qty: "150" })).toMatchObject({ status: 403, body: { code: 40310000, message: "insufficient buying power", buying_power: "10000" } });
    expect((await placed("season/margin/a", { qty: "150" })).body).toMatchObject({ status: "filled" });
    expect(await placed("season/margin/a", { qty: "60" })).toMatchObject({ status: 403, body: { message: "insufficient buying power" } });
  });

  test("so many orders and replacements a day; refusals and cancels are free", async () => {
    await serving();
    await season("spring", { ordersPerDay: 3, endsAt: "2026-11-27T20:00:00Z" });
    await join("ann", "spring", "a");
    expect((await placed("season/spring/a", { qty: "100000" })).status).toBe(403);
    const { id } = (await placed("season/spring/a", { type: "limit", limit_price: "90" })).body as { id: string };
    const { id: heir } = (await market.send("season/spring/a", "PATCH", `/v2/orders/${id}`, { limit_price: "91" })).body as { id: string };
    await placed("season/spring/a");
    expect(await placed("season/spring/a")).toMatchObject(forbidden("season spring permits 3 orders a day"));
    expect(await market.send("season/spring/a", "PATCH", `/v2/orders/${heir}`, { limit_price: "92" })).toMatchObject(forbidden("season spring permits 3 orders a day"));
    expect((await market.send("season/spring/a", "DELETE", `/v2/orders/${heir}`)).status).toBe(204);
    await market.at("2026-11-25T15:00:00Z");
    await market.quote("99.98", "100.02");
    expect((await placed("season/spring/a")).status).toBe(200);
  });

  test.each([
    [{ endsAt: "2026-11-24T16:00:00Z" }, "a season ends after it begins, and later than now"],
    [{ startsAt: "2026-11-24T21:00:00Z" }, "a season ends after it begins, and later than now"],
    [{ cash: "0" }, "an account begins with more than 0 and at most 1000000000 USD"],
    [{ cash: "1000000000.01" }, "an account begins with more than 0 and at most 1000000000 USD"],
    [{ shorting: true }, "short sales take a margin account: a multiplier of 2 or 4"],
    [{ symbols: ["ZZZ"] }, 'asset "ZZZ" not found'],
    [{ name: "Spring" }, "name: up to 32 small letters, digits and dashes"],
    [{ leverage: 9 }, 'Unrecognized key: "leverage"'],
  ])("that make no sense are refused: %j", async (rules, message) => {
    await serving();
    expect(await operator("POST", "", { name: "spring", endsAt: "2026-11-24T20:00:00Z", cash: "10000", ...rules })).toMatchObject({ status: 422, body: { message } });
    expect((await operator("GET", "")).body).toEqual([]);
  });
});

describe("a season's standings", () => {
  test("are fixed at its end, when open orders are canceled, whatever prices do later", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    await join("bob", "spring", "b");
    await placed("season/spring/a", { qty: "10" });
    await placed("season/spring/a", { type: "limit", limit_price: "90", time_in_force: "gtc" });
    await market.quote("109.98", "110.02");
    const { standings } = (await player("ann", "GET", "/spring")).body as { standings: readonly object[] };
    // Ten shares bought at 100.02 and counted at 110.
    expect(standings).toEqual([
      { rank: 1, name: "a", own: true, equity: 10_099.8, return: expect.closeTo(0.00998, 9) as number, sharpe: null, maxDrawdown: 0, turnover: expect.closeTo(0.04951, 4) as number, sessions: 0, orders: 2, fills: 1 },
      { rank: 2, name: "b", own: false, equity: 10_000, return: 0, sharpe: null, maxDrawdown: 0, turnover: 0, sessions: 0, orders: 0, fills: 0 },
    ]);
    await market.at("2026-11-24T20:00:00Z");
    expect((await market.send("season/spring/a", "GET", "/v2/orders?status=open")).body).toEqual([]);
    await market.quote("49.98", "50.02");
    expect((await player("bob", "GET", "/spring")).body).toMatchObject({ state: "ended", joinedAs: "b", standings: [{ ...standings[0], own: false }, { ...standings[1], own: true }] });
    expect((await player("season/spring/a", "GET", "/spring?by=drawdown")).body).toMatchObject({ by: "drawdown", joinedAs: "a", standings: [{ name: "a", own: true }, { name: "b" }] });
  });

  test("are what its accounts are paid out at its end: no price moves them later, and no margin is called", async () => {
    await serving();
    await season("spring", { multiplier: 4, shorting: true });
    await join("ann", "spring", "a");
    await join("bob", "spring", "b");
    await placed("season/spring/a", { qty: "100", side: "sell" });
    await placed("season/spring/b", { qty: "100" });
    await placed("season/spring/b", { type: "limit", limit_price: "90", time_in_force: "gtc" });
    await market.at("2026-11-24T20:00:00Z");
    const standings = { state: "ended", standings: [{ name: "a", equity: 9_998 }, { name: "b", equity: 9_998 }] };
    expect((await player("ann", "GET", "/spring")).body).toMatchObject(standings);
    await market.quote("399.98", "400.02");
    await market.at("2026-11-27T17:00:00Z");
    for (const account of ["season/spring/a", "season/spring/b"]) {
      expect((await market.send(account, "GET", "/v2/account")).body).toMatchObject({ cash: "9998", equity: "9998" });
      expect((await market.send(account, "GET", "/v2/positions")).body).toEqual([]);
      expect((await market.send(account, "GET", "/v2/orders?status=open")).body).toEqual([]);
      expect(market.server.venue.exchange.marginCallOf(account as never)).toBeUndefined();
    }
    expect((await player("ann", "GET", "/spring")).body).toMatchObject(standings);
  });

  test("are not changed by an order that an exchange was about to take, or to cancel, at its end", async () => {
    await serving();
    await market.server.close();
    market = await serveMarket({ ann: "100000" }, {
      extend: async (parts) => {
        installAdminGate(parts, tokens, () => NOON);
        seasonRoutes(parts, async (account) => ({ id: `key-${account}`, secret: `secret-${account}` }));
      },
    }, new Venue(venueSettings({ exchange: { ...venueSettings().exchange, acknowledgeMs: 60_000 } })));
    await market.quote("99.98", "100.02");
    await season("spring");
    await join("ann", "spring", "a");
    await placed("season/spring/a", { type: "limit", limit_price: "90", time_in_force: "gtc" });
    await market.at("2026-11-24T19:59:30Z");
    await placed("season/spring/a", { qty: "10" });
    await market.at("2026-11-24T20:00:00Z");
    await market.quote("79.98", "80.02");
    await market.at("2026-11-24T20:05:00Z");
    expect((await market.send("season/spring/a", "GET", "/v2/account")).body).toMatchObject({ cash: "10000", equity: "10000" });
    expect((await market.send("season/spring/a", "GET", "/v2/orders?status=all")).body).toMatchObject([{ status: "canceled", filled_qty: "0" }, { status: "canceled", filled_qty: "0" }]);
  });

  test("an operator ends a season before its time", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    expect(await operator("POST", "/spring/end")).toMatchObject({ status: 200, body: { state: "ended", entries: 1 } });
    expect(await operator("POST", "/spring/end")).toMatchObject(forbidden("season spring has ended"));
    expect(await placed("season/spring/a")).toMatchObject(forbidden("season spring has ended"));
  });

  test("show nothing else of the others, and nothing to who has no key; only operators make, end and reset", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    await placed("season/spring/a");
    const text = JSON.stringify((await player("bob", "GET", "/spring")).body) + JSON.stringify((await player("bob", "GET", "")).body);
    expect(text).not.toMatch(/ann|key-|secret|account|AAA/);
    expect((await fetch(`${market.server.url}/sim/v1/seasons`)).status).toBe(401);
    for (const path of ["", "/spring/end", "/spring/reset"]) expect((await player("bob", "POST", path, {})).status, path).toBe(401);
    expect((await operator("POST", "/spring/entries", { name: "op" })).status).toBe(403);
    expect((await operator("GET", "/spring")).body).toMatchObject({ joinedAs: null, standings: [{ own: false }] });
    const board = (await fetch(`${market.server.url}/sim/v1/leaderboard`, { headers: { authorization: `Bearer ${await tokens.issue("op", NOON, 60_000)}` } }));
    expect(((await board.json()) as { standings: { name: string }[] }).standings.map(({ name }) => name)).toEqual(["ann", "bob"]);
  });
});

describe("a reset", () => {
  test("begins another round with the same keys, and touches nobody else", async () => {
    await serving();
    await season("spring", { ordersPerDay: 2 });
    await season("other");
    await join("ann", "spring", "a");
    await join("bob", "spring", "b");
    await join("bob", "other", "b");
    await placed("season/spring/a", { qty: "10" });
    await placed("season/spring/a", { type: "limit", limit_price: "90", time_in_force: "gtc" });
    await placed("season/other/b", { qty: "5" });
    await placed("season/other/b", { type: "limit", limit_price: "91" });
    await placed("ann", { qty: "3" });
    await placed("ann", { type: "limit", limit_price: "92" });
    const states = async (): Promise<unknown> => Promise.all(["ann", "bob", "season/other/b"].flatMap((account) => ["/v2/account", "/v2/positions", "/v2/orders?status=all"].map(async (path) => (await market.send(account, "GET", path)).body)));
    const before = await states();
    const other = (await player("bob", "GET", "/other")).body;

    expect(await operator("POST", "/spring/reset")).toMatchObject({ status: 200, body: { round: 2, state: "running", entries: 2 } });

    expect(await states()).toEqual(before);
    expect((await player("bob", "GET", "/other")).body).toEqual(other);
    expect((await market.send("season/spring/a", "GET", "/v2/account")).body).toMatchObject({ cash: "10000", equity: "10000" });
    expect((await market.send("season/spring/a", "GET", "/v2/orders?status=all")).body).toEqual([]);
    expect((await market.send("season/spring/a", "GET", "/v2/positions")).body).toEqual([]);
    expect(market.server.venue.exchange.depthOf("AAA" as Symbol, 5).bids.map(({ price }) => price)).toEqual([99_980_000, 92_000_000, 91_000_000]);
    // The day's orders are counted anew too.
    expect((await placed("season/spring/a")).status).toBe(200);
    expect((await placed("season/spring/a")).status).toBe(200);
    expect((await placed("season/spring/a")).status).toBe(403);
  });

  test("pays out the accounts of the round before, which no margin is called of and whose worth is noted no more", async () => {
    await serving();
    await season("spring", { multiplier: 4, shorting: true, endsAt: "2026-12-31T21:00:00Z" });
    await join("ann", "spring", "a");
    await join("bob", "spring", "b");
    await placed("season/spring/a", { qty: "100", side: "sell" });
    await placed("season/spring/b", { qty: "100" });
    await operator("POST", "/spring/reset");
    const { venue } = market.server;
    const [before] = ["season/spring/a" as never];
    expect(venue.exchange.account(before)).toMatchObject({ positions: [], cash: 9_998_000_000, equity: 9_998_000_000 });
    await market.quote("299.98", "300.02");
    await market.at("2026-11-25T17:00:00Z");
    expect(venue.exchange.account(before)).toMatchObject({ positions: [], cash: 9_998_000_000 });
    expect(venue.exchange.marginCallOf(before)).toBeUndefined();
    expect(venue.accounts.get(before)!.equity.closes).toEqual([]);
    expect(venue.accounts.get("season/spring/a#2" as never)!.equity.closes.map(({ equity }) => equity)).toEqual([10_000_000_000]);
  });

  test("keeps how everybody stood in the rounds before", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    await join("bob", "spring", "b");
    await placed("season/spring/a", { qty: "50" });
    await market.quote("109.98", "110.02");
    const first = (await player("bob", "GET", "/spring")).body as { standings: readonly { name: string; own: boolean; return: number }[] };
    expect(first.standings.map(({ name, own }) => [name, own])).toEqual([["a", false], ["b", true]]);
    await operator("POST", "/spring/reset");
    await join("ann", "spring", "a");
    await operator("POST", "/spring/end");
    await operator("POST", "/spring/reset", { startsAt: "2026-11-24T18:00:00Z" });

    expect((await player("bob", "GET", "/spring?round=1")).body).toEqual({ ...first, state: "ended" });
    expect((await player("bob", "GET", "/spring?round=2&by=sharpe")).body).toMatchObject({ round: 2, state: "ended", by: "sharpe", standings: [{ name: "a", return: 0 }, { name: "b", return: 0 }] });
    expect((await player("bob", "GET", "/spring?round=3")).body).toEqual((await player("bob", "GET", "/spring")).body);
    expect((await player("bob", "GET", "/spring")).body).toMatchObject({ round: 3, state: "waiting" });
    expect(await player("bob", "GET", "/spring?round=4")).toMatchObject({ status: 404, body: { message: "season spring has had 3 rounds" } });
    expect((await player("bob", "GET", "/spring?round=0")).status).toBe(422);
  });

  test("an ended season goes on with a new end, and without one is refused", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    await market.at("2026-11-24T20:30:00Z");
    expect(await operator("POST", "/spring/reset")).toMatchObject({ status: 422 });
    expect(await operator("POST", "/spring/reset", { endsAt: "2026-11-25T20:00:00Z" })).toMatchObject({ status: 200, body: { state: "running", startsAt: "2026-11-24T20:30:00.000Z", endsAt: "2026-11-25T20:00:00.000Z" } });
    expect((await placed("season/spring/a")).status).toBe(200);
  });

  test("a stream that listens goes on with the account of the new round", async () => {
    await serving();
    await season("spring");
    await join("ann", "spring", "a");
    const socket = new WebSocket(`${market.server.url.replace("http", "ws")}/stream`);
    await once(socket, "open");
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => {
      const frames = data.toString();
      heard.push(...[...frames.matchAll(/"event":"(\w+)"/g)].map(([, event]) => event!));
      if (frames.includes('"listening"')) heard.push("listening");
    });
    socket.send(JSON.stringify({ action: "auth", key: "key-season/spring/a", secret: "secret-season/spring/a" }));
    socket.send(JSON.stringify({ action: "listen", data: { streams: ["trade_updates"] } }));
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(["listening"]);
    await placed("season/spring/a", { type: "limit", limit_price: "90" });
    await operator("POST", "/spring/reset");
    await placed("season/spring/a");
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(["listening", "new", "canceled", "new", "fill"]);
    socket.terminate();
  });
});

test("a venue that is restored in the middle of seasons has the same future", async () => {
  await serving();
  await season("spring", { ordersPerDay: 3, multiplier: 2, shorting: true, symbols: ["AAA"] });
  await season("over");
  await join("ann", "spring", "a");
  await join("ann", "over", "a");
  await operator("POST", "/over/end");
  await operator("POST", "/spring/reset");
  await placed("season/spring/a", { qty: "10" });
  await placed("season/spring/a", { type: "limit", limit_price: "90" });
  const { venue } = market.server;
  const again = Venue.restore(venueSettings(), JSON.parse(JSON.stringify(venue.snapshot())) as VenueSnapshot);
  expect(JSON.stringify(again.snapshot())).toBe(JSON.stringify(venue.snapshot()));
  for (const one of [venue, again]) {
    one.apply({ type: "place", at: NOON, account: venue.seasons.accountBehind("season/spring/a" as never), order: { symbol: "AAA" as Symbol, side: "buy", type: "market", timeInForce: "day", orderClass: "simple", quantity: 1_000_000_000 as never } });
    one.apply({ type: "advance", at: (NOON + 4 * 3_600_000) as typeof NOON });
  }
  expect(JSON.stringify(again.snapshot())).toBe(JSON.stringify(venue.snapshot()));
  expect(again.seasons.named("spring")).toMatchObject({ round: 2, results: [{ name: "a", orders: 3, fills: 2 }] });
});
