import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Tape } from "../../src/simulator/tape.ts";

const page = readFileSync(new URL("../../docs/order-book.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```tape\n([^`]+)```/g)].map(([, example]) => example!.trimEnd().split("\n"));

test("docs/order-book.md has examples", () => {
  expect(examples.length).toBeGreaterThan(2);
});

test.each(examples.map((lines) => [lines[0]!, lines] as const))("the example in docs/order-book.md that begins with %s prints what it says", (_, lines) => {
  const tape = new Tape();
  const played = lines.flatMap((line) => (line.startsWith("> ") ? [line, `< ${tape.play(line.slice(2))!}`] : []));
  expect(played).toEqual(lines);
});
