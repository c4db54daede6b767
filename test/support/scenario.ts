/**
 * Order book scenarios in a short hand, played through a tape.
 *
 *   buy b1 750@1251                  a limit order; `@market` for a market order
 *   sell s1 100@market stop 54       a stop; `100@53 stop 54` a stop-limit, `@market trail 5` a trailing stop
 *   … ioc | fok | post | account alice | stp cancel_oldest
 *   cancel b1        reduce b1 by 60        replace b1 qty 40        replace b1 px 1252 qty 40
 *
 * After `=>` stands what the line must print: the status, the reason in brackets, after a colon the fills as
 * `maker quantity@price` (`maker<taker` where the taker is not the order of the line), then `| triggered ids` and
 * `| ended ids`. A line without `=>` must print "open" and no fill. `book 1251x250 1250x100 / 1252x100` is the depth:
 * bids, then asks, best first.
 */
import { expect } from "vitest";
import { Tape } from "../../src/simulator/tape.ts";

interface Answer {
  readonly fills: readonly { maker: string; taker: string; px: number; qty: number }[];
  readonly status: string;
  readonly reason?: string;
  readonly triggered?: readonly string[];
  readonly ended?: readonly { id: string }[];
}

export function playScenario(lines: readonly string[]): void {
  const tape = new Tape();
  const played = lines.map((line) => {
    if (line.startsWith("book ")) return `book ${depthOf(tape)}`;
    const [command] = line.split(" => ") as [string];
    const words = command.split(" ");
    const answer = JSON.parse(tape.play(JSON.stringify(commandOf(words)))!) as Answer;
    const outcome = outcomeOf(answer, words[1]!);
    return line.includes(" => ") || outcome !== "open" ? `${command} => ${outcome}` : command;
  });
  expect(played).toEqual(lines);
}

function commandOf(words: string[]): object {
  const [op, id] = words as [string, string];
  switch (op) {
    case "cancel":
      return { op, id };
    case "reduce":
      return { op, id, by: Number(words[3]) };
    case "replace":
      return { op, id, ...numbersAfter(words, ["px", "qty"]) };
    default:
      return orderOf(words);
  }
}

function orderOf(words: string[]): object {
  const [side, id, amount, ...rest] = words as [string, string, string, ...string[]];
  const [qty, price] = amount.split("@") as [string, string];
  const tif = rest.includes("ioc") ? "ioc" : rest.includes("fok") ? "fok" : "gtc";
  const isMarket = price === "market";
  const type = rest.includes("trail") ? "trailing_stop" : rest.includes("stop") ? (isMarket ? "stop" : "stop_limit") : isMarket ? "market" : "limit";
  const px = isMarket ? {} : { px: Number(price) };
  const account = rest.includes("account") ? { account: rest[rest.indexOf("account") + 1] } : {};
  const stp = rest.includes("stp") ? { stp: rest[rest.indexOf("stp") + 1] } : {};
  return { op: "new", id, side, type, qty: Number(qty), tif, ...px, ...numbersAfter(rest, ["stop", "trail"]), ...account, ...stp, postOnly: rest.includes("post") };
}

function numbersAfter(words: string[], names: string[]): Record<string, number> {
  return Object.fromEntries(names.filter((name) => words.includes(name)).map((name) => [name, Number(words[words.indexOf(name) + 1])]));
}

function outcomeOf({ fills, status, reason, triggered, ended }: Answer, own: string): string {
  const told = fills.map(({ maker, taker, px, qty }) => `${maker}${taker === own ? "" : `<${taker}`} ${qty}@${px}`);
  return [
    status,
    reason === undefined ? "" : ` (${reason})`,
    told.length === 0 ? "" : `: ${told.join(", ")}`,
    triggered === undefined ? "" : ` | triggered ${triggered.join(" ")}`,
    ended === undefined ? "" : ` | ended ${ended.map(({ id }) => id).join(" ")}`,
  ].join("");
}

function depthOf(tape: Tape): string {
  const { book } = JSON.parse(tape.depth()) as { book: { asks: [number, number][]; bids: [number, number][] } };
  const written = (levels: [number, number][]) => levels.map(([px, qty]) => `${px}x${qty}`).join(" ");
  return `${written(book.bids)} / ${written(book.asks)}`;
}
