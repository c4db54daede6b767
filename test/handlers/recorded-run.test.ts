/** A run through the handler, Alpaca's wire, DynamoDB's and S3's, decided again from what is left in the two stores. */
import { spawn } from "node:child_process";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rebalanceHandler } from "../../src/handlers/rebalance.ts";
import { ROOT } from "../support/command-line.ts";
import { startS3, type S3Server } from "../support/s3-server.ts";
import { ended } from "../lib/synthesise.ts";
import { CANARY_KEY_ID, CANARY_SECRET, CONFIG, startLocalWorld, TRIGGER, type LocalWorld } from "./local-world.ts";

const RUN = "paper/fixed-weights/2026-11-18T14:35:00.000Z";

let world: LocalWorld;
let s3: S3Server;
let env: Readonly<Record<string, string>>;
let printed: string[];

beforeEach(async () => {
  world = await startLocalWorld();
  s3 = await startS3();
  env = { ...world.env, AWS_ENDPOINT_URL_S3: s3.url, BALLAST_BUCKET: s3.bucket };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  printed = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
  await s3.close();
});

const start = () => rebalanceHandler({ config: CONFIG, env, clock: world.clock, output: { write: (line) => void printed.push(line) }, code: { ballast: "0.0.0", sources: "0123456789abcdef" } });

async function replayed(...options: readonly string[]) {
  return ended(spawn(process.execPath, [`${ROOT}/bin/ballast.js`, "replay", RUN, "--table", env["BALLAST_TABLE"]!, "--bucket", s3.bucket, ...options], { env: { ...process.env, ...env } }));
}

test("its replay is identical, also when it took two invocations, and says by which code it was decided", async () => {
  world.broker.openAnswers = 1;
  expect(await start()(TRIGGER, {})).toMatchObject({ status: "call-again" });
  expect(await start()(TRIGGER, {})).toMatchObject({ status: "closed", outcome: "completed" });
  const { code, stdout, stderr } = await replayed();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^paper\/fixed-weights\/2026-11-18T14:35:00\.000Z: identical, 10 events, head [0-9a-f]{64}\n {2}decided then by Ballast 0\.0\.0 \(sources 0123456789ab\), now by Ballast \d/);
});

test("other weights would have bought otherwise", async () => {
  await start()(TRIGGER, {});
  const { code, stdout } = await replayed("--param", "weights.SPY=0.5", "--json");
  expect(code).toBe(0);
  const { decided, then } = JSON.parse(stdout) as Record<"decided" | "then", { type: string; targets?: { symbol: string; weight: number }[]; orders?: { symbol: string; quantity: number }[] }[]>;
  expect(decided.map(({ type }) => type)).toEqual(["targets-set", "orders-planned", "orders-planned"]);
  expect(decided[0]!.targets!.map(({ symbol, weight }) => [symbol, weight])).toEqual([["IEF", 400_000], ["SPY", 500_000]]);
  expect(then[0]!.targets!.map(({ symbol, weight }) => [symbol, weight])).toEqual([["IEF", 400_000], ["SPY", 600_000]]);
  const bought = (decisions: typeof then) => decisions[2]!.orders!.find(({ symbol }) => symbol === "SPY")!.quantity;
  // Not five sixths: what 60 % would have cost with the other buys was more than the money.
  expect(bought(decided) / bought(then)).toBeCloseTo(0.84, 2);
});

test("the broker's keys are in no object of the bucket", async () => {
  await start()(TRIGGER, {});
  expect(s3.objects.size).toBeGreaterThan(3);
  const stored = [...s3.objects.values()].map(({ body, encoding }) => (encoding === "gzip" ? gunzipSync(body) : body).toString("latin1")).join("\n");
  expect(stored).toContain("broker.account");
  for (const secret of [CANARY_KEY_ID, CANARY_SECRET]) expect(stored).not.toContain(secret);
});

test("a bucket that refuses everything changes no order; the log and the replay say what is missing", async () => {
  s3.refusals.push(...Array.from({ length: 500 }, () => 403));
  expect(await start()(TRIGGER, {})).toMatchObject({ status: "closed", outcome: "completed" });
  expect(world.broker.submissions).toBe(2);
  expect(printed.map((line) => JSON.parse(line) as { level?: string; msg?: string })).toContainEqual(expect.objectContaining({ level: "warn", run: RUN, msg: "the record of the run is incomplete: it cannot be replayed in full" }));
  s3.refusals.length = 0;
  const { code, stdout } = await replayed();
  expect({ code, stdout }).toEqual({ code: 3, stdout: `${RUN}: cannot be replayed, inputs of events 0 to 9 are missing\n  the run was not recorded\n` });
});
