/** The code that would be deployed, taken out of the cloud assembly and started where nothing else is. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundleHandlers } from "../../lib/bundle-handlers.ts";
import type { RunId } from "../../src/trade.ts";
import { ended, synthesise, type Ended } from "../lib/synthesise.ts";
import { CANARY_KEY_ID, CANARY_SECRET, CONFIG, startLocalWorld, TRIGGER, type LocalWorld } from "./local-world.ts";

const RUN = "paper/fixed-weights/2026-11-18T14:35:00.000Z" as RunId;

let scratch: string;
let deployed: string;
let world: LocalWorld;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "ballast-test-"));
  writeFileSync(join(scratch, "ballast.yaml"), CONFIG);
  const { code, stderr } = await synthesise(join(scratch, "cdk.out"), { config: join(scratch, "ballast.yaml") });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  deployed = emptyFolder("deployed");
  cpSync(assetIn(join(scratch, "cdk.out")), deployed, { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true }));

beforeEach(async () => {
  world = await startLocalWorld();
});
afterEach(() => world.close());

function emptyFolder(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
}

function assetIn(assembly: string): string {
  const assets = readdirSync(assembly).filter((name) => name.startsWith("asset."));
  expect(assets).toHaveLength(1);
  return join(assembly, assets[0]!);
}

/** A fresh Node that knows the folder and its environment, and whose clock shows the world's time. */
function start(folder: string, code: string): Promise<Ended> {
  writeFileSync(
    join(folder, "clock.mjs"),
    `const RealDate = Date;
     const shift = Number(process.env.CLOCK_SHIFT_MS);
     globalThis.Date = class extends RealDate {
       constructor(...parts) { parts.length === 0 ? super(RealDate.now() + shift) : super(...parts); }
       static now() { return RealDate.now() + shift; }
     };`,
  );
  const env = { PATH: process.env["PATH"], CLOCK_SHIFT_MS: String(world.clock.now() - Date.now()), ...world.env };
  return ended(spawn(process.execPath, ["--import", "./clock.mjs", "--input-type=module", "--eval", code], { cwd: folder, env }));
}

const invoke = async (handler: string, event: object): Promise<{ answer: unknown; lines: string[] }> => {
  const { code, stdout, stderr } = await start(
    deployed,
    `const { handler } = await import("./${handler}.mjs");
     const answer = await handler(${JSON.stringify(event)}, {});
     process.stdout.write(JSON.stringify(answer) + "\\n", () => process.exit(0));`,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  return { answer: JSON.parse(lines.pop()!) as unknown, lines };
};

describe("the bundled handler in a process of its own", () => {
  test("places the orders of a due trigger once, however often it is delivered", async () => {
    const first = await invoke("rebalance", TRIGGER);
    expect(first.answer).toEqual({ status: "closed", run: RUN, outcome: "completed" });
    expect(world.broker.orders.map(({ side, symbol }) => `${side} ${symbol}`)).toEqual(["buy IEF", "buy SPY"]);
    const second = await invoke("rebalance", TRIGGER);
    expect(second.answer).toEqual(first.answer);
    expect(world.broker.submissions).toBe(2);
    expect((await world.journal.read(RUN)).at(-1)?.type).toBe("run-closed");
  });

  test("goes on in another process with a run that waits", async () => {
    world.broker.openAnswers = 1;
    expect((await invoke("rebalance", TRIGGER)).answer).toMatchObject({ status: "call-again", waitSeconds: 1 });
    expect((await invoke("rebalance", TRIGGER)).answer).toEqual({ status: "closed", run: RUN, outcome: "completed" });
    expect(world.broker.submissions).toBe(2);
  });

  test("prints lines of JSON alone, with no secret in them", async () => {
    world.broker.failure = 403;
    const { code, stdout, stderr } = await start(deployed, `await (await import("./rebalance.mjs")).handler(${JSON.stringify(TRIGGER)}, {});`);
    expect(code).toBe(1);
    expect(stdout.trimEnd().split("\n").map((line) => (JSON.parse(line) as { msg?: string }).msg)).toEqual(["the run could not go on", undefined]);
    for (const secret of [CANARY_KEY_ID, CANARY_SECRET]) expect(stdout + stderr).not.toContain(secret);
  });

  test("watches the runs", async () => {
    const { answer, lines } = await invoke("watch", {});
    expect(answer).toEqual([]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ Account: "paper", Strategy: "fixed-weights", RunsOverdue: 0 }]);
  });
});

test("a bundle whose configuration does not hold fails when it is loaded, and names the field", async () => {
  const folder = bundleHandlers(CONFIG.replace("positionWeightMax: 0.7", "positionWeightMax: 1.7"), emptyFolder("invalid"));
  const { code, stderr } = await start(folder, `await import("./rebalance.mjs");`);
  expect(code).toBe(1);
  expect(stderr).toContain("ConfigInvalid: ballast.yaml:\n  strategies[0].limits.positionWeightMax: Too big: expected number to be <=1");
});

test("the same sources make the same bytes, and no file of this machine is named in them", () => {
  const [one, two] = [bundleHandlers(CONFIG, emptyFolder("one")), bundleHandlers(CONFIG, emptyFolder("two"))];
  for (const file of ["rebalance.mjs", "watch.mjs"]) {
    const text = readFileSync(join(one, file), "utf8");
    expect(text === readFileSync(join(two, file), "utf8")).toBe(true);
    expect(text).not.toContain(process.cwd());
  }
});

test("the bundle stays small enough to start quickly", () => {
  const bytes = (file: string): number => statSync(join(deployed, file)).size;
  expect(readdirSync(deployed).filter((name) => name !== "clock.mjs").sort()).toEqual(["rebalance.mjs", "watch.mjs"]);
  expect(bytes("rebalance.mjs")).toBeLessThan(4_500_000);
  expect(bytes("watch.mjs")).toBeLessThan(3_000_000);
});
