/**
 * Runs benches: node test/bench/run.ts [suite …] [--json] [--help]
 *
 * Without a name all suites run. Figures are medians with the lowest and highest measurement; progress goes to standard
 * error, results to standard output.
 */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import type { BenchSuite, Figure } from "./suite.ts";

const SUITES: Record<string, () => Promise<{ suite: BenchSuite }>> = {
  book: () => import("./book.ts"),
  exchange: () => import("./exchange.ts"),
  backtest: () => import("./backtest.ts"),
  log: () => import("./server-log.ts"),
  run: () => import("./rebalance.ts"),
};

const USAGE = `Measures what Ballast promises about its speed, beside named peers in the same run.

  npm run bench                         all suites: ${Object.keys(SUITES).join(", ")}
  npm run bench -- exchange             one of them
  npm run bench -- book exchange --json for programs

Figures are medians, with the lowest and the highest measurement. A suite takes a few minutes; let the machine rest meanwhile.
`;

const answer = parsed(process.argv.slice(2));
if (typeof answer === "string") {
  process.stderr.write(`${answer}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (answer.help) process.stdout.write(USAGE);
else await run(answer.suites.length > 0 ? answer.suites : Object.keys(SUITES), answer.json);

/** What was asked for, or what is wrong with it. */
function parsed(args: readonly string[]): { readonly suites: readonly string[]; readonly json: boolean; readonly help: boolean } | string {
  const options = args.filter((arg) => arg.startsWith("-"));
  const suites = args.filter((arg) => !arg.startsWith("-"));
  const unknownOptions = options.filter((option) => option !== "--json" && option !== "--help" && option !== "-h");
  const unknownSuites = suites.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknownOptions.length > 0) return `no option is named ${unknownOptions.join(", ")}`;
  if (unknownSuites.length > 0) return `no bench is named ${unknownSuites.join(", ")}; there are ${Object.keys(SUITES).join(", ")}`;
  return { suites, json: options.includes("--json"), help: options.includes("--help") || options.includes("-h") };
}

async function run(names: readonly string[], asJson: boolean): Promise<void> {
  const machine = machineLine();
  const suites: { name: string; figures: readonly Figure[] }[] = [];
  if (!asJson) process.stdout.write(`${machine}\n`);
  for (const name of names) {
    const { suite } = await SUITES[name]!();
    const figures = await suite.measure((what) => process.stderr.write(`measuring ${what}\n`));
    suites.push({ name, figures });
    if (!asJson) process.stdout.write(`\n${suite.title}\n${figures.map((one) => lineOf(one)).join("")}`);
  }
  if (asJson) process.stdout.write(`${JSON.stringify({ machine, suites }, undefined, 2)}\n`);
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
