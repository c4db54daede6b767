/** Recorded answers for questions that were not asked just so: for fewer bars or fewer symbols, and any number of times. */
import type { Json } from "../json.ts";
import type { Instant } from "../time.ts";
import type { Bars, MarketView, Symbol } from "../trade.ts";
import type { Answers } from "./answering-ports.ts";
import { decodeValue, type BytesOf } from "./recorded-values.ts";
import type { RecordedCall } from "./run-record.ts";

/** The record cannot tell. */
export class NotRecorded extends Error {
  override readonly name = "NotRecorded";
}

export class LenientAnswers implements Answers {
  readonly #bytesOf: BytesOf;
  /** Of this stage and of those before it. */
  #told: readonly RecordedCall[];
  #stage: readonly RecordedCall[];
  #left: RecordedCall[];
  #clock: Instant | undefined;

  constructor(stage: readonly RecordedCall[], bytesOf: BytesOf) {
    this.#bytesOf = bytesOf;
    this.#told = stage;
    this.#stage = stage;
    this.#left = [...stage];
  }

  goOn(stage: readonly RecordedCall[]): void {
    this.#told = [...this.#told, ...stage];
    this.#stage = stage;
    this.#left = [...stage];
  }

  now(): Instant {
    const place = this.#left.findIndex(({ call }) => call === "clock.now");
    if (place >= 0) this.#clock = this.#left.splice(place, 1)[0]!.answer as Instant;
    if (this.#clock === undefined) throw new NotRecorded("the record has no clock");
    return this.#clock;
  }

  answer(call: string, args: readonly Json[]): unknown {
    if (call === "state.save") return undefined;
    const text = JSON.stringify(args);
    const place = this.#left.findIndex((recorded) => recorded.call === call && JSON.stringify(recorded.args) === text);
    const recorded = place >= 0 ? this.#left.splice(place, 1)[0] : this.#stage.findLast((one) => one.call === call && JSON.stringify(one.args) === text);
    if (recorded?.threw) throw new NotRecorded(`${recorded.threw.name} then: ${recorded.threw.message}`);
    if (recorded) return decodeValue(recorded.answer, this.#bytesOf);
    if (call === "marketData.view") return this.#view(args);
    if (call === "marketData.quotes" || call === "broker.assets") return this.#bySymbol(call, args[0] as readonly string[]);
    throw new NotRecorded(`the run was not told then what it would have asked: ${call}${args.length > 0 ? ` of ${JSON.stringify(args[0])}` : ""}`);
  }

  #view([symbols, lookback, asOf]: readonly Json[]): MarketView {
    const wanted = symbols as readonly Symbol[];
    const count = lookback as number;
    const views = this.#told.filter(({ call, args }) => call === "marketData.view" && args[2] === asOf);
    const wide = views.find(({ args, answer }) => answer !== undefined && (args[1] as number) >= count && wanted.every((symbol) => (args[0] as readonly string[]).includes(symbol)));
    if (!wide) throw new NotRecorded(`the record has ${views.map(({ args }) => `${args[1] as number} bars`).join(" and ") || "no bars"} of each symbol, and ${count} would have been asked for, of ${wanted.length} symbols`);
    const view = decodeValue(wide.answer, this.#bytesOf) as MarketView;
    return { ...view, symbols: wanted, bars: (symbol) => lastBars(view.bars(symbol), count) };
  }

  #bySymbol(call: string, symbols: readonly string[]): ReadonlyMap<string, unknown> {
    const answered = this.#stage.filter((recorded) => recorded.call === call && recorded.answer !== undefined);
    const found = new Map<string, unknown>();
    for (const symbol of symbols) {
      const recorded = answered.findLast(({ args }) => (args[0] as readonly string[]).includes(symbol));
      if (!recorded) throw new NotRecorded(`${symbol} would have been traded, and the record has no ${call === "broker.assets" ? "asset" : "quote"} of it`);
      const value = (decodeValue(recorded.answer, this.#bytesOf) as ReadonlyMap<string, unknown>).get(symbol);
      if (value !== undefined) found.set(symbol, value);
    }
    return found;
  }
}

function lastBars(bars: Bars, count: number): Bars {
  const from = Math.max(0, bars.days.length - count);
  const days = bars.days.subarray(from);
  const close = bars.close.subarray(from);
  if (bars.kind === "close-only") return { kind: bars.kind, days, close };
  return { kind: bars.kind, days, open: bars.open.subarray(from), high: bars.high.subarray(from), low: bars.low.subarray(from), close, volume: bars.volume.subarray(from) };
}
