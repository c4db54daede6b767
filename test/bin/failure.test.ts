import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { explainFailure } from "../../bin/failure.ts";
import { ballast, ROOT } from "../support/command-line.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ballast-failure-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what the operating system would not do is one line that names the path", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  let failure: unknown;
  try {
    mkdirSync(join(file, "inside"));
  } catch (cause) {
    failure = cause;
  }
  expect(explainFailure(failure)).toEqual({ message: `ballast: ${file}/inside: not a directory (mkdir, ENOTDIR)`, exitCode: 1 });
});

test("what only a developer can mend keeps its stack", () => {
  expect(explainFailure(new TypeError("x is not a function"))).toMatchObject({ message: expect.stringMatching(/^ballast: TypeError: x is not a function\n +at /) as string, exitCode: 1 });
});

test("a port in use is named with what to do, and so is a directory that is a file", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const taken = await ended(["serve", "--memory", "--agents", "--port", String(port)]);
  other.close();
  expect(taken).toMatchObject({ code: 1, err: `ballast: 127.0.0.1:${port} is in use: stop what listens there, or choose another --port (0 is any that is free)\n` });

  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(ballast(["serve", "--dir", file, "--symbols", "AAA"])).toMatchObject({ code: 1, err: `ballast: ${file}: file already exists (mkdir, EEXIST)\n` });
}, 60_000);

test.runIf(existsSync("/proc"))("a directory in a file system that takes none is refused, and not tried for ever", () => {
  const err = "ballast: the directory /proc/market cannot be made: /proc takes no new directories\n";
  expect(ballast(["serve", "--dir", "/proc/market/first", "--symbols", "AAA"])).toMatchObject({ code: 1, err });
  expect(ballast(["keys", "create", "ann", "--dir", "/proc/market"])).toMatchObject({ code: 1, err });
}, 60_000);

test("a reader of the output who stops early ends no command with an error", async () => {
  const command = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, "calendar", "--from", "1990-01-01", "--to", "2029-12-31", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  command.stdout.destroy();
  let err = "";
  command.stderr.on("data", (part: Buffer) => (err += part.toString()));
  const [code] = (await once(command, "exit")) as [number];
  expect([code, err]).toEqual([0, ""]);
}, 60_000);

test("a server whose launcher was killed ends, and lets go of its directory", async () => {
  const server = spawn(process.execPath, [`${ROOT}/bin/ballast.js`, "serve", "--dir", join(folder, "market"), "--port", "0", "--symbols", "AAA"], { stdio: ["ignore", "pipe", "ignore", "ipc"] });
  await once(server.stdout!, "data");
  const ended = once(server, "exit");
  server.disconnect();
  expect(await ended).toEqual([0, null]);
}, 60_000);

/** Asynchronously, so that this process can hold the port meanwhile. */
async function ended(args: readonly string[]): Promise<{ readonly code: number; readonly err: string }> {
  const command = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  command.stderr.on("data", (part: Buffer) => (err += part.toString()));
  const [code] = (await once(command, "close")) as [number];
  return { code, err };
}
