/** Finds a strategy by its name in strategies/index.ts, or in a TypeScript file anywhere on this machine. */
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { Json } from "../src/json.ts";
import { StrategyFailed, type ConfiguredStrategy, type Strategy } from "../src/strategy.ts";
import { strategies } from "../strategies/index.ts";
import { UsageError } from "./usage-error.ts";

export async function loadStrategy(nameOrFile: string): Promise<Strategy> {
  if (!isStrategyFile(nameOrFile)) {
    const found = strategies.find(({ name }) => name === nameOrFile);
    if (found) return found;
    throw new UsageError(`no strategy is named ${nameOrFile}; there are ${strategies.map(({ name }) => name).join(", ")}, or give a file: ./${nameOrFile}.ts`);
  }
  const file = resolve(nameOrFile);
  if (!existsSync(file)) throw new UsageError(`there is no strategy file ${nameOrFile}`);
  return strategyFrom(file, nameOrFile);
}

export function isStrategyFile(nameOrFile: string): boolean {
  return /[./\\]/.test(nameOrFile);
}

async function strategyFrom(file: string, shown: string): Promise<Strategy> {
  letOutsideFilesImportBallast();
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (cause) {
    if (cause instanceof StrategyFailed) throw cause;
    throw new UsageError(`the strategy file ${shown} could not be loaded${placeIn(file, cause)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const strategy = module.default;
  if (!isStrategy(strategy)) throw new UsageError(`the strategy file ${shown} does not export a strategy: it needs "export default defineStrategy({ … })"`);
  return strategy;
}

/** Where in the file an error began: a message of the parser names no line, its stack does. */
function placeIn(file: string, cause: unknown): string {
  const stack = cause instanceof Error ? (cause.stack ?? "") : "";
  const line = [file, pathToFileURL(file).href].map((path) => /^\d+/.exec(stack.split(`${path}:`)[1] ?? "")?.[0]).find((found) => found !== undefined);
  return line === undefined ? "" : ` (line ${line})`;
}

function isStrategy(value: unknown): value is Strategy {
  return typeof value === "object" && value !== null && "configure" in value && typeof value.configure === "function" && "schedule" in value;
}

/** A file outside the project cannot resolve the project's name by itself. */
function letOutsideFilesImportBallast(): void {
  const entry = new URL("../src/strategy.ts", import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, nextResolve) => (specifier === "ballast" ? { url: entry, format: "module-typescript", shortCircuit: true } : nextResolve(specifier, context)),
  });
}

/** `assignments` are `key=value` or `key.inner=value`, made in `base`; a value that is JSON is read as JSON, all else is text. */
export function configureStrategy(strategy: Strategy, assignments: readonly string[], base: Json = {}): ConfiguredStrategy {
  const params = JSON.parse(JSON.stringify(base), (_key, value: unknown) => (isPlain(value) ? Object.assign(withoutPrototype(), value) : value)) as Record<string, unknown>;
  for (const assignment of assignments) assign(params, assignment);
  try {
    return strategy.configure(params);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const known = Object.keys(strategy.params.shape).join(", ") || "none";
    const problems = cause.issues.map((issue) => `  ${issue.path.map(String).join(".") || "--param"}: ${issue.message}`).join("\n");
    throw new UsageError(`${strategy.name} cannot take these parameters (it has ${known}):\n${problems}`, { cause });
  }
}

function assign(params: Record<string, unknown>, assignment: string): void {
  const at = assignment.indexOf("=");
  if (at < 1) throw new UsageError(`--param takes key=value, not ${JSON.stringify(assignment)}`);
  const path = assignment.slice(0, at).split(".");
  let target = params;
  for (const key of path.slice(0, -1)) {
    const inner = (target[key] ??= withoutPrototype());
    if (typeof inner !== "object" || Array.isArray(inner)) throw new UsageError(`--param ${assignment}: ${key} already has a value that is no object`);
    target = inner as Record<string, unknown>;
  }
  target[path.at(-1)!] = valueOf(assignment.slice(at + 1));
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** So that no key of a parameter can reach what all objects share. */
function withoutPrototype(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // A word that is not JSON is meant as text.
  }
}
