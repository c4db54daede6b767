/**
 * Runs benches: node test/bench/run.ts [suite …] [--json]
 *
 * Without a name all suites run. Figures are medians with the lowest and highest measurement; progress goes to standard
 * error, results to standard output.
 */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import type { BenchSuite, Figure } from "./suite.ts";

const SUITES: Record<string, () => Promise<{ suite: BenchSuite }>> = {
  book: () => import("./book.ts"),
  backtest: () => import("./backtest.ts"),
};

const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
const unknown = positionals.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  process.stderr.write(`no bench is named ${unknown.join(", ")}; there are ${Object.keys(SUITES).join(", ")}\n`);
  process.exitCode = 2;
} else {
  await run(positionals.length > 0 ? positionals : Object.keys(SUITES));
}

async function run(names: readonly string[]): Promise<void> {
  const machine = machineLine();
  const suites: { name: string; figures: readonly Figure[] }[] = [];
  if (!values.json) process.stdout.write(`${machine}\n`);
  for (const name of names) {
    const { suite } = await SUITES[name]!();
    const figures = await suite.measure((what) => process.stderr.write(`measuring ${what}\n`));
    suites.push({ name, figures });
    if (!values.json) process.stdout.write(`\n${suite.title}\n${figures.map((one) => lineOf(one)).join("")}`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, suites }, undefined, 2)}\n`);
}

function machineLine(): string {
  const load = loadavg()[0]!.toFixed(2);
  return `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, load ${load}, Node ${process.version}, V8 ${process.versions.v8}`;
}

function lineOf({ name, unit, median, low, high, runs }: Figure): string {
  const spread = runs > 1 ? `  ${rounded(low)} to ${rounded(high)} in ${runs} runs` : "";
  return `  ${name.padEnd(64)} ${rounded(median).padStart(9)} ${unit}${spread}\n`;
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
