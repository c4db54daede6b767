/**
 * A venue behind its server on loopback: accounts with a key each, stepped time, quotes in a line each.
 *
 * Where Alpaca's documents are there, every answer is held to them.
 */
import { moneyOf, priceOf, shares } from "../../src/money.ts";
import { clientsAlone } from "../../src/server/market-source.ts";
import { startServer } from "../../src/server/server.ts";
import type { Authenticator, RunningServer, ServerSettings } from "../../src/server/server-parts.ts";
import { Venue, type VenueSettings } from "../../src/server/venue.ts";
import { instantOf } from "../../src/time.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { OpenApi, openApiIsAbsent } from "../server/openapi.ts";

/** A Tuesday in the session: the market closes at 21:00Z. */
export const NOON = instantOf("2026-11-24T17:00:00Z");

export function venueSettings(changes: Partial<VenueSettings> = {}): VenueSettings {
  return {
    salt: "test",
    startsAt: NOON,
    exchange: { fees: "none", halfSpreadBps: 0, wholeShares: false, checks: "alpaca" },
    market: clientsAlone(["AAA", "BBB"] as Symbol[], "calendar"),
    ...changes,
  };
}

export const judge = openApiIsAbsent ? undefined : new OpenApi();

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export class ServedMarket {
  readonly server: RunningServer;

  constructor(server: RunningServer) {
    this.server = server;
  }

  /** `account` sends with its own key. */
  async send(account: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${this.server.url}${path}`, {
      method,
      headers: { "APCA-API-KEY-ID": `key-${account}`, "APCA-API-SECRET-KEY": `secret-${account}`, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = text === "" ? undefined : (JSON.parse(text) as unknown);
    const defect = answer.status === 404 ? undefined : judge?.defectOf(method, path.split("?")[0]!, answer.status, json);
    if (defect !== undefined) throw new Error(defect);
    return { status: answer.status, body: json, headers: answer.headers };
  }

  async quote(bid: string, ask: string, count = 1_000, symbol = "AAA"): Promise<void> {
    await this.server.execute({ type: "quote", symbol: symbol as Symbol, bid: priceOf(bid), ask: priceOf(ask), quantity: shares(count) });
  }

  async at(time: string): Promise<void> {
    await this.server.moveTo(instantOf(time));
  }
}

export const testKeys: Authenticator = {
  authenticate(keyId, secret) {
    const name = /^key-(.+)$/.exec(keyId)?.[1];
    return name !== undefined && secret === `secret-${name}` ? { keyId, account: name as AccountName, scopes: new Set(["trade", "read"] as const) } : undefined;
  },
};

/** Accounts with 100,000 USD unless it says otherwise. */
export async function serveMarket(accounts: Readonly<Record<string, string>> = { ann: "100000", bob: "100000" }, changes: Partial<ServerSettings> = {}, venue = new Venue(venueSettings())): Promise<ServedMarket> {
  for (const [name, cash] of Object.entries(accounts)) venue.apply({ type: "open-account", at: venue.now, account: name as AccountName, cash: moneyOf(cash) });
  const server = await startServer({ host: "127.0.0.1", port: 0, venue, time: { mode: "stepped" }, authenticator: testKeys, journal: "memory", requestsPerMinute: 100_000, legacyPatternDayTrader: false, ...changes });
  return new ServedMarket(server);
}
