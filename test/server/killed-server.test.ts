/** A server under load is killed at moments that a seed draws; BALLAST_SERVER_KILLS asks for more or fewer of them. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Prng } from "../../src/simulator/prng.ts";
import { ballast, ROOT } from "../support/command-line.ts";

const KILLS = Number(process.env["BALLAST_SERVER_KILLS"] ?? 10);
const WRITERS = 8;

interface Key {
  readonly id: string;
  readonly secret: string;
}

interface Acknowledged {
  readonly account: string;
  readonly id: string;
  readonly client_order_id: string;
  readonly limit_price: string | null;
  readonly status: string;
}

interface Running {
  readonly process: ChildProcess;
  readonly url: string;
}

const directory = mkdtempSync(join(tmpdir(), "ballast-server-"));

async function started(...more: readonly string[]): Promise<Running> {
  const args = [join(ROOT, "bin/ballast.ts"), "serve", "--dir", directory, "--port", "0", "--requests-per-minute", "1000000", "--snapshot-every", "150", ...more];
  const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, BALLAST_SERVE_ADMIN_SECRET: SECRET } });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    process_.stderr.on("data", (text: Buffer) => (said += text.toString()));
    process_.stdout.on("data", (text: Buffer) => {
      const [, found] = /^serving (\S+)/m.exec(text.toString()) ?? [];
      if (found !== undefined) resolve(found);
    });
    process_.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  return { process: process_, url };
}

const SECRET = "a secret of at least thirty-two bytes";

async function ended({ process: child }: Running, signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  return new Promise((resolve) => {
    child.on("exit", (code) => resolve(code));
    child.kill(signal);
  });
}

async function asked(url: string, { id, secret }: Key, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, { ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }), headers: { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" } });
  const json = (await answer.json());
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(json)}`);
  return json;
}

test(`${KILLS} kills under load lose no acknowledged order, and give each its ids, account, fills and place in the book`, { timeout: 300_000 }, async () => {
  const made = (account: string): Key => JSON.parse(ballast(["keys", "create", account, "--dir", directory, "--cash", "10000000", "--json"]).out) as Key;
  const keys: Record<string, Key> = { ann: made("ann"), bob: made("bob") };
  const token = ballast(["keys", "admin-token", "test"], { env: { BALLAST_SERVE_ADMIN_SECRET: SECRET } }).out.trim();
  const draw = new Prng(31);
  const acknowledged = new Map<string, Acknowledged>();
  let number = 0;
  let server = await started("--symbols", "AAA", "--hours", "always");
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await quote(server.url, token);
    let endAt = Infinity;
    const write = async (account: string): Promise<void> => {
      while (Date.now() < endAt) {
        const client_order_id = `${account}-${(number += 1)}`;
        const isResting = number % 2 === 0;
        try {
          const order = (await asked(server.url, keys[account]!, "/v2/orders", { symbol: "AAA", qty: "1", side: "buy", client_order_id, time_in_force: "gtc", ...(isResting ? { type: "limit", limit_price: "9" } : { type: "market" }) })) as Acknowledged;
          acknowledged.set(client_order_id, { ...order, account });
        } catch (error) {
          // Killed in the middle: what was not answered is in doubt and not counted.
          if (Date.now() < endAt) throw error;
        }
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, index) => write(index % 2 === 0 ? "ann" : "bob"));
    await sleep(draw.integer(50, 500));
    endAt = 0;
    await ended(server, "SIGKILL");
    await Promise.all(writers);
    server = await started();
    for (const account of ["ann", "bob"]) await expectKept(server.url, account, keys[account]!, [...acknowledged.values()].filter((order) => order.account === account));
  }
  expect(await ended(server, "SIGTERM")).toBe(0);
  expect(acknowledged.size).toBeGreaterThan(KILLS * WRITERS);
  const verified = JSON.parse(ballast(["serve", "--dir", directory, "--recover", "--verify", "--json"]).out) as { readonly agrees: boolean; readonly verification: { readonly from: number; readonly commands: number } };
  expect(verified).toMatchObject({ agrees: true });
  expect(verified.verification.commands).toBeGreaterThan(0);
  rmSync(directory, { recursive: true });
});

async function quote(url: string, token: string): Promise<void> {
  const body = { type: "quote", symbol: "AAA", bid: 10_000_000, ask: 10_020_000, quantity: 1_000_000_000_000_000 };
  const answer = await fetch(`${url}/sim/v1/commands`, { method: "POST", body: JSON.stringify(body), headers: { authorization: `Bearer ${token}`, "content-type": "application/json" } });
  expect(await answer.json()).toEqual({ done: "quote" });
}

interface Listed extends Acknowledged {
  readonly filled_qty: string;
  readonly filled_avg_price: string | null;
}

async function expectKept(url: string, account: string, key: Key, acknowledged: readonly Acknowledged[]): Promise<void> {
  const listed = await allOrders(url, key);
  const byClientId = new Map(listed.map((order) => [order.client_order_id, order]));
  expect(byClientId.size).toBe(listed.length);
  for (const { client_order_id, id, status, limit_price } of acknowledged) {
    expect(byClientId.get(client_order_id)).toMatchObject({ id, status: status === "filled" ? "filled" : expect.any(String) as unknown, limit_price });
  }
  const filled = listed.filter(({ status }) => status === "filled");
  const open = (await asked(url, key, "/v2/orders?status=open&limit=500")) as Listed[];
  expect(open.length).toBe(Math.min(500, listed.length - filled.length));
  const cash = filled.reduce((left, { filled_qty, filled_avg_price }) => left - Math.round(Number(filled_qty) * Number(filled_avg_price) * 100), 1_000_000_000);
  const { cash: told } = (await asked(url, key, "/v2/account")) as { readonly cash: string };
  // Beside the fills only the fees by the share are paid, which are below a dollar here.
  expect(Math.abs(Math.round(Number(told) * 100) - cash)).toBeLessThan(100);
  const position = filled.length === 0 ? undefined : ((await asked(url, key, "/v2/positions/AAA")) as { readonly qty: string });
  expect(Number(position?.qty ?? 0), `${account}'s shares`).toBe(filled.length);
}

async function allOrders(url: string, key: Key): Promise<Listed[]> {
  const orders: Listed[] = [];
  for (;;) {
    const before = orders.at(-1)?.id;
    const page = (await asked(url, key, `/v2/orders?status=all&limit=500${before === undefined ? "" : `&before_order_id=${before}`}`)) as Listed[];
    orders.push(...page);
    if (page.length < 500) return orders;
  }
}
