/**
 * The code that AWS starts, as one folder: `rebalance.mjs` and `watch.mjs`, with ballast.yaml, the strategies and all
 * dependencies inside.
 *
 * esbuild runs in this process and needs no network and no Docker. The same sources give the same bytes wherever the
 * project lies, so an unchanged project gives an unchanged template. The AWS SDK is bundled: the version that was
 * tested is the one that runs. Nothing is minified: it makes no start measurably faster, and so a stack trace can be read
 * as it is.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { codeVersion } from "../src/replay/code-version.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** The exported function of each file is `handler`. */
const HANDLERS = { rebalance: "rebalanceHandler", watch: "watchHandler" } as const;

export type HandlerName = keyof typeof HANDLERS;

/** Writes the folder under `outdir` and returns its path. `config` is the text of ballast.yaml. */
export function bundleHandlers(config: string, outdir: string): string {
  mkdirSync(outdir, { recursive: true });
  const folder = mkdtempSync(join(outdir, "handlers-"));
  for (const name of Object.keys(HANDLERS) as HandlerName[]) {
    for (const { path, contents } of bundle(name, config)) writeFileSync(join(folder, basename(path)), contents);
  }
  return folder;
}

function bundle(name: HandlerName, config: string): { readonly path: string; readonly contents: Uint8Array }[] {
  const { outputFiles } = buildSync({
    stdin: { contents: entryOf(name, config), resolveDir: PROJECT, sourcefile: `${name}-entry.ts`, loader: "ts" },
    absWorkingDir: PROJECT,
    outfile: `${name}.mjs`,
    write: false,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // Dependencies that are CommonJS ask for Node's own modules with require, which an ES module does not have.
    banner: { js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' },
    mainFields: ["module", "main"],
    legalComments: "none",
    logLevel: "warning",
  });
  return outputFiles;
}

function entryOf(name: HandlerName, config: string): string {
  const factory = HANDLERS[name];
  return `
    import { ${factory} } from "./src/handlers/${name}.ts";
    import { systemClock } from "./src/handlers/ports-for-venue.ts";
    export const handler = ${factory}({ config: ${JSON.stringify(config)}, env: process.env, clock: systemClock, output: process.stdout, code: ${JSON.stringify(codeVersion())} });
  `;
}
