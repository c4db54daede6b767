import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const SCRIPT = ['{"op":"new","id":"a","side":"buy","type":"limit","px":100,"qty":5}', '{"op":"new","id":"b","side":"sell","type":"market","qty":2}', ""].join("\n");
const ANSWERS = ['{"n":1,"fills":[],"status":"open","l1":[0,0,100,5]}', '{"n":2,"fills":[{"maker":"a","taker":"b","px":100,"qty":2}],"status":"filled","l1":[0,0,100,3]}', ""].join("\n");

function ballast(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/ballast.ts", "tape", ...args], { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

test("plays a script from standard input", () => {
  expect(ballast(["-"], SCRIPT)).toEqual({ status: 0, stdout: ANSWERS, stderr: "" });
});

test("plays a script from a file and ends with the book", () => {
  const file = join(mkdtempSync(join(tmpdir(), "tape-")), "script.jsonl");
  writeFileSync(file, SCRIPT.trimEnd());
  expect(ballast([file, "--book"])).toEqual({ status: 0, stdout: `${ANSWERS}{"book":{"asks":[],"bids":[[100,3]]}}\n`, stderr: "" });
});

test("prints what went before a bad line, then says what is wrong with it, and exits with 2", () => {
  const { status, stdout, stderr } = ballast(["-"], `${SCRIPT}{"op":"cancel"}\n`);
  expect([status, stdout, stderr]).toEqual([2, ANSWERS, "ballast: line 3: id: expected text or an integer\n"]);
});

test("a file that is not there ends with 2", () => {
  const { status, stderr } = ballast(["no-such-file.jsonl"]);
  expect([status, stderr]).toEqual([2, "ballast: cannot read no-such-file.jsonl: ENOENT\n"]);
});
