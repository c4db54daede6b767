/** Runs the command line as a user does, in a process of its own. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function ballast(args: readonly string[], options: Surroundings = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${ROOT}/bin/ballast.js`, ...args], {
    cwd: options.cwd ?? ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    maxBuffer: 1 << 28,
  });
  return { code: status, out: stdout, err: stderr };
}

/** The same while this process goes on, to serve what the command asks for; its clock shows `now` at the start. */
export function ballastAt(now: number, args: readonly string[], options: Surroundings = {}): Promise<Ran> {
  const clock = { NODE_OPTIONS: `--import=${pathToFileURL(`${ROOT}/test/support/shifted-clock.mjs`).href}`, CLOCK_SHIFT_MS: String(now - Date.now()) };
  const child = spawn(process.execPath, [`${ROOT}/bin/ballast.js`, ...args], { cwd: options.cwd ?? ROOT, env: { ...process.env, NO_COLOR: "1", ...clock, ...options.env } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}
