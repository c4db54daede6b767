/**
 * Runs benches: node test/bench/run.ts [suite …] [--json] [--quick] [--help]
 *
 * Without a name all suites run. Figures are medians with the lowest and highest measurement; progress goes to standard
 * error, results to standard output.
 */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { isMet, type BenchSuite, type Figure } from "./suite.ts";

const SUITES: Record<string, () => Promise<{ suite: BenchSuite }>> = {
  book: () => import("./book.ts"),
  exchange: () => import("./exchange.ts"),
  backtest: () => import("./backtest.ts"),
  log: () => import("./server-log.ts"),
  run: () => import("./rebalance.ts"),
  server: () => import("./server.ts"),
};

const USAGE = `Measures what Ballast promises about its speed, beside named peers in the same run.

  npm run bench                         all suites: ${Object.keys(SUITES).join(", ")}
  npm run bench -- exchange             one of them
  npm run bench -- book exchange --json for programs
  npm run bench -- server --quick       only to see that it works: the figures mean nothing

Figures are medians, with the lowest and the highest measurement. A suite takes a few minutes, the
server's some more; let the machine rest meanwhile.
`;

const answer = parsed(process.argv.slice(2));
if (typeof answer === "string") {
  process.stderr.write(`${answer}\n\n${USAGE}`);
  process.exitCode = 2;
} else if (answer.help) process.stdout.write(USAGE);
else await run(answer.suites.length > 0 ? answer.suites : Object.keys(SUITES), answer);

/** What was asked for, or what is wrong with it. */
function parsed(args: readonly string[]): { readonly suites: readonly string[]; readonly json: boolean; readonly quick: boolean; readonly help: boolean } | string {
  const options = args.filter((arg) => arg.startsWith("-"));
  const suites = args.filter((arg) => !arg.startsWith("-"));
  const unknownOptions = options.filter((option) => option !== "--json" && option !== "--quick" && option !== "--help" && option !== "-h");
  const unknownSuites = suites.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknownOptions.length > 0) return `no option is named ${unknownOptions.join(", ")}`;
  if (unknownSuites.length > 0) return `no bench is named ${unknownSuites.join(", ")}; there are ${Object.keys(SUITES).join(", ")}`;
  const quick = options.includes("--quick");
  if (quick && (suites.length !== 1 || suites[0] !== "server")) return "--quick is for server alone";
  return { suites, json: options.includes("--json"), quick, help: options.includes("--help") || options.includes("-h") };
}

async function run(names: readonly string[], { json: asJson, quick }: { readonly json: boolean; readonly quick: boolean }): Promise<void> {
  const machine = machineLine();
  const suites: { name: string; figures: readonly Figure[] }[] = [];
  if (!asJson) process.stdout.write(`${machine}\n`);
  for (const name of names) {
    const { suite } = await SUITES[name]!();
    const progress = (what: string): void => void process.stderr.write(`measuring ${what}\n`);
    const figures = quick && suite.rehearse ? await suite.rehearse(progress) : await suite.measure(progress);
    suites.push({ name, figures });
    if (!asJson) process.stdout.write(`\n${suite.title}\n${figures.map((one) => lineOf(one)).join("")}`);
  }
  if (asJson) process.stdout.write(`${JSON.stringify({ machine, suites }, undefined, 2)}\n`);
}

function machineLine(): string {
  const load = loadavg()[0]!.toFixed(2);
  return `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, load ${load}, Node ${process.version}, V8 ${process.versions.v8}`;
}

function lineOf({ name, unit, median, low, high, runs, target }: Figure): string {
  const spread = runs > 1 ? `  ${rounded(low)} to ${rounded(high)} in ${runs} runs` : "";
  const promise = target ? `  target ${"below" in target ? `below ${target.below}` : `${target.atLeast} or more`}: ${isMet({ median }, target) ? "met" : "MISSED"}` : "";
  return `  ${name.padEnd(64)} ${rounded(median).padStart(9)} ${unit}${spread}${promise}\n`;
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
