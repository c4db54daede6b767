/** What must stop `cdk synth` stops it: with the path of the field, without a stack trace, without a template. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { synthesise } from "./synthesise.ts";

const GOOD = `
accounts:
  main: { venue: alpaca-paper, secret: ballast/main }
strategies:
  - { strategy: trend, account: main, symbols: [SPY, IEF], allocation: 0.5, limits: { positionWeightMax: 0.5 } }
  - { strategy: fixed-weights, account: main, symbols: [GLD], allocation: 0.5 }
`;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "ballast-test-"));
});
afterAll(() => rmSync(scratch, { recursive: true }));

test.concurrent.each([
  ["a misspelt limit", "positionWeightMax", "positionWeightMx", 'refused-0.yaml:\n  strategies[0].limits: Unrecognized key: "positionWeightMx"\n'],
  ["a cap above 100 %", "positionWeightMax: 0.5", "positionWeightMax: 1.5", "refused-1.yaml:\n  strategies[0].limits.positionWeightMax: Too big: expected number to be <=1\n"],
  ["a negative number", "allocation: 0.5, limits", "allocation: -0.5, limits", "refused-2.yaml:\n  strategies[0].allocation: Too small: expected number to be >=0\n"],
  ["a symbol that two strategies trade", "[GLD]", "[GLD, SPY]", "refused-3.yaml: strategies[1].symbols: SPY is already traded on account main by strategies[0]\n"],
  ["real money without its confirmation", "alpaca-paper", "alpaca-live", "account main trades real money (accounts.main.venue is alpaca-live): confirm it with -c confirmLive=main\n"],
])("%s", async (_, before, after, message) => {
  const n = /^refused-(\d)/.exec(message)?.[1] ?? "4";
  const file = join(scratch, `refused-${n}.yaml`);
  writeFileSync(file, GOOD.replace(before, after));
  const outdir = join(scratch, `cdk.out-${n}`);
  expect(await synthesise(outdir, { config: file })).toEqual({ code: 2, stdout: "", stderr: `ballast: ${message}` });
  expect(existsSync(join(outdir, "Ballast.template.json"))).toBe(false);
});

test("a file that is not there is named", async () => {
  expect(await synthesise(join(scratch, "cdk.out"), { config: "nowhere.yaml" })).toEqual({ code: 2, stdout: "", stderr: "ballast: the configuration nowhere.yaml could not be read\n" });
});
