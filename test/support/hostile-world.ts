/**
 * A served market with several accounts, and what must hold of every answer it gives, whatever it is asked.
 *
 * The accounts' names are canaries: their keys, client order ids and watchlists carry them, and every id that the venue
 * makes has an owner. An answer or a stream of one account shows none of another's, unless it is an error that says
 * again what was asked for. An operator is told of accounts by their names, and of nobody's orders, watchlists and secrets.
 * Accounts of seasons play under their owners' names for them, and have keys once somebody has joined.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nock from "nock";
import { WebSocket } from "ws";
import { moneyOf, priceOf, shares } from "../../src/money.ts";
import { installAdminGate } from "../../src/server/admin-gate.ts";
import { DurableVenue, verifyVenue } from "../../src/server/durable-venue.ts";
import { AdminTokens } from "../../src/server/keys/admin-tokens.ts";
import { loginOf } from "../../src/server/seasons.ts";
import { operate } from "../../src/server/operate.ts";
import { healthRoutes } from "../../src/server/routes-health.ts";
import { seasonRoutes } from "../../src/server/routes-seasons.ts";
import { simulationRoutes } from "../../src/server/routes-simulation.ts";
import type { Authenticator, RunningServer, Unstamped } from "../../src/server/server-parts.ts";
import type { AccountName, Symbol } from "../../src/trade.ts";
import { activitiesOf } from "./account-history.ts";
import { keysOf, OPERATOR, type HostileRequest } from "./hostile-requests.ts";
import { judge, NOON, ServedMarket, serveMarket, testKeys, venueSettings } from "./served-market.ts";

export const OWNERS = ["qann7f3a", "qbob91c2", "qcat55e8"] as const;
// It stands in every socket's way and mends or refuses what is sent; all that is sent here goes to this process.
nock.restore();

const ANSWER_WITHIN_MS = 10_000;
const tokens = new AdminTokens("a secret of at least thirty-two bytes");

export interface HostileAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export class HostileWorld {
  readonly server: RunningServer;
  readonly #durable: DurableVenue;
  readonly #directory: string;
  readonly #streams = new Map<string, { readonly socket: WebSocket; readonly heard: string[] }>();

  private constructor(server: RunningServer, durable: DurableVenue, directory: string) {
    this.server = server;
    this.#durable = durable;
    this.#directory = directory;
  }

  static async open(): Promise<HostileWorld> {
    const directory = mkdtempSync(join(tmpdir(), "ballast-hostile-"));
    const settings = venueSettings();
    const durable = await DurableVenue.open({ directory, policy: { sync: "never" }, snapshotEvery: 25, venue: settings, onSnapshotFailure: (error) => { throw error; } });
    for (const account of OWNERS) {
      const command = { type: "open-account", at: durable.venue.now, account: account as string as AccountName, cash: moneyOf("100000") } as const;
      await durable.append(command);
      durable.venue.apply(command);
    }
    const issued = new Set<string>();
    const { server } = await serveMarket({}, {
      journal: durable,
      authenticator: keysIn(issued),
      extend: async (parts) => {
        installAdminGate(parts, tokens, () => NOON);
        healthRoutes(parts, { log: durable, diskFree: undefined, market: "clients", clock: Date.now, monotonic: () => performance.now(), isStopping: () => false });
        simulationRoutes(parts, (at) => server.moveTo(at));
        seasonRoutes(parts, async (account) => {
          issued.add(account);
          return { id: `key-${account}`, secret: `secret-${account}` };
        });
        await operate(parts, () => durable.commandsSinceSnapshot);
      },
    }, durable.venue);
    const world = new HostileWorld(server, durable, directory);
    await new ServedMarket(server).quote("99.99", "100.01");
    for (const account of OWNERS) {
      await world.#endow(account);
      await world.#listen(account);
    }
    return world;
  }

  /** What is wrong with the answer; undefined for a good one. */
  async defectOf(request: HostileRequest): Promise<string | undefined> {
    const answer = await this.send(request);
    if (typeof answer === "string") return answer;
    const { status, text, contentType } = answer;
    if (status >= 500) return `status ${status}: ${text.slice(0, 500)}`;
    if (/\n\s+at |\.ts:\d|node:internal|node_modules/.test(text)) return `a stack trace: ${text.slice(0, 500)}`;
    const path = request.path.split("?")[0]!;
    if (request.account !== OPERATOR && status < 300 && OPERATORS.test(`${request.method} ${path}`)) return `${request.account} has done what operators do: ${text.slice(0, 200)}`;
    if (request.method === "HEAD" || status === 204) return text === "" ? undefined : `a body where none belongs: ${text.slice(0, 100)}`;
    // The page, and the metrics.
    if (status < 300 && /^(text\/|image\/)/.test(contentType)) return this.#leakIn(text, request.account, "");
    const body = jsonOf(text);
    if (body === undefined || !contentType.startsWith("application/json")) return `status ${status} with what is no JSON (${contentType}): ${text.slice(0, 200)}`;
    if (status >= 400 && !isError(body)) return `status ${status} with no code and message: ${text.slice(0, 200)}`;
    if (status < 300 && /^\/v\d/.test(path)) {
      const { judged, failed } = status === 207 ? separated(body) : { judged: body, failed: [] };
      if (!failed.every(isError)) return `a failure with no code and message: ${text.slice(0, 200)}`;
      const defect = judge?.defectOf(request.method, path.replace(/\/$/, ""), status, judged);
      if (defect !== undefined) return defect;
    }
    // An error may say again what was asked for; what was given is the account's own.
    const asked = status < 400 ? "" : `${decoded(request.path)} ${Object.values(request.headers).join(" ")}`;
    return this.#leakIn(text, request.account, `${asked} ${request.body ?? ""}`);
  }

  /** Every route that there is, as "GET /v2/orders/{}". */
  routes(): readonly string[] {
    const above: string[] = [];
    return this.server.app.printRoutes({ commonPrefix: false }).split("\n").flatMap((line) => {
      const [, indent, part = "", methods = ""] = /^([│ ]*)[├└]── (\S+)(?: \((.+)\))?$/.exec(line) ?? [];
      if (indent === undefined) return [];
      above.splice(indent.length / 4, Infinity, part);
      const path = above.join("").replaceAll(/\/:\w+/g, "/{}");
      return methods.split(", ").filter((method) => method !== "HEAD").map((method) => `${method} ${path}`);
    });
  }

  /** The answer, or what happened instead of one. Written to the socket as it is, because clients mend what they send. */
  send({ method, path, headers, body }: HostileRequest): Promise<HostileAnswer | string> {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const { connection = "close", ...others } = headers;
    const lines = Object.entries({ host: "127.0.0.1", connection: connection === "close" ? connection : `close, ${connection}`, ...length, ...others }).map(([name, value]) => `${name}: ${value}\r\n`);
    return this.sendBytes(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`);
  }

  /** What the server says to these bytes until it closes. */
  sendBytes(bytes: string | Uint8Array): Promise<HostileAnswer | string> {
    return new Promise((resolve) => {
      const parts: Buffer[] = [];
      const socket = connect(Number(new URL(this.server.url).port), "127.0.0.1", () => socket.write(bytes));
      const late = setTimeout(() => {
        socket.destroy();
        resolve(`no answer within ${ANSWER_WITHIN_MS} ms`);
      }, ANSWER_WITHIN_MS);
      socket.on("data", (part: Buffer) => parts.push(part));
      // A server that closes before it has read all resets the connection; what it said has come before.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        clearTimeout(late);
        resolve(answerIn(Buffer.concat(parts).toString()) ?? "closed without an answer");
      });
    });
  }

  async market(command: Unstamped): Promise<void> {
    await this.server.execute(command);
  }

  heardBy(account: string): readonly string[] {
    return this.#streams.get(account)!.heard;
  }

  /** What a stream has heard of another's account. */
  streamLeak(): string | undefined {
    for (const [account, { heard, socket }] of this.#streams) {
      if (socket.readyState !== WebSocket.OPEN) return `${account}'s stream was closed`;
      for (const text of heard.splice(0)) {
        const leak = this.#leakIn(text, account, "");
        if (leak !== undefined) return `on ${account}'s stream, ${leak}`;
      }
    }
    return undefined;
  }

  /** Ends the server; what its log derives must be what it was. */
  async close(): Promise<string | undefined> {
    for (const { socket } of this.#streams.values()) socket.terminate();
    await this.server.close();
    const digest = this.#durable.digest();
    await this.#durable.close();
    const again = await verifyVenue(this.#directory, venueSettings());
    rmSync(this.#directory, { recursive: true });
    return again.agrees && again.digest === digest ? undefined : `the log derives another state: ${again.digest}, not ${digest}`;
  }

  /** Something of each kind to be found by others. */
  async #endow(account: string): Promise<void> {
    const name = account as AccountName;
    const order = { symbol: "AAA" as Symbol, side: "buy", timeInForce: "gtc", orderClass: "simple", quantity: shares(2) } as const;
    await this.market({ type: "place", account: name, order: { ...order, type: "market", clientOrderId: `${account}-filled` } });
    await this.market({ type: "place", account: name, order: { ...order, type: "limit", limitPrice: priceOf("90"), clientOrderId: `${account}-open` } });
    await this.market({ type: "create-watchlist", account: name, name: `${account}-list`, symbols: [order.symbol] });
  }

  async #listen(account: string): Promise<void> {
    const socket = new WebSocket(`${this.server.url.replace("http", "ws")}/stream`);
    const heard: string[] = [];
    this.#streams.set(account, { socket, heard });
    await new Promise((resolve, reject) => {
      socket.on("message", (data: Buffer) => {
        const text = data.toString();
        heard.push(text);
        if (text.includes('"listening"')) resolve(undefined);
      });
      socket.on("error", reject);
      socket.on("open", () => {
        const keys = keysOf(account);
        socket.send(JSON.stringify({ action: "auth", key: keys["APCA-API-KEY-ID"], secret: keys["APCA-API-SECRET-KEY"] }));
        socket.send('{"action":"listen","data":{"streams":["trade_updates"]}}');
      });
    });
  }

  #leakIn(text: string, account: string, said: string): string | undefined {
    const isOperator = account === OPERATOR;
    if (isOperator && text.includes("secret-") && !said.includes("secret-")) return `an operator is shown a secret: ${text.slice(0, 500)}`;
    for (const other of OWNERS) if (!isOperator && other !== account && text.includes(other) && !said.includes(other)) return `${account} is shown ${other}: ${text.slice(0, 500)}`;
    for (const [id] of text.matchAll(UUID)) {
      const owner = isOperator ? this.server.venue.order(id)?.account : this.#ownerOf(id);
      if (owner !== undefined && loginOf(owner) !== account && !said.includes(id)) return `${account} is shown an id of ${owner}: ${text.slice(0, 500)}`;
    }
    return undefined;
  }

  #ownerOf(id: string): AccountName | undefined {
    const { venue } = this.server;
    const order = venue.order(id);
    if (order) return order.account;
    for (const account of venue.accounts.values()) {
      const { name, id: own, watchlists } = account;
      if (own === id || watchlists.get(id) !== undefined || activitiesOf(account).some(({ uuid }) => uuid === id)) return name;
    }
    return undefined;
  }
}

const OPERATORS = /^\S+ \/sim\/v1\/(commands|advance|faults|leaderboard|margin-calls|surveillance)$|^POST \/sim\/v1\/seasons(\/[^/]+\/(end|reset))?$/;

/** Those of seasons are good once they have been issued, and the operator's opens operators' routes alone. */
function keysIn(issued: ReadonlySet<string>): Authenticator {
  return {
    authenticate(keyId, secret) {
      const identity = testKeys.authenticate(keyId, secret);
      if (identity?.account.startsWith("season/") && !issued.has(identity.account)) return undefined;
      return identity?.account === (OPERATOR as string) ? { ...identity, scopes: new Set(["admin"] as const) } : identity;
    },
  };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Of one answer, whose end is the connection's. */
function answerIn(said: string): HostileAnswer | undefined {
  const [, status, head = "", text = ""] = /^HTTP\/1\.1 (\d{3})[^]*?\r\n([^]*?)\r\n\r\n([^]*)$/.exec(said.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "")) ?? [];
  if (status === undefined) return undefined;
  return { status: Number(status), contentType: /^content-type: (.*)$/im.exec(head)?.[1]?.trim() ?? "", text: /^transfer-encoding: chunked/im.test(head) ? unchunked(text) : text };
}

function unchunked(text: string): string {
  const end = text.indexOf("\r\n");
  const size = parseInt(text.slice(0, end), 16);
  return size > 0 ? text.slice(end + 2, end + 2 + size) + unchunked(text.slice(end + 4 + size)) : "";
}

/** Of what was tried for many at once, the documents describe the successes alone; alpaca-py knows an error's body for the others. */
function separated(body: unknown): { readonly judged: unknown; readonly failed: readonly unknown[] } {
  const items = body as readonly { readonly status: number; readonly body?: unknown }[];
  return { judged: items.filter(({ status }) => status < 400), failed: items.filter(({ status }) => status >= 400).map((item) => item.body) };
}

function isError(body: unknown): boolean {
  const { code, message } = (body ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return Number.isInteger(code) && typeof message === "string";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
