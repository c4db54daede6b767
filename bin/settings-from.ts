/**
 * Options of a command from elsewhere than the command line: from a file, and over it from the environment.
 *
 * A file is one YAML or JSON mapping of the options' names in camel case; a variable has a prefix and the name in
 * capitals: --requests-per-minute is requestsPerMinute there and BALLAST_SERVE_REQUESTS_PER_MINUTE here. Both are read
 * as if they had been typed, and a name that is no option stops the command.
 */
import { readFileSync } from "node:fs";
import { InvalidArgumentError, type Command, type Option } from "commander";
import { parse } from "yaml";
import { z } from "zod";
import { UsageError } from "./usage-error.ts";

export interface SettingsPlaces {
  readonly prefix: string;
  /** Variables with the prefix that somebody else reads. */
  readonly others: readonly string[];
  /** Options whose value a file may have as a mapping; they get it as JSON. */
  readonly mappings?: readonly string[];
}

const fileSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.looseObject({})]));

/** Adds --config. */
export function addSettings(command: Command, { prefix, others, mappings = [] }: SettingsPlaces): Command {
  return command.option("--config <file>", `options as a YAML or JSON file of their names in camel case; ${prefix}… variables and the command line come over it`).hook("preAction", (called) => {
    const known = new Map(called.options.filter((option) => option.attributeName() !== "config").map((option) => [option.attributeName(), option]));
    const { config } = called.opts<{ config?: string }>();
    if (config !== undefined) for (const [name, value] of Object.entries(contentOf(config))) take(called, known.get(name), textOf(value, mappings.includes(name), `${config}: ${name}`), `${config}: ${name}`);
    for (const [name, value] of Object.entries(process.env)) {
      if (!name.startsWith(prefix) || others.includes(name) || value === undefined) continue;
      take(called, [...known.values()].find((option) => variableOf(prefix, option) === name), value, name);
    }
  });
}

function take(called: Command, option: Option | undefined, text: string, where: string): void {
  if (!option) throw new UsageError(`${where} is no option of ${called.name()}; --help lists them`);
  if (called.getOptionValueSource(option.attributeName()) === "cli") return;
  called.setOptionValueWithSource(option.attributeName(), valueOf(option, text, where), "config");
}

function textOf(value: z.output<typeof fileSchema>[string], mayBeMapping: boolean, where: string): string {
  if (typeof value !== "object") return String(value);
  if (!mayBeMapping) throw new UsageError(`${where} is one value, and no mapping`);
  return JSON.stringify(value);
}

function valueOf(option: Option, text: string, where: string): unknown {
  if (!option.required && !option.optional) {
    if (text !== "true" && text !== "false") throw new UsageError(`${where} is true or false, not ${JSON.stringify(text)}`);
    return text === "true" ? true : undefined;
  }
  try {
    return option.parseArg ? option.parseArg(text, option.defaultValue as never) : text;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new UsageError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

function variableOf(prefix: string, option: Option): string {
  return `${prefix}${option.attributeName().replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function contentOf(path: string): z.output<typeof fileSchema> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) throw new UsageError(`${path} is no mapping of options to values: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
