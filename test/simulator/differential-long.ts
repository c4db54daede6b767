/**
 * Runs the fast order book and the naive one on ten million seeded random commands, and stops where they differ.
 *
 * node test/simulator/differential-long.ts [commands] [first seed]
 */
import { Prng } from "../../src/simulator/prng.ts";
import { MARKETS, runBothBooks } from "../support/book-commands.ts";

const COMMANDS_A_RUN = 100_000;

const wanted = Number(process.argv[2] ?? 10_000_000);
const total = { commands: 0, fills: 0, triggered: 0, ended: 0 };
for (let seed = Number(process.argv[3] ?? 1); total.commands < wanted; seed++) {
  const market = MARKETS[seed % MARKETS.length]!;
  const tally = runBothBooks(new Prng(seed), market, Math.min(COMMANDS_A_RUN, wanted - total.commands));
  total.commands += tally.commands;
  total.fills += tally.fills;
  total.triggered += tally.triggered;
  total.ended += tally.ended;
  process.stdout.write(`seed ${seed}, ${market.name}: ${JSON.stringify(total)}\n`);
}
process.stdout.write(`the two books agreed on ${total.commands} commands\n`);
