/** An account on margin terms, from the command that makes its key to what it may do over the wire. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ballast, ROOT } from "../support/command-line.ts";

let dir: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ballast-margin-"));
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(dir, { recursive: true });
});

type Keys = Readonly<Record<string, string>>;

function keysOf(account: string, ...options: string[]): Keys {
  const { out, err } = ballast(["keys", "create", account, "--dir", dir, "--json", ...options]);
  expect(err).toBe("");
  const { id, secret } = JSON.parse(out) as { readonly id: string; readonly secret: string };
  return { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" };
}

async function serving(): Promise<string> {
  running = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, "serve", "--dir", dir, "--port", "0", "--symbols", "AAA", "--hours", "always", "--stepped"], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(createInterface({ input: running.stdout! }), "line")) as [string];
  return line.slice("serving ".length);
}

test("keys create --multiplier 4 --shorting opens an account that sells short and buys on margin; a cash account does neither", async () => {
  const seller = keysOf("seller", "--cash", "50000", "--multiplier", "4", "--shorting");
  const buyer = keysOf("buyer", "--cash", "50000", "--multiplier", "2");
  const plain = keysOf("plain", "--cash", "50000");
  const operator = keysOf("operator", "--scopes", "admin");
  const url = await serving();
  const asked = async (keys: Keys, method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> => {
    const answer = await fetch(`${url}${path}`, { method, headers: keys, ...(body !== undefined && { body: JSON.stringify(body) }) });
    return { status: answer.status, body: await answer.json() };
  };
  const order = (keys: Keys, side: string, qty: string) => asked(keys, "POST", "/v2/orders", { symbol: "AAA", qty, side, type: "market", time_in_force: "day" });
  await asked(operator, "POST", "/sim/v1/commands", { type: "quote", symbol: "AAA", bid: 99_990_000, ask: 100_010_000, quantity: 10_000_000_000_000 });

  expect((await asked(seller, "GET", "/v2/account")).body).toMatchObject({ cash: "50000", multiplier: "4", shorting_enabled: true, buying_power: "200000" });
  expect(await order(seller, "sell", "100")).toMatchObject({ status: 200, body: { status: "filled", position_intent: "sell_to_open" } });
  expect((await asked(seller, "GET", "/v2/positions/AAA")).body).toMatchObject({ qty: "-100", side: "short" });

  expect((await asked(buyer, "GET", "/v2/account")).body).toMatchObject({ multiplier: "2", shorting_enabled: false, buying_power: "100000" });
  expect(await order(buyer, "sell", "100")).toMatchObject({ status: 403, body: { code: 40310000 } });
  expect(await order(buyer, "buy", "900")).toMatchObject({ status: 200, body: { status: "filled" } });

  expect((await asked(plain, "GET", "/v2/account")).body).toMatchObject({ multiplier: "1", shorting_enabled: false, buying_power: "50000" });
  expect(await order(plain, "sell", "100")).toMatchObject({ status: 403, body: { code: 40310000 } });
  expect(await order(plain, "buy", "900")).toMatchObject({ status: 403, body: { code: 40310000, message: "insufficient buying power" } });

  // One more, while it runs.
  const late = keysOf("late", "--multiplier", "2", "--shorting");
  await expect.poll(async () => (await asked(late, "GET", "/v2/account")).body, { timeout: 10_000 }).toMatchObject({ cash: "100000", multiplier: "2", shorting_enabled: true });
}, 60_000);

test("terms that there are not, and others for an account that has its own, are named", () => {
  const create = (...args: string[]) => ballast(["keys", "create", ...args, "--dir", dir]);
  expect(create("ann", "--multiplier", "3")).toMatchObject({ code: 2, err: "error: option '--multiplier <1|2|4>' argument '3' is invalid. It is 1, 2 or 4.\nTry --help.\n" });
  expect(create("ann", "--shorting")).toMatchObject({ code: 2, err: "ballast: short sales take a margin account: a multiplier of 2 or 4\n" });
  expect(create("ann", "--cash", "1000000000.01")).toMatchObject({ code: 2, err: "ballast: an account begins with more than 0 and at most 1000000000 USD\n" });
  expect(create("ann", "--multiplier", "4", "--shorting")).toMatchObject({ code: 0 });
  expect(create("ann", "--multiplier", "2")).toMatchObject({ code: 2, err: "ballast: account ann was given its first key with 100000 USD, a multiplier of 4 and short sales, and stays so: leave out --cash, --multiplier and --shorting, or take another name\n" });
  expect(create("ann", "--cash", "5")).toMatchObject({ code: 2 });
  expect(create("ann", "--scopes", "read", "--multiplier", "4")).toMatchObject({ code: 0 });
  const listed = JSON.parse(ballast(["keys", "list", "--dir", dir, "--json"]).out) as object[];
  expect(listed).toMatchObject([{ scopes: ["trade", "read"], multiplier: 4, shorting: true }, { scopes: ["read"], multiplier: 4, shorting: true }]);
  expect(ballast(["keys", "list", "--dir", dir]).out).toMatch(/^PK\w{18} {2}active {4}ann {2}trade,read {2}a multiplier of 4 and short sales\n/);
  expect(ballast(["keys", "list", "--dir", `${dir}x`])).toMatchObject({ code: 2, err: `ballast: there is no directory ${dir}x\n` });
});
