/**
 * Which rule of a plan strikes, drawn from a seed.
 *
 * Whether a rule strikes depends on the seed, the rule's place, the kind of what happens and how many of that kind came
 * before. So a run meets the same faults again, however its requests of different kinds interleave. Of the rules that
 * strike, the first counts.
 */
import { hash } from "node:crypto";
import { z } from "zod";

export const probability = z.number().min(0).max(1);
/** "POST /v2/orders", "GET /v2/*": a method or *, and a path in which * stands for anything. */
export const route = z.string().regex(/^(\*|[A-Z]+) \/\S*$/, 'a route is a method or * and a path, such as "POST /v2/orders" or "* /v2/*"');
/** Strikes no more after so many. */
export const times = z.int().positive();

interface Rule {
  readonly probability: number;
  readonly times?: number | undefined;
}

export interface Struck<R> {
  readonly rule: R;
  readonly place: number;
  /** From 0 to below 1, for what else the rule leaves to chance. */
  readonly fraction: number;
}

/** JSON. */
export interface DrawsMemory {
  readonly seen: readonly (readonly [string, number])[];
  readonly struck: readonly (readonly [number, number])[];
}

export class FaultDraws<R extends Rule> {
  readonly #seed: number;
  readonly #list: string;
  readonly #rules: readonly R[];
  readonly #seen: Map<string, number>;
  readonly #struck: Map<number, number>;

  /** `list` tells the rules of one plan's lists apart. */
  constructor(seed: number, list: string, rules: readonly R[], memory?: DrawsMemory) {
    this.#seed = seed;
    this.#list = list;
    this.#rules = rules;
    this.#seen = new Map(memory?.seen);
    this.#struck = new Map(memory?.struck);
  }

  draw(kind: string, applies: (rule: R) => boolean): Struck<R> | undefined {
    if (this.#rules.length === 0) return undefined;
    const count = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, count);
    for (const [place, rule] of this.#rules.entries()) {
      if (!applies(rule) || this.struck(place) >= (rule.times ?? Infinity)) continue;
      const what = `${this.#seed} ${this.#list} ${place} ${kind} ${count}`;
      if (fractionOf(what) >= rule.probability) continue;
      this.note(place);
      return { rule, place, fraction: fractionOf(`${what} more`) };
    }
    return undefined;
  }

  /** A rule has struck without being drawn. */
  note(place: number): void {
    this.#struck.set(place, this.struck(place) + 1);
  }

  struck(place: number): number {
    return this.#struck.get(place) ?? 0;
  }

  /** By the rules' places. */
  counts(): readonly number[] {
    return this.#rules.map((_, place) => this.struck(place));
  }

  memory(): DrawsMemory {
    return { seen: [...this.#seen], struck: [...this.#struck] };
  }
}

export function matches(wanted: string, method: string, path: string): boolean {
  const [wantedMethod = "*", wantedPath = "/*"] = wanted.split(" ");
  if (wantedMethod !== "*" && wantedMethod !== method) return false;
  const parts = wantedPath.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(path);
}

/** From 0 to below 1. */
function fractionOf(text: string): number {
  return parseInt(hash("sha256", text).slice(0, 12), 16) / 2 ** 48;
}
