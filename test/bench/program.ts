/** Runs a measuring program as it would be deployed: one bundle, in a process of its own for every measurement. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** One measurement with these arguments: the JSON that the program prints. */
export type Program = (...args: readonly string[]) => unknown;

/** `entry` lies beside this file. */
export function withProgram<Result>(entry: string, use: (program: Program) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "ballast-bench-"));
  try {
    const outfile = join(folder, "program.mjs");
    const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
    buildSync({ entryPoints: [new URL(entry, import.meta.url).pathname], outfile, banner, bundle: true, minifySyntax: true, platform: "node", format: "esm", target: "node24" });
    return use((...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", outfile, ...args], { encoding: "utf8" });
      if (status !== 0) throw new Error(`${entry} ${args.join(" ")} failed: ${stderr}`);
      return JSON.parse(stdout) as unknown;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
