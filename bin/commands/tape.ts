/** `ballast tape`: plays an order script through the order book. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Command } from "commander";
import { Tape, TapeInvalid } from "../../src/simulator/tape.ts";
import { UsageError } from "../usage-error.ts";

export function register(program: Command): void {
  program
    .command("tape")
    .description("Play an order script, one JSON object a line, through the order book and print what happens.")
    .argument("<file>", "the script, or - for standard input; docs/order-book.md describes the format")
    .option("--book", "end with what is left in the book, best price first")
    .addHelpText(
      "after",
      `\nExamples:\n  $ ballast tape orders.jsonl --book\n  $ echo '{"op":"new","id":"a","side":"buy","type":"limit","px":100,"qty":5}' | ballast tape -`,
    )
    .action(playTape);
}

async function playTape(file: string, { book }: { readonly book?: true }): Promise<void> {
  process.stdout.on("error", stopWhenNobodyReads);
  const tape = new Tape();
  const printed: string[] = [];
  try {
    for await (const lines of linesOf(file)) {
      for (const line of lines) {
        const answer = tape.play(line);
        if (answer !== undefined) printed.push(answer);
      }
      await print(printed);
    }
  } catch (cause) {
    await print(printed);
    if (cause instanceof TapeInvalid) throw new UsageError(cause.message, { cause });
    throw cause;
  }
  if (book) await print([tape.depth()]);
}

/** The lines of the file as they arrive, a piece of the file at a time. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  input.setEncoding("utf8");
  let unfinished = "";
  try {
    for await (const piece of input) {
      const lines = (unfinished + (piece as string)).split("\n");
      unfinished = lines.pop()!;
      yield lines;
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) throw new UsageError(`cannot read ${file}: ${String(cause.code)}`, { cause });
    throw cause;
  }
  yield [unfinished];
}

/** Empties `lines` to standard output, no faster than that is read. */
async function print(lines: string[]): Promise<void> {
  if (lines.length === 0) return;
  const isTaken = process.stdout.write(`${lines.join("\n")}\n`);
  lines.length = 0;
  if (!isTaken) await once(process.stdout, "drain");
}

/** `ballast tape … | head` closes the pipe early; that is no failure. */
function stopWhenNobodyReads(failure: NodeJS.ErrnoException): void {
  if (failure.code === "EPIPE") process.exit(0);
  throw failure;
}
