/** `ballast serve` in a process of its own on a directory on disk, with accounts that have money and shares to trade. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { moneyOf, priceOf, quantityOf } from "../../src/money.ts";
import { newApiKey } from "../../src/server/keys/api-keys.ts";
import { changeKeys } from "../../src/server/keys/key-file.ts";
import type { Instant } from "../../src/time.ts";
import type { AccountName } from "../../src/trade.ts";
import { PRICE, type Trader, type Traders } from "./order-load.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAIRS = 5;
/** Of each seller in each symbol: more than a bench sells. */
const SHARES = 500_000;
export const SYMBOLS = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH", "III", "JJJ"] as const;

export interface ServerProcess {
  readonly port: number;
  /** From its start until it said that it serves. */
  readonly startedWithinSeconds: number;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface Usage {
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
}

/** Accounts that buy, accounts that sell, and one that sets up the market. */
export interface MarketKeys extends Traders {
  readonly operator: Trader;
}

export async function makeKeys(directory: string): Promise<MarketKeys> {
  const made = (name: string): ReturnType<typeof newApiKey> => newApiKey({ account: name as AccountName, startingCash: moneyOf("1000000000"), scopes: name === "operator" ? ["trade", "read", "admin"] : ["trade", "read"], createdAt: Date.now() as Instant });
  const operator = made("operator");
  const buyers = Array.from({ length: PAIRS }, (_, n) => made(`buyer-${n}`));
  const sellers = Array.from({ length: PAIRS }, (_, n) => made(`seller-${n}`));
  await changeKeys(directory, () => [operator, ...buyers, ...sellers].map(({ key }) => key));
  const trader = ({ key: { id }, secret }: ReturnType<typeof newApiKey>): Trader => ({ id, secret });
  return { operator: trader(operator), buyers: buyers.map(trader), sellers: sellers.map(trader) };
}

export async function serveMarket(directory: string, ...more: readonly string[]): Promise<ServerProcess> {
  return started([join(ROOT, "bin/ballast.js"), "serve", "--dir", directory, "--port", "0", "--requests-per-minute", "1000000000", ...more]);
}

/** The options of a directory's first start. */
export const NEW_MARKET = ["--symbols", SYMBOLS.join(","), "--hours", "always"] as const;

/** Sellers get their shares from a house quote, which then steps aside. */
export async function stock({ port }: ServerProcess, { operator, sellers }: MarketKeys): Promise<void> {
  const quote = async (bid: string, ask: string): Promise<void> => {
    for (const symbol of SYMBOLS) await asked(port, operator, "/sim/v1/commands", { type: "quote", symbol, bid: priceOf(bid), ask: priceOf(ask), quantity: quantityOf(String(SHARES * PAIRS)) });
  };
  await quote("9.99", PRICE);
  for (const seller of sellers) for (const symbol of SYMBOLS) await asked(port, seller, "/v2/orders", { symbol, qty: String(SHARES), side: "buy", type: "market", time_in_force: "day" });
  await quote("9.00", "11.00");
}

export async function usageOf({ port }: ServerProcess): Promise<Usage> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)![1]);
  return { cpuSeconds: read("process_cpu_seconds_total"), residentMegabytes: read("process_resident_memory_bytes") / 1e6 };
}

/** A program of this folder that says "serving URL". */
export async function startPeer(entry: string, ...args: readonly string[]): Promise<ServerProcess> {
  return started([fileURLToPath(new URL(entry, import.meta.url)), ...args]);
}

async function started(args: readonly string[]): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (text: Buffer) => {
      const [, found] = /^serving \S+:(\d+)/m.exec(text.toString()) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    child.on("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}: ${said}`)));
  });
  return { port, startedWithinSeconds: (performance.now() - startedAt) / 1_000, end: async (signal) => ended(child, signal) };
}

async function ended(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, "exit");
  child.kill(signal);
  await over;
}

async function asked(port: number, { id, secret }: Trader, path: string, body: object): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body: JSON.stringify(body), headers: { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" } });
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
}
