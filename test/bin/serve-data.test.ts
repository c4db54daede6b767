import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ballast, ROOT } from "../support/command-line.ts";
import { wanderingMinutes, writeMinutes } from "../support/made-up-minutes.ts";

const SECRET = "a secret of at least thirty-two bytes";

let folder: string;
let data: string;
let dir: string;
let key: { readonly id: string; readonly secret: string };
let running: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-serve-data-"));
  [data, dir] = [join(folder, "data"), join(folder, "market")];
  for (const date of ["2024-07-10", "2024-07-11"]) writeMinutes(data, "AAA", date, wanderingMinutes(100));
  key = JSON.parse(ballast(["keys", "create", "ann", "--dir", dir, "--cash", "10000000", "--json"]).out) as typeof key;
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function started(...args: readonly string[]): Promise<string> {
  running = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, "serve", "--dir", dir, "--port", "0", ...args], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, BALLAST_SERVE_ADMIN_SECRET: SECRET } });
  const [line] = (await Promise.race([once(createInterface({ input: running.stdout! }), "line"), once(running, "exit").then(([code]) => [`ended with ${String(code)}`])])) as [string];
  expect(line).toMatch(/^serving http:/);
  return line.slice("serving ".length);
}

async function stopped(signal: NodeJS.Signals): Promise<void> {
  const child = running!;
  running = undefined;
  const end = once(child, "exit");
  child.kill(signal);
  await end;
}

async function asked(url: string, path: string, body?: unknown): Promise<unknown> {
  const headers = { "APCA-API-KEY-ID": key.id, "APCA-API-SECRET-KEY": key.secret, "content-type": "application/json" };
  const answer = await fetch(`${url}${path}`, { headers, ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }) });
  const json = await answer.json();
  expect({ status: answer.status, json }).toMatchObject({ status: 200 });
  return json;
}

async function advance(url: string, to: string): Promise<void> {
  const token = ballast(["keys", "admin-token", "test"], { env: { BALLAST_SERVE_ADMIN_SECRET: SECRET } }).out.trim();
  const answer = await fetch(`${url}/sim/v1/advance`, { method: "POST", body: JSON.stringify({ to }), headers: { authorization: `Bearer ${token}`, "content-type": "application/json" } });
  expect(await answer.json()).toEqual({ now: to });
}

test.each(["realistic", "alpaca-paper"])("killed in the middle of a minute, a replay of minutes goes on as if nothing had been (%s)", { timeout: 120_000 }, async (profile) => {
  const args = ["--data", data, "--from", "2024-07-10", "--to", "2024-07-11", "--profile", profile, "--seed", "5"];
  let url = await started(...args, "--stepped", "--snapshot-every", "3");
  expect(JSON.parse(readFileSync(join(dir, "venue.json"), "utf8"))).toMatchObject({ profile, chance: 5, market: { kind: "minute-bars", from: "2024-07-10", to: "2024-07-11" } });
  await advance(url, "2024-07-10T14:00:25.000Z");
  await asked(url, "/v2/orders", { symbol: "AAA", qty: 4000, side: "buy", type: "market", time_in_force: "gtc" });
  await asked(url, "/v2/orders", { symbol: "AAA", qty: 4000, side: "buy", type: "limit", limit_price: "99.99", time_in_force: "gtc" });
  await asked(url, "/v2/orders", { symbol: "AAA", qty: 100, side: "buy", type: "stop", stop_price: "102.00", time_in_force: "gtc" });
  const before = await asked(url, "/v2/orders?status=all");
  await stopped("SIGKILL");
  url = await started("--stepped", "--snapshot-every", "3");
  expect(await asked(url, "/v2/orders?status=all")).toEqual(before);
  await advance(url, "2024-07-12T04:00:00.000Z");
  const after = (await asked(url, "/v2/orders?status=all")) as { filled_qty: string }[];
  expect(after.map(({ filled_qty }) => Number(filled_qty) > 0)).toContain(true);
  expect(after).not.toEqual(before);
  await stopped("SIGTERM");
  expect(JSON.parse(ballast(["serve", "--dir", dir, "--recover", "--verify", "--json"]).out)).toMatchObject({ agrees: true });
});

test("at --speed max a market of minutes comes to its end, and another start finds it there", { timeout: 120_000 }, async () => {
  let url = await started("--data", data, "--from", "2024-07-10", "--to", "2024-07-11", "--speed", "max", "--fsync", "never");
  const clock = async (): Promise<string> => ((await asked(url, "/v2/clock")) as { timestamp: string }).timestamp;
  await expect.poll(clock, { timeout: 60_000 }).toBe("2024-07-12T00:00:00.000-04:00");
  const { bars } = (await asked(url, "/v2/stocks/AAA/bars?timeframe=1Day&start=2024-07-10")) as { bars: object[] };
  expect(bars.length).toBe(2);
  await stopped("SIGTERM");
  url = await started("--speed", "60");
  expect(await clock()).toBe("2024-07-12T00:00:00.000-04:00");
});

test("bars that have changed, a market without bars, and bars that are not there are refused", async () => {
  expect(ballast(["serve", "--dir", dir, "--symbols", "AAA", "--speed", "max", "--port", "0"])).toMatchObject({ code: 2, err: expect.stringContaining("--speed max is for replayed bars") as string });
  await started("--data", data, "--from", "2024-07-10", "--to", "2024-07-11");
  await stopped("SIGTERM");
  writeMinutes(data, "AAA", "2024-07-11", wanderingMinutes(101));
  expect(ballast(["serve", "--dir", dir, "--recover"])).toMatchObject({ code: 2, err: expect.stringContaining("no longer holds the bars that this venue was made with") as string });
  expect(ballast(["serve", "--dir", join(folder, "other"), "--data", data, "--bars", "minute", "--from", "2023-07-10", "--to", "2023-07-11"])).toMatchObject({ code: 2, err: expect.stringContaining("has no minute bars from 2023-07-10 to 2023-07-11") as string });
}, 60_000);
