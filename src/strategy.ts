/**
 * All that a strategy file imports: `import { defineStrategy, z } from "ballast"`.
 *
 * A strategy is data and one pure function. `signal` sees bars that have closed and nothing else, returns the weights
 * it wants with a reason for each, and remembers nothing but what it declares as `memory`. The same function is called
 * by a backtest, a paper run and a live run.
 */
import { z } from "zod";
import type { Json } from "./json.ts";
import type { MarketView, Symbol } from "./trade.ts";
import { parseSchedule, type Schedule } from "./rules/schedule.ts";

export { z };
export type { Bars, MarketView, Symbol } from "./trade.ts";
export { averageOf, returnOver, volatilityOf } from "./indicators.ts";

/** A share of equity: 0.25 is a quarter. Symbols of the universe that are not listed are sold. */
export interface Target {
  readonly symbol: Symbol;
  readonly weight: number;
  /** One line that answers "why did it do that?". */
  readonly reason: string;
}

/** Leave every position as it is: no order is placed. */
export interface Keep {
  readonly keep: string;
}

export interface Held<Memory = undefined> {
  /** Current shares of equity by symbol, marked at the last price; symbols that are not held are absent. */
  readonly weights: ReadonlyMap<Symbol, number>;
  readonly memory: Memory;
}

type Answer = readonly Target[] | Keep;

export type SignalResult<Memory> = Memory extends undefined ? Answer : { readonly answer: Answer; readonly memory: Memory };

export interface StrategyDefinition<Params extends z.ZodObject, Memory extends Json | undefined = undefined> {
  /** Lower case letters, digits and dashes; part of every run id. */
  readonly name: string;
  readonly description: string;
  readonly params: Params;
  /** When runs are due, for instance "every session at open+5m". */
  readonly schedule: string;
  /** How many daily bars a symbol's view holds at the most. */
  readonly lookback: number | ((params: z.infer<Params>) => number);
  /** Symbols the strategy may hold. Left out, the deployment or the command names them. */
  readonly universe?: (params: z.infer<Params>) => readonly string[] | undefined;
  readonly memory?: { readonly schema: z.ZodType<Memory>; readonly initial: Memory };
  signal(view: MarketView, params: z.infer<Params>, held: Held<Memory>): SignalResult<Memory>;
}

export type Decision = { readonly targets: readonly Target[]; readonly memory?: Json } | { readonly keep: string; readonly memory?: Json };

/** A strategy with its parameters parsed: what a run works with. */
export interface ConfiguredStrategy {
  readonly name: string;
  readonly params: Json;
  readonly schedule: Schedule;
  readonly lookback: number;
  readonly universe: readonly string[] | undefined;
  /** Undefined for a strategy that declares no memory. */
  readonly parseMemory: ((stored: unknown) => Json) | undefined;
  readonly initialMemory: Json | undefined;
  decide(view: MarketView, weights: ReadonlyMap<Symbol, number>, memory: Json | undefined): Decision;
}

export interface Strategy {
  readonly name: string;
  readonly description: string;
  readonly params: z.ZodObject;
  readonly schedule: Schedule;
  /** @throws z.ZodError naming the parameter that does not fit. */
  configure(params: unknown): ConfiguredStrategy;
}

/** The strategy's own code failed or returned what is no answer. The cause is kept. */
export class StrategyFailed extends Error {
  override readonly name = "StrategyFailed";
}

export function keep(reason: string): Keep {
  return { keep: reason };
}

/** @throws StrategyFailed when the definition itself is wrong. */
export function defineStrategy<Params extends z.ZodObject, Memory extends Json | undefined = undefined>(
  definition: StrategyDefinition<Params, Memory>,
): Strategy {
  checkDefinition(definition);
  const schedule = parseSchedule(definition.schedule);
  const params = z.strictObject(definition.params.shape);
  return {
    name: definition.name,
    description: definition.description,
    params,
    schedule,
    configure: (input) => configure(definition, schedule, params.parse(input) as z.infer<Params>),
  };
}

/** What the compiler would say, for those who run a file without it. A misspelt part is one that is missing. */
function checkDefinition(definition: { readonly [Part in "name" | "params" | "schedule" | "lookback" | "signal"]: unknown }): void {
  const { name, params, schedule, lookback, signal } = definition;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,31}$/.test(name)) throw new StrategyFailed(`strategy name ${describe(name)} is not 1 to 32 lower case letters, digits and dashes`);
  const wrong = (part: string, value: unknown, expected: string): StrategyFailed => new StrategyFailed(`${name}: ${part} is ${value === undefined ? "missing" : describe(value)}; it has to be ${expected}`);
  if (typeof params !== "object" || params === null || !("shape" in params)) throw wrong("params", params, "z.object({ … }), which may be empty");
  if (typeof schedule !== "string") throw wrong("schedule", schedule, 'text such as "every session at open+5m"');
  if (typeof lookback !== "number" && typeof lookback !== "function") throw wrong("lookback", lookback, "a number of daily bars, or a function of the parameters");
  if (typeof signal !== "function") throw wrong("signal", signal, "the function signal(view, params)");
}

function configure<Params extends z.ZodObject, Memory extends Json | undefined>(
  definition: StrategyDefinition<Params, Memory>,
  schedule: Schedule,
  params: z.infer<Params>,
): ConfiguredStrategy {
  const { name, memory } = definition;
  const lookback = typeof definition.lookback === "number" ? definition.lookback : ask(definition.lookback, params, `${name}: lookback failed`);
  if (!Number.isInteger(lookback) || lookback < 1) throw new StrategyFailed(`${name}: lookback is ${lookback}, not a whole number of bars above 0`);
  return {
    name,
    params: params as Json,
    schedule,
    lookback,
    universe: definition.universe && universeOf(name, ask(definition.universe, params, `${name}: universe failed`)),
    parseMemory: memory && ((stored) => memoryOf(`${name}: what it remembered before`, stored, memory.schema)),
    initialMemory: memory?.initial,
    decide(view, weights, remembered) {
      const answer = ask(() => definition.signal(view, params, { weights, memory: remembered as Memory }), params, `${name}: signal failed at ${view.session}`);
      return decisionOf(name, view, answer, memory?.schema);
    },
  };
}

function universeOf(name: string, universe: readonly string[] | undefined): readonly string[] | undefined {
  if (universe !== undefined && !Array.isArray(universe)) throw new StrategyFailed(`${name}: universe gave ${describe(universe)}, not a list of symbols`);
  const wrong = (universe as readonly unknown[] | undefined)?.find((symbol) => typeof symbol !== "string" || !/^[A-Z0-9][A-Z0-9.^=-]{0,15}$/.test(symbol));
  if (wrong !== undefined) throw new StrategyFailed(`${name}: universe has ${describe(wrong)}, which is no symbol in capitals`);
  return universe;
}

/** Calls the strategy's own code. */
function ask<Params, T>(code: (params: Params) => T, params: Params, what: string): T {
  try {
    return code(params);
  } catch (cause) {
    throw new StrategyFailed(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Larger weights are percentages, or a division by next to nothing. */
const WEIGHT_MAX = 1_000;

/** Strategy files are checked by nobody's compiler, so what comes out of them is. */
function decisionOf(name: string, view: MarketView, result: unknown, memorySchema: z.ZodType | undefined): Decision {
  const where = `${name}: at ${view.session} signal`;
  const { answer, memory } = memorySchema ? withMemory(where, result, memorySchema) : { answer: result, memory: {} };
  if (typeof answer === "object" && answer !== null && "keep" in answer && typeof answer.keep === "string" && answer.keep !== "") return { keep: answer.keep, ...memory };
  if (!Array.isArray(answer)) throw new StrategyFailed(`${where} returned ${describe(answer)}, not a list of targets or keep(reason)`);
  const seen = new Set<string>();
  const allowed = new Set<string>(view.symbols);
  for (const target of answer as readonly unknown[]) {
    if (typeof target !== "object" || target === null) throw new StrategyFailed(`${where} listed ${describe(target)} among its targets`);
    const { symbol, weight, reason } = target as Partial<Target>;
    if (typeof symbol !== "string" || !allowed.has(symbol)) throw new StrategyFailed(`${where} set a target for ${describe(symbol)}, which is not in its universe`);
    if (seen.has(symbol)) throw new StrategyFailed(`${where} set two targets for ${symbol}`);
    if (typeof weight !== "number" || !(Math.abs(weight) <= WEIGHT_MAX)) throw new StrategyFailed(`${where} gave ${symbol} the weight ${describe(weight)}; a weight is a share of equity, 0.25 is a quarter`);
    if (typeof reason !== "string" || reason === "") throw new StrategyFailed(`${where} gave no reason for its target of ${symbol}`);
    seen.add(symbol);
  }
  return { targets: answer as readonly Target[], ...memory };
}

function withMemory(where: string, result: unknown, schema: z.ZodType): { answer: unknown; memory: { memory?: Json } } {
  if (typeof result !== "object" || result === null || !("answer" in result) || !("memory" in result)) {
    throw new StrategyFailed(`${where} returned ${describe(result)}; a strategy with memory returns { answer, memory }`);
  }
  return { answer: result.answer, memory: { memory: memoryOf(`${where} returned a memory that`, result.memory, schema) } };
}

function memoryOf(what: string, value: unknown, schema: z.ZodType): Json {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new StrategyFailed(`${what} does not fit its memory's schema: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Json;
}

function describe(value: unknown): string {
  if (value instanceof Promise) return "a promise (signal answers at once, without async)";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : `an object with the keys ${Object.keys(value).slice(0, 10).join(", ") || "of nothing"}`;
}
