import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ballast, ROOT } from "../support/command-line.ts";

let folder: string;
let running: ChildProcess | undefined;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-operate-"));
  said = "";
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** The first line that it prints. */
async function started(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  running = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, "serve", "--port", "0", ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  running.stderr!.on("data", (text: Buffer) => (said += text.toString()));
  const [line] = (await Promise.race([once(createInterface({ input: running.stdout! }), "line"), once(running, "exit").then(([code]) => [`ended with ${String(code)}: ${said}`])])) as [string];
  return line;
}

interface InMemory {
  readonly url: string;
  readonly keys: readonly { readonly account: string; readonly scopes: readonly string[]; readonly id: string; readonly secret: string }[];
}

test("--memory serves a market that leaves nothing behind, with keys that are printed once", async () => {
  const { url, keys } = JSON.parse(await started(["--memory", "ann,bob", "--symbols", "AAA", "--hours", "always", "--stepped", "--json"])) as InMemory;
  expect(keys.map(({ account, scopes }) => [account, scopes.join()])).toEqual([["ann", "trade,read"], ["bob", "trade,read"], ["ann", "admin"]]);
  const as = (index: number) => ({ "APCA-API-KEY-ID": keys[index]!.id, "APCA-API-SECRET-KEY": keys[index]!.secret, "content-type": "application/json" });
  const order = (side: string, index: number) => fetch(`${url}/v2/orders`, { method: "POST", headers: as(index), body: JSON.stringify({ symbol: "AAA", qty: 3, side, type: "limit", limit_price: "10", time_in_force: "gtc" }) });
  await fetch(`${url}/sim/v1/commands`, { method: "POST", headers: as(2), body: JSON.stringify({ type: "quote", symbol: "AAA", bid: 9_990_000, ask: 10_000_000, quantity: 1_000_000_000_000 }) });
  expect(await (await order("buy", 0)).json()).toMatchObject({ status: "filled" });
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok", log: { kept: false } });
  running!.kill("SIGTERM");
  expect(await once(running!, "exit")).toEqual([0, null]);
  expect(readdirSync(folder)).toEqual([]);
  expect(said).not.toContain(keys[0]!.secret);
  expect(ballast(["serve", "--memory", "--dir", folder, "--symbols", "AAA"])).toMatchObject({ code: 2, err: "ballast: --memory keeps nothing: leave out --dir and --recover\n" });
}, 60_000);

test("a market in a year whose fees are not known yet says so when it starts", async () => {
  await started(["--memory", "--symbols", "AAA", "--hours", "always", "--stepped", "--start", "2027-01-04T15:00:00Z"]);
  await expect.poll(() => said).toContain("the fees of this day are not known yet, and the newest known ones are charged (day 2027-01-04, newest 2026-12-31)");
}, 60_000);

test("a signal to stop lets what has come be answered, says no to /ready for the time of --drain, and ends with 0", async () => {
  const dir = join(folder, "market");
  const { id, secret } = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--json"]).out) as { id: string; secret: string };
  const url = (await started(["--dir", dir, "--symbols", "AAA", "--hours", "always", "--drain", "2", "--log-format", "json"])).slice("serving ".length);
  const body = JSON.stringify({ symbol: "AAA", qty: "1", side: "buy", type: "limit", limit_price: "1", time_in_force: "gtc" });
  // Its last byte comes after the signal.
  const order = request(`${url}/v2/orders`, { method: "POST", headers: { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json", "content-length": body.length } });
  order.write(body.slice(0, -1));
  await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200);
  running!.kill("SIGTERM");
  await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(503);
  order.end(body.slice(-1));
  const [answer] = (await once(order, "response")) as [{ statusCode: number; resume(): void }];
  answer.resume();
  expect(answer.statusCode).toBe(200);
  expect(await once(running!, "exit")).toEqual([0, null]);
  const lines = said.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as { level: string; msg: string });
  expect(lines.map(({ msg }) => msg)).toEqual(["a new market", "serving", "stopping: what has come is answered", "stopped"]);
  expect(lines[1]).toMatchObject({ level: "info", url, market: "clients", kept: dir });
  expect(JSON.parse(ballast(["serve", "--dir", dir, "--recover", "--json"]).out)).toMatchObject({ commandsReplayed: 0 });
}, 60_000);

test("at the level debug each request is a line, by its route and account, with no key and no secret", async () => {
  const { url, keys } = JSON.parse(await started(["--memory", "--symbols", "AAA", "--hours", "always", "--json", "--log-format", "json", "--log-level", "debug"])) as InMemory;
  await fetch(`${url}/v2/assets/AAA`, { headers: { "APCA-API-KEY-ID": keys[0]!.id, "APCA-API-SECRET-KEY": keys[0]!.secret } });
  await expect.poll(() => said).toContain("answered");
  const line = JSON.parse(said.split("\n").find((one) => one.includes("answered"))!) as object;
  expect(line).toMatchObject({ level: "debug", method: "GET", route: "/v2/assets/:asset", status: 200, account: "paper" });
  expect(said).not.toContain(keys[0]!.id);
  expect(said).not.toContain(keys[0]!.secret);
}, 60_000);

test("the operators' secret may come from a file, and not from two places", async () => {
  const file = join(folder, "secret");
  const secret = "a secret of at least thirty-two bytes";
  writeFileSync(file, `${secret}\n`);
  const { url } = JSON.parse(await started(["--memory", "--symbols", "AAA", "--hours", "always", "--json"], { BALLAST_SERVE_ADMIN_SECRET_FILE: file })) as InMemory;
  const token = ballast(["keys", "admin-token", "me"], { env: { BALLAST_SERVE_ADMIN_SECRET: secret } }).out.trim();
  expect((await fetch(`${url}/sim/v1/faults`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  expect(ballast(["serve", "--memory", "--symbols", "AAA", "--port", "0"], { env: { BALLAST_SERVE_ADMIN_SECRET_FILE: file, BALLAST_SERVE_ADMIN_SECRET: secret } })).toMatchObject({ code: 2 });
}, 60_000);
