/**
 * Properties with as many runs as the environment asks for, and a failing case that says how to see it again.
 *
 * A case is made smaller for two minutes at the most, so that it is told before the test's own time is over.
 */
import fc from "fast-check";
import { expect } from "vitest";

const FACTOR = Number(process.env["BALLAST_FUZZ_FACTOR"] ?? 1);
const SMALLER_WITHIN_MS = 120_000;

/** Of a test with one property. */
export const FUZZ_TIMEOUT_MS = 60_000 * FACTOR + 2 * SMALLER_WITHIN_MS;

export async function expectAlways<T>(arbitrary: fc.Arbitrary<T>, { runs }: { readonly runs: number }, holds: (drawn: T) => Promise<void>): Promise<void> {
  const path = process.env["FAST_CHECK_PATH"];
  const result = await fc.check(fc.asyncProperty(arbitrary, holds), { numRuns: Math.ceil(runs * FACTOR), interruptAfterTimeLimit: 60_000 * FACTOR + SMALLER_WITHIN_MS, ...(path !== undefined && { path, endOnFailure: true }) });
  if (!result.failed) return;
  const { testPath = "", currentTestName = "" } = expect.getState();
  const again = `FAST_CHECK_SEED=${result.seed} FAST_CHECK_PATH=${result.counterexamplePath} npx vitest run ${testPath.replace(/^.*\/test\//, "test/")} -t ${JSON.stringify(currentTestName)}`;
  throw new Error(`${String(result.errorInstance)}\nthe smallest case after ${result.numShrinks} steps: ${JSON.stringify(result.counterexample).slice(0, 4_000)}\nto see it again:  ${again}`);
}
