/**
 * Faults of the market itself, by plan: orders that fill in parts, halts and splits.
 *
 * They are part of the venue's state: the plan comes by a command of the log, and what strikes follows from it, from the
 * seed, and from the commands and instants that come. So the log derives the same faults again. The venue asks at each
 * client's command and lets due ones happen at their instants.
 *
 * Of an order that was struck, the first match is for a share of it. The rest is left out of every match until
 * `restAfterMs` has passed; an IOC order ends there, and FOK and auctions are spared.
 */
import { mulDivDown, NANOS, remainderOf, type Quantity } from "../money.ts";
import type { Exchange } from "../simulator/exchange.ts";
import type { HeldBack } from "../simulator/exchange-state.ts";
import type { Instant } from "../time.ts";
import { instantOf, plusMs } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import type { VenueCommand } from "./commands.ts";
import { splitRefusal, type Steered } from "./countable.ts";
import { FaultDraws, matches, type DrawsMemory } from "./fault-draws.ts";
import type { MarketFault } from "./market-fault-rules.ts";
import type { VenueOrder } from "./venue-order.ts";

export interface MarketFaultPlan {
  readonly seed: number;
  readonly market: readonly MarketFault[];
}

/** `until` is null before its first match, and then when the rest goes on. */
interface Held {
  readonly order: string;
  readonly account: AccountName;
  readonly shareMillionths: number;
  readonly restAfterMs: number;
  until: Instant | null;
}

/** JSON. */
export interface MarketFaultsMemory {
  readonly plan: MarketFaultPlan;
  readonly draws: DrawsMemory;
  readonly begun: readonly number[];
  readonly halts: readonly (readonly [Symbol, Instant])[];
  readonly held: readonly Held[];
}

/** What a client's command is, as faults know it. */
export interface ClientCommand {
  readonly method: string;
  readonly path: string;
  readonly symbol: Symbol | undefined;
}

/** Of an order that is struck. */
export interface PartialFill {
  readonly shareMillionths: number;
  readonly restAfterMs: number;
}

type Market = Steered & Pick<Exchange, "now" | "halt" | "resume" | "split" | "isHalted" | "goOn">;
type Drawn = Extract<MarketFault, { readonly fault: "partial-fill" | "halt" }>;
const NONE: MarketFaultPlan = { seed: 0, market: [] };
const WHOLE = 1_000_000;

export class MarketFaults implements HeldBack {
  #plan: MarketFaultPlan;
  #draws: FaultDraws<Drawn | NeverDrawn>;
  /** Scheduled rules that have had their moment, by their places. */
  #begun: Set<number>;
  /** Halts of this plan, and when they end. */
  #halts: Map<Symbol, Instant>;
  #held: Map<string, Held>;
  /** The next instant at which something happens by itself. */
  nextAt = Infinity;

  constructor(memory?: MarketFaultsMemory) {
    this.#plan = memory?.plan ?? NONE;
    this.#draws = drawsOf(this.#plan, memory?.draws);
    this.#begun = new Set(memory?.begun);
    this.#halts = new Map(memory?.halts);
    this.#held = new Map(memory?.held.map((held) => [held.order, { ...held }]));
    this.#look();
  }

  get plan(): MarketFaultPlan {
    return this.#plan;
  }

  /** How often each rule has struck, by its place. */
  counts(): readonly number[] {
    return this.#draws.counts();
  }

  /** Undefined for a market in which nothing was ever to go wrong. */
  memory(): MarketFaultsMemory | undefined {
    if (this.#plan.market.length === 0) return undefined;
    return { plan: this.#plan, draws: this.#draws.memory(), begun: [...this.#begun], halts: [...this.#halts], held: [...this.#held.values()].map((held) => ({ ...held })) };
  }

  /** Ends the halts of the plan before, and lets go on what it held. Splits of the past are not made up for. Returns whose quotes may have changed. */
  follow(plan: MarketFaultPlan, market: Market): readonly Symbol[] {
    const halted = [...this.#halts.keys()];
    for (const symbol of halted) market.resume(symbol);
    const held = [...this.#held.values()];
    this.#held = new Map();
    const released = held.flatMap(({ account, order }) => market.goOn(account, order as ClientOrderId) ?? []);
    this.#plan = plan;
    this.#draws = drawsOf(plan);
    this.#begun = new Set(plan.market.flatMap((rule, place) => (rule.fault === "split" && instantOf(rule.at) < market.now ? [place] : [])));
    this.#halts = new Map();
    this.#look();
    return [...halted, ...released, ...this.happen(market)];
  }

  /** What is due, in the order of the plan; the market's time is there. Returns whose quotes may have changed. */
  happen(market: Market): readonly Symbol[] {
    const { now } = market;
    if (now < this.nextAt) return [];
    const touched: Symbol[] = [];
    for (const [symbol, until] of this.#halts) {
      if (until > now) continue;
      this.#halts.delete(symbol);
      market.resume(symbol);
      touched.push(symbol);
    }
    for (const [place, rule] of this.#plan.market.entries()) {
      if (this.#begun.has(place) || !(startOf(rule) <= now)) continue;
      this.#begun.add(place);
      if (rule.fault === "split") {
        // Nobody is there to be told that it would be too much.
        if (splitRefusal({ symbol: rule.symbol, ratio: rule.ratio }, market)) continue;
        market.split(rule.symbol, rule.ratio, undefined);
        this.#draws.note(place);
        touched.push(rule.symbol);
      } else if (rule.fault === "halt-between" && instantOf(rule.to) > now && this.#halt(market, rule.symbol, instantOf(rule.to))) this.#draws.note(place);
    }
    for (const { order, account, until } of [...this.#held.values()]) {
      if (until === null || until > now) continue;
      this.#held.delete(order);
      const symbol = market.goOn(account, order as ClientOrderId);
      if (symbol !== undefined) touched.push(symbol);
    }
    this.#look();
    return touched;
  }

  /** What strikes a client's command before it is done: a halt begins, or its order will fill in parts. */
  meet({ method, path, symbol }: ClientCommand, market: Market): PartialFill | undefined {
    const struck = this.#draws.draw(`${method} ${path}`, (rule) => rule.fault !== "never" && (rule.symbol === undefined || rule.symbol === symbol) && matches(rule.route, method, path));
    if (!struck || struck.rule.fault === "never") return undefined;
    const { rule, fraction } = struck;
    if (rule.fault === "partial-fill") return { shareMillionths: Math.round((rule.share ?? 0.1 + 0.8 * fraction) * WHOLE), restAfterMs: rule.restAfterMs };
    if (symbol !== undefined && this.#halt(market, symbol, plusMs(market.now, rule.forMs))) this.#look();
    return undefined;
  }

  hold({ id, account }: VenueOrder, { shareMillionths, restAfterMs }: PartialFill): void {
    this.#held.set(id, { order: id, account, shareMillionths, restAfterMs, until: null });
  }

  forget(order: string): void {
    if (this.#held.size > 0) this.#held.delete(order);
  }

  /** Orders that ended before anything of them traded are held no more. */
  forgetEnded(hasEnded: (order: string) => boolean): void {
    for (const order of this.#held.keys()) if (hasEnded(order)) this.#held.delete(order);
  }

  /** Of a single share, or what is less than one nano-share, all may trade. */
  partOf(order: ClientOrderId, remaining: Quantity): Quantity | undefined {
    if (this.#held.size === 0) return undefined;
    const held = this.#held.get(order);
    if (!held) return undefined;
    if (held.until !== null) return 0 as Quantity;
    const part = mulDivDown(remaining, held.shareMillionths, WHOLE);
    const sold = remainderOf(remaining, NANOS) === 0 ? part - remainderOf(part, NANOS) : part;
    return sold > 0 ? (sold as Quantity) : undefined;
  }

  traded(order: ClientOrderId, now: Instant): void {
    const held = this.#held.get(order)!;
    held.until = plusMs(now, held.restAfterMs);
    this.nextAt = Math.min(this.nextAt, held.until);
  }

  /** False where somebody else has halted it already. */
  #halt(market: Market, symbol: Symbol, until: Instant): boolean {
    const own = this.#halts.get(symbol);
    if (own === undefined && market.isHalted(symbol)) return false;
    this.#halts.set(symbol, Math.max(until, own ?? until) as Instant);
    market.halt(symbol);
    return true;
  }

  #look(): void {
    const starts = this.#plan.market.map((rule, place) => (this.#begun.has(place) ? Infinity : startOf(rule)));
    const rests = [...this.#held.values()].map(({ until }) => until ?? Infinity);
    this.nextAt = [...starts, ...this.#halts.values(), ...rests].reduce((least: number, at) => Math.min(least, at), Infinity);
  }
}

/** What of `command` may be struck; `symbolOf` an order. */
export function clientCommandOf(command: VenueCommand, symbolOf: (order: string) => Symbol | undefined): ClientCommand | undefined {
  switch (command.type) {
    case "place":
      return { method: "POST", path: "/v2/orders", symbol: command.order.symbol };
    case "replace":
      return { method: "PATCH", path: "/v2/orders/:id", symbol: symbolOf(command.order) };
    case "cancel":
      return { method: "DELETE", path: "/v2/orders/:id", symbol: symbolOf(command.order) };
    case "close-position":
      return { method: "DELETE", path: "/v2/positions/:symbol", symbol: command.symbol };
    case "cancel-all":
      return { method: "DELETE", path: "/v2/orders", symbol: undefined };
    case "close-all-positions":
      return { method: "DELETE", path: "/v2/positions", symbol: undefined };
    default:
      return undefined;
  }
}

/** In the place of a rule that has an instant of its own. */
interface NeverDrawn {
  readonly fault: "never";
  readonly probability: 0;
  readonly times?: undefined;
}

function drawsOf({ seed, market }: MarketFaultPlan, memory?: DrawsMemory): FaultDraws<Drawn | NeverDrawn> {
  return new FaultDraws(seed, "market", market.map((rule): Drawn | NeverDrawn => (rule.fault === "partial-fill" || rule.fault === "halt" ? rule : { fault: "never", probability: 0 })), memory);
}

function startOf(rule: MarketFault): number {
  if (rule.fault === "split") return instantOf(rule.at);
  return rule.fault === "halt-between" ? instantOf(rule.from) : Infinity;
}
