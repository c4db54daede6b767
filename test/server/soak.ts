/**
 * Many accounts trade at a server that is killed again and again: nothing that was acknowledged is lost or there twice.
 *
 * Each account sends its orders one after the other under client order ids of its own. What a kill leaves in doubt it
 * asks for by that id, and sends again only where there is no such order. After each restart every account looks up
 * every order that it was told of, and the list of its orders has each id once.
 *
 *   npm run soak -- --accounts 100 --requests 100 --kills 10 --seed 1
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { moneyOf } from "../../src/money.ts";
import { newApiKey } from "../../src/server/keys/api-keys.ts";
import { changeKeys } from "../../src/server/keys/key-file.ts";
import { Prng } from "../../src/simulator/prng.ts";
import type { Instant } from "../../src/time.ts";
import type { AccountName } from "../../src/trade.ts";
import { ballast, ROOT } from "../support/command-line.ts";

export interface SoakSettings {
  readonly accounts: number;
  /** Of each account. */
  readonly requests: number;
  readonly kills: number;
  readonly seed: number;
}

export interface SoakResult extends SoakSettings {
  readonly acknowledged: number;
  /** Not answered because of a kill; of these some were found again, and the others sent again. */
  readonly inDoubt: number;
  readonly found: number;
  readonly sentAgain: number;
  /** Of orders by their client order ids after the restarts. */
  readonly lookups: number;
  readonly lost: number;
  readonly duplicated: number;
  /** The log derives what the newest snapshot has. */
  readonly agrees: boolean;
}

interface Trader {
  readonly account: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ids of orders by the client order ids under which they were acknowledged. */
  readonly told: Map<string, string>;
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

interface OrderBody {
  readonly id: string;
  readonly client_order_id: string;
}

export async function soak(settings: SoakSettings): Promise<SoakResult> {
  const directory = mkdtempSync(join(tmpdir(), "ballast-soak-"));
  try {
    return await new Soak(settings, directory).run();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class Soak {
  readonly #settings: SoakSettings;
  readonly #directory: string;
  #traders: readonly Trader[] = [];
  #operator: Readonly<Record<string, string>> = {};
  /** The server, as soon as it is there and has been looked through. */
  #server!: Promise<Running>;
  /** Numbers of acknowledgements at which it is killed, the next one last. */
  readonly #killsAt: number[];
  #acknowledged = 0;
  #inDoubt = 0;
  #found = 0;
  #sentAgain = 0;
  #lookups = 0;
  #lost = 0;
  #duplicated = 0;

  constructor(settings: SoakSettings, directory: string) {
    this.#settings = settings;
    this.#directory = directory;
    const draw = new Prng(settings.seed);
    const last = settings.accounts * settings.requests - 1;
    this.#killsAt = Array.from({ length: settings.kills }, () => draw.integer(1, last)).sort((a, b) => b - a);
  }

  async run(): Promise<SoakResult> {
    await this.#makeKeys();
    this.#server = this.#started(["--symbols", "AAA,BBB", "--hours", "always"]);
    await this.#server;
    await Promise.all(this.#traders.map((trader) => this.#trade(trader)));
    const server = await this.#server;
    await this.#look(server, 0);
    server.child.kill("SIGTERM");
    await once(server.child, "exit");
    const verified = JSON.parse(ballast(["serve", "--dir", this.#directory, "--recover", "--verify", "--json"]).out) as { readonly agrees: boolean };
    return {
      ...this.#settings, acknowledged: this.#acknowledged, inDoubt: this.#inDoubt, found: this.#found, sentAgain: this.#sentAgain,
      lookups: this.#lookups, lost: this.#lost, duplicated: this.#duplicated, agrees: verified.agrees,
    };
  }

  async #makeKeys(): Promise<void> {
    const made = (account: string, scopes: readonly ("trade" | "read" | "admin")[]): ReturnType<typeof newApiKey> => newApiKey({ account: account as AccountName, startingCash: moneyOf("1000000"), scopes: [...scopes], createdAt: Date.now() as Instant });
    const headersOf = ({ key, secret }: ReturnType<typeof newApiKey>): Readonly<Record<string, string>> => ({ "APCA-API-KEY-ID": key.id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" });
    const operator = made("operator", ["admin"]);
    const accounts = Array.from({ length: this.#settings.accounts }, (_, index) => `account-${index + 1}`);
    const keys = accounts.map((account) => made(account, ["trade", "read"]));
    await changeKeys(this.#directory, () => [operator.key, ...keys.map(({ key }) => key)]);
    this.#operator = headersOf(operator);
    this.#traders = accounts.map((account, index) => ({ account, headers: headersOf(keys[index]!), told: new Map() }));
  }

  async #started(more: readonly string[]): Promise<Running> {
    const args = [join(ROOT, "bin/ballast.ts"), "serve", "--dir", this.#directory, "--port", "0", "--requests-per-minute", "100000000", "--snapshot-every", "700", ...more];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", (text: Buffer) => {
        const [, found] = /^serving (\S+)/m.exec(text.toString()) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.on("exit", (code) => reject(new Error(`the server ended with ${String(code)}: ${said}`)));
    });
    const quote = { type: "quote", symbol: "AAA", bid: 9_990_000, ask: 10_000_000, quantity: 1_000_000_000_000_000 };
    const answer = await fetch(`${url}/sim/v1/commands`, { method: "POST", headers: this.#operator, body: JSON.stringify(quote) });
    if (!answer.ok) throw new Error(`the quote was answered ${answer.status} ${await answer.text()}`);
    return { child, url };
  }

  async #trade(trader: Trader): Promise<void> {
    for (let number = 1; number <= this.#settings.requests; number += 1) {
      const clientOrderId = `${trader.account}-${number}`;
      // Half of them trade with the house at once, and the others rest in the book.
      const order = { symbol: number % 2 === 0 ? "AAA" : "BBB", qty: "1", side: "buy", type: "limit", limit_price: number % 2 === 0 ? "10" : "5", time_in_force: "gtc", client_order_id: clientOrderId };
      trader.told.set(clientOrderId, await this.#placed(trader, order));
      this.#acknowledged += 1;
      if (this.#acknowledged >= (this.#killsAt.at(-1) ?? Infinity)) this.#kill();
    }
  }

  async #placed(trader: Trader, order: { readonly client_order_id: string }): Promise<string> {
    for (;;) {
      const { url } = await this.#server;
      const sent = await answerOf<OrderBody>(`${url}/v2/orders`, { method: "POST", headers: trader.headers, body: JSON.stringify(order) });
      if (sent) return sent.id;
      this.#inDoubt += 1;
      const found = await this.#find(trader, order.client_order_id);
      if (found) {
        this.#found += 1;
        return found.id;
      }
      this.#sentAgain += 1;
    }
  }

  /** Asks until there is an answer. */
  async #find({ headers }: Trader, clientOrderId: string): Promise<OrderBody | undefined> {
    for (;;) {
      const { url } = await this.#server;
      const answer = await answerOf<OrderBody | "absent">(`${url}/v2/orders:by_client_order_id?client_order_id=${clientOrderId}`, { headers });
      if (answer !== undefined) return answer === "absent" ? undefined : answer;
    }
  }

  #kill(): void {
    this.#killsAt.pop();
    this.#server = this.#server.then(async (before) => {
      const ended = once(before.child, "exit");
      before.child.kill("SIGKILL");
      await ended;
      const after = await this.#started([]);
      await this.#look(after, 1);
      return after;
    });
  }

  /** Every account for itself. Beside what it was told of it may have `inDoubtMax` orders of which it was not told yet. */
  async #look({ url }: Running, inDoubtMax: 0 | 1): Promise<void> {
    await Promise.all(this.#traders.map(async ({ account, headers, told }) => {
      for (const [clientOrderId, id] of told) {
        const order = await answerOf<OrderBody | "absent">(`${url}/v2/orders:by_client_order_id?client_order_id=${clientOrderId}`, { headers });
        this.#lookups += 1;
        if (order === undefined || order === "absent" || order.id !== id) this.#lost += 1;
      }
      const listed = await allOrders(url, headers);
      const ids = listed.map(({ client_order_id }) => client_order_id);
      this.#duplicated += ids.length - new Set(ids).size;
      this.#duplicated += Math.max(0, ids.length - told.size - inDoubtMax) + ids.filter((id) => !id.startsWith(`${account}-`)).length;
    }));
  }
}

async function allOrders(url: string, headers: Readonly<Record<string, string>>): Promise<readonly OrderBody[]> {
  const orders: OrderBody[] = [];
  for (;;) {
    const before = orders.at(-1)?.id;
    const page = await answerOf<readonly OrderBody[]>(`${url}/v2/orders?status=all&limit=500${before === undefined ? "" : `&before_order_id=${before}`}`, { headers });
    if (!page) throw new Error("the server stopped while its orders were listed");
    orders.push(...page);
    if (page.length < 500) return orders;
  }
}

/** Undefined where the connection ended without an answer, "absent" for what there is not. */
async function answerOf<T>(url: string, request: RequestInit): Promise<T | undefined> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, request);
    text = await answer.text();
  } catch {
    // Killed in the middle: whoever sent it finds out by its client order id.
    return undefined;
  }
  if (answer.status === 404) return "absent" as T;
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

if (import.meta.main) {
  const count = { type: "string" } as const;
  const { values } = parseArgs({ options: { accounts: { ...count, default: "100" }, requests: { ...count, default: "100" }, kills: { ...count, default: "10" }, seed: { ...count, default: "1" } } });
  const result = await soak({ accounts: Number(values.accounts), requests: Number(values.requests), kills: Number(values.kills), seed: Number(values.seed) });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.lost === 0 && result.duplicated === 0 && result.agrees ? 0 : 1;
}
