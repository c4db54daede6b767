/**
 * The command line. Exit codes: 0 done, 1 failed, 2 wrong input (arguments, files, data, configuration, a strategy's
 * own code). Results go to standard output, everything else to standard error.
 */
import "./inlining.ts";
import { Command, CommanderError } from "commander";
import { explainFailure } from "./failure.ts";

const COMMANDS = ["backtest", "paper", "run", "status", "orders", "positions", "journal", "doctor", "plan", "approve", "apply", "check", "schedule", "calendar", "settlement", "explain", "refusals", "tape", "halt", "resume", "liquidate", "backup", "restore", "export", "replay", "diff", "parity", "serve", "keys"] as const;

const program = new Command("ballast")
  .description("Scheduled rebalancing whose backtest, paper and live runs place the same orders.")
  .version("0.1.0")
  .exitOverride()
  .showHelpAfterError("Try --help.")
  .addHelpText("after", "\nExamples:\n  $ ballast backtest momentum --out report\n  $ ballast backtest my-strategy.ts --data ~/bars --symbols SPY,IEF\n  $ ballast plan momentum\n\nExit codes: 0 done, 1 failed, 2 wrong input.");

// Whoever reads the output may stop early (`ballast export … | head -1`). What a command does is done nevertheless: a run
// that trades must not end in its middle because nobody reads on.
let closedPipe: Error | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (failure: NodeJS.ErrnoException) => {
    if (failure.code !== "EPIPE") throw failure;
    closedPipe = failure;
  });
}

try {
  await register(program, process.argv[2]);
  await program.parseAsync();
} catch (failure) {
  if (failure instanceof CommanderError) {
    process.exitCode = failure.exitCode === 0 ? 0 : 2;
  } else if (failure !== closedPipe) {
    const { message, exitCode } = explainFailure(failure);
    process.stderr.write(`${message}\n`);
    process.exitCode = exitCode;
  }
}

/** Loads the one command that was asked for, so that `--help` of one does not wait for the others. */
async function register(target: Command, asked: string | undefined): Promise<void> {
  const wanted = COMMANDS.filter((name) => name === asked);
  for (const name of wanted.length > 0 ? wanted : COMMANDS) {
    const command = (await import(`./commands/${name}.ts`)) as { register(to: Command): void };
    command.register(target);
  }
}
