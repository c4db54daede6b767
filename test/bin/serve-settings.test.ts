import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ballast, ROOT } from "../support/command-line.ts";

let folder: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-serve-"));
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Its URL. */
async function started(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  running = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, "serve", ...args], { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...env } });
  const [line] = (await Promise.race([once(createInterface({ input: running.stdout! }), "line"), once(running, "exit").then(([code]) => [`ended with ${String(code)}`])])) as [string];
  expect(line).toMatch(/^serving http:/);
  return line.slice("serving ".length);
}

test("options come from a file, over it from the environment, over both from the command line", async () => {
  const file = join(folder, "serve.yaml");
  const dir = join(folder, "market");
  writeFileSync(file, `dir: ${dir}\nport: 0\nstepped: true\nsymbols: AAA,BBB\nhours: calendar\nstart: "2026-11-24T17:00:00Z"\n`);
  const { id, secret } = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--json"]).out) as { id: string; secret: string };
  const url = await started(["--config", file, "--hours", "always"], { BALLAST_SERVE_SYMBOLS: "ccc" });
  const answer = await fetch(`${url}/v2/clock`, { headers: { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret } });
  expect(await answer.json()).toMatchObject({ timestamp: "2026-11-24T12:00:00.000-05:00" });
  expect(JSON.parse(readFileSync(join(dir, "venue.json"), "utf8"))).toMatchObject({ startsAt: "2026-11-24T17:00:00.000Z", market: { kind: "clients", symbols: ["CCC"], hours: "always" } });
}, 60_000);

test("agents make a market in which an order fills at once", async () => {
  const dir = join(folder, "market");
  const { id, secret } = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--json"]).out) as { id: string; secret: string };
  const url = await started(["--dir", dir, "--port", "0", "--agents", "--seed", "7", "--hours", "always", "--speed", "60"]);
  const headers = { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" };
  const latest = async (): Promise<{ quote?: { ap: number } }> => (await (await fetch(`${url}/v2/stocks/AAA/quotes/latest`, { headers })).json()) as { quote?: { ap: number } };
  while (!((await latest()).quote?.ap ?? 0)) await new Promise((resolve) => setTimeout(resolve, 50));
  const order = await fetch(`${url}/v2/orders`, { method: "POST", headers, body: JSON.stringify({ symbol: "AAA", qty: 1, side: "buy", type: "market", time_in_force: "day" }) });
  expect(await order.json()).toMatchObject({ status: "filled", filled_qty: "1" });
}, 60_000);

test("an exchange that takes its time is the directory's, and says so at the next start", async () => {
  const dir = join(folder, "market");
  const { id, secret } = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--json"]).out) as { id: string; secret: string };
  const url = await started(["--dir", dir, "--port", "0", "--symbols", "AAA", "--hours", "always"], { BALLAST_SERVE_ACKNOWLEDGE_MS: "60000" });
  const headers = { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" };
  const order = await fetch(`${url}/v2/orders`, { method: "POST", headers, body: JSON.stringify({ symbol: "AAA", qty: 1, side: "buy", type: "limit", limit_price: 10, time_in_force: "day" }) });
  expect(await order.json()).toMatchObject({ status: "pending_new" });
  expect(JSON.parse(readFileSync(join(dir, "venue.json"), "utf8"))).toMatchObject({ acknowledgeMs: 60_000 });
  running!.kill("SIGTERM");
  await once(running!, "exit");
  expect(ballast(["serve", "--dir", dir, "--acknowledge-ms", "1"])).toMatchObject({ code: 2, err: `ballast: ${join(dir, "venue.json")} says what the venue is: leave out --acknowledge-ms, or name another --dir\n` });
  expect(ballast(["serve", "--dir", dir, "--recover", "--acknowledge-ms", "60000", "--symbols", "AAA", "--hours", "always"])).toMatchObject({ code: 0 });
}, 60_000);

test("funds with leverage and what is not lent on are the directory's, and must be of its market", async () => {
  const dir = join(folder, "market");
  const market = ["serve", "--dir", dir, "--symbols", "QQQ,TQQQ,OTC", "--leveraged", "tqqq=3", "--not-marginable", "OTC"];
  expect(ballast([...market, "--leveraged", "SQQQ=3"])).toMatchObject({ code: 2, err: "ballast: --leveraged names SQQQ, and the market has QQQ, TQQQ, OTC\n" });
  expect(ballast([...market, "--leveraged", "TQQQ=4"]).err).toContain("Each is a symbol and 2 or 3, with commas between, like TQQQ=3,SSO=2.");
  const { id, secret } = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--json"]).out) as { id: string; secret: string };
  const url = await started([...market.slice(1), "--port", "0"]);
  const asset = async (symbol: string): Promise<unknown> => (await fetch(`${url}/v2/assets/${symbol}`, { headers: { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret } })).json();
  expect(await asset("QQQ")).toMatchObject({ marginable: true, maintenance_margin_requirement: 30 });
  expect(await asset("TQQQ")).toMatchObject({ marginable: true, maintenance_margin_requirement: 75 });
  expect(await asset("OTC")).toMatchObject({ marginable: false, maintenance_margin_requirement: 100 });
  running!.kill("SIGTERM");
  await once(running!, "exit");
  expect(ballast(["serve", "--dir", dir, "--leveraged", "TQQQ=2"])).toMatchObject({ code: 2, err: `ballast: ${join(dir, "venue.json")} says what the venue is: leave out --leveraged, or name another --dir\n` });
  expect(ballast([...market, "--recover"])).toMatchObject({ code: 0 });
}, 60_000);

test("a name that is no option, a value that is none, and two markets at once are named", () => {
  const file = join(folder, "serve.yaml");
  writeFileSync(file, "sped: 3\n");
  expect(ballast(["serve", "--config", file])).toMatchObject({ code: 2, err: `ballast: ${file}: sped is no option of serve; --help lists them\n` });
  expect(ballast(["serve", "--dir", folder], { env: { BALLAST_SERVE_SPEED: "fast" } })).toMatchObject({ code: 2, err: "ballast: BALLAST_SERVE_SPEED: It is a number above 0, or max.\n" });
  expect(ballast(["serve", "--dir", folder, "--recover", "--symbols", "AAA"])).toMatchObject({ code: 2, err: `ballast: ${folder} is no server's directory: it has no venue.json\n` });
  expect(ballast(["serve", "--dir", folder, "--agents", "--data", folder])).toMatchObject({ code: 2, err: "ballast: --agents and --data are two markets: give one of them\n" });
}, 60_000);

test("files of a certificate and of a secret that are not there, or hold something else, are named", () => {
  const file = join(folder, "file");
  writeFileSync(file, "nothing of the kind, and 32 bytes");
  const market = ["serve", "--memory", "--agents"];
  expect(ballast([...market, "--tls-cert", "no-such", "--tls-key", file])).toMatchObject({ code: 2, err: "ballast: --tls-cert: no-such could not be read: ENOENT: no such file or directory, open 'no-such'\n" });
  expect(ballast([...market, "--tls-cert", file, "--tls-key", file])).toMatchObject({ code: 2, err: expect.stringMatching(`^ballast: --tls-cert ${file} and --tls-key ${file} are no certificate and its key in PEM: .*\n$`) as string });
  expect(ballast(market, { env: { BALLAST_SERVE_ADMIN_SECRET_FILE: "no-such" } })).toMatchObject({ code: 2, err: "ballast: BALLAST_SERVE_ADMIN_SECRET_FILE: no-such could not be read: ENOENT: no such file or directory, open 'no-such'\n" });
  expect(ballast(["keys", "admin-token", "ann"])).toMatchObject({ code: 2, err: "ballast: neither BALLAST_SERVE_ADMIN_SECRET nor BALLAST_SERVE_ADMIN_SECRET_FILE is set: it is the secret that the server is started with\n" });
}, 60_000);

test("a server that is refused leaves no directory behind", () => {
  const dir = join(folder, "market");
  const refusals = [
    ballast(["serve", "--dir", dir, "--agents", "--tls-cert", "no-such", "--tls-key", "no-such"]),
    ballast(["serve", "--dir", dir, "--agents", "--tls-cert", "no-such"]),
    ballast(["serve", "--dir", dir, "--agents"], { env: { BALLAST_SERVE_ADMIN_SECRET_FILE: "no-such" } }),
    ballast(["serve", "--dir", dir, "--agents"], { env: { BALLAST_SERVE_ADMIN_SECRET: "short" } }),
    ballast(["serve", "--dir", dir, "--agents", "--speed", "max"]),
    ballast(["serve", "--dir", dir, "--symbols", "AAA", "--speed", "2"]),
  ];
  expect(refusals.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2]);
  expect(existsSync(dir)).toBe(false);
}, 60_000);

test("an operator's token is signed with the secret of the server's file", async () => {
  const env = { BALLAST_SERVE_ADMIN_SECRET_FILE: join(folder, "secret") };
  writeFileSync(env.BALLAST_SERVE_ADMIN_SECRET_FILE, `${"s".repeat(32)}\n`);
  const url = await started(["--memory", "--agents", "--port", "0"], env);
  const token = ballast(["keys", "admin-token", "ann"], { env }).out.trim();
  expect((await fetch(`${url}/sim/v1/faults`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
}, 60_000);

test("a plan of faults in the file of settings strikes after a kill as if there had been none", async () => {
  const file = join(folder, "serve.yaml");
  const dir = join(folder, "market");
  writeFileSync(file, `dir: ${dir}\nport: 0\nstepped: true\nfaults:\n  seed: 7\n  market:\n    - fault: halt\n      forMs: 60000\n      times: 1\n`);
  const { id, secret } = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--scopes", "trade,read,admin", "--json"]).out) as { id: string; secret: string };
  const headers = { "APCA-API-KEY-ID": id, "APCA-API-SECRET-KEY": secret, "content-type": "application/json" };
  let url = await started(["--config", file, "--symbols", "AAA", "--hours", "always", "--start", "2026-11-24T17:00:00Z"]);
  const told = async (): Promise<unknown> => (await fetch(`${url}/sim/v1/faults`, { headers })).json();
  const order = await fetch(`${url}/v2/orders`, { method: "POST", headers, body: JSON.stringify({ symbol: "AAA", qty: 1, side: "buy", type: "limit", limit_price: 1, time_in_force: "day" }) });
  expect(order.status).toBe(200);
  const before = await told();
  expect(before).toMatchObject({ seed: 7, market: [{ fault: "halt", forMs: 60_000, times: 1 }], struck: { market: [1] } });
  running!.kill("SIGKILL");
  await once(running!, "exit");
  url = await started(["--config", file]);
  expect(await told()).toEqual(before);
}, 60_000);

test("a plan of faults that is none is refused by its field, and no other option is a mapping", () => {
  const file = join(folder, "serve.yaml");
  writeFileSync(file, "faults:\n  market:\n    - fault: split\n      symbol: AAA\n      at: soon\n      ratio: 2\n");
  const refused = ballast(["serve", "--config", file]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(`${file}: faults: It is no plan of faults: ✖ an instant is RFC 3339, such as "2026-11-24T15:00:00Z"\n  → at market[0].at`);
  writeFileSync(file, "port:\n  number: 80\n");
  expect(ballast(["serve", "--config", file])).toMatchObject({ code: 2, err: `ballast: ${file}: port is one value, and no mapping\n` });
  writeFileSync(file, "faults:\n  market:\n    - { fault: halt, symbol: ZZZ, forMs: 1000 }\n");
  expect(ballast(["serve", "--memory", "--symbols", "AAA", "--config", file])).toMatchObject({ code: 2, err: expect.stringMatching(/^ballast: --faults: market\.0\.symbol: asset "ZZZ" not found\n$/) as string });
  expect(ballast(["serve", "--faults", join(folder, "absent.yaml")]).err).toContain("It could not be read: ENOENT");
}, 60_000);
