/**
 * Alpaca's corporate actions as what they make of a share. Cash dividends, rights, partial calls and reorganizations
 * are left out: the first change no share, and of the others Alpaca does not say what a holder has afterwards.
 *
 * Alpaca selects by the day on which it processes an action; a split counts from its ex-date, which may lie some days
 * from that, so a few more days are asked for on either side.
 */
import { z } from "zod";
import type { ShareConversion } from "../risk/share-conversions.ts";
import type { SessionDate } from "../time.ts";
import type { Symbol } from "../trade.ts";
import { wireDate } from "./wire-values.ts";

/** The types to ask for. */
export const CONVERTING_TYPES = "forward_split,reverse_split,unit_split,stock_dividend,spin_off,cash_merger,stock_merger,stock_and_cash_merger,name_change,redemption,worthless_removal";

export const PROCESSED_AROUND_DAYS = 7;

const symbol = z.string().min(1).transform((text) => text as Symbol);
const rate = z.number().positive();

const split = z.looseObject({ symbol, new_rate: rate, old_rate: rate, ex_date: wireDate, new_symbol: symbol.nullish() });
const stockMerger = z.looseObject({ acquiree_symbol: symbol, acquiree_rate: rate, acquirer_symbol: symbol, acquirer_rate: rate, process_date: wireDate });
const processed = z.looseObject({ symbol, process_date: wireDate });

export const conversionsAnswer = z.looseObject({
  corporate_actions: z.looseObject({
    forward_splits: listOf(split, toSplit),
    reverse_splits: listOf(split, toSplit),
    unit_splits: listOf(z.looseObject({ old_symbol: symbol, old_rate: rate, new_symbol: symbol, new_rate: rate, alternate_symbol: symbol, alternate_rate: rate, process_date: wireDate }), (one) => ({
      kind: "unit-split", symbol: one.old_symbol, on: one.process_date,
      becomes: [{ symbol: one.new_symbol, shares: one.new_rate / one.old_rate }, { symbol: one.alternate_symbol, shares: one.alternate_rate / one.old_rate }],
    })),
    stock_dividends: listOf(z.looseObject({ symbol, rate, process_date: wireDate }), (one) => ({ kind: "stock-dividend", symbol: one.symbol, on: one.process_date, becomes: [{ symbol: one.symbol, shares: 1 + one.rate }] })),
    spin_offs: listOf(z.looseObject({ source_symbol: symbol, source_rate: rate, new_symbol: symbol, new_rate: rate, process_date: wireDate }), (one) => ({
      kind: "spin-off", symbol: one.source_symbol, on: one.process_date,
      becomes: [{ symbol: one.source_symbol, shares: 1 }, { symbol: one.new_symbol, shares: one.new_rate / one.source_rate }],
    })),
    cash_mergers: listOf(z.looseObject({ acquiree_symbol: symbol, process_date: wireDate }), (one) => ({ kind: "merger", symbol: one.acquiree_symbol, on: one.process_date, becomes: [] })),
    stock_mergers: listOf(stockMerger, toMerger),
    stock_and_cash_mergers: listOf(stockMerger, toMerger),
    name_changes: listOf(z.looseObject({ old_symbol: symbol, new_symbol: symbol, process_date: wireDate }), (one) => ({ kind: "symbol-change", symbol: one.old_symbol, on: one.process_date, becomes: [{ symbol: one.new_symbol, shares: 1 }] })),
    redemptions: listOf(processed, (one) => ({ kind: "redemption", symbol: one.symbol, on: one.process_date, becomes: [] })),
    worthless_removals: listOf(processed, (one) => ({ kind: "removal", symbol: one.symbol, on: one.process_date, becomes: [] })),
  }).transform((byType): readonly ShareConversion[] => [
    ...byType.forward_splits, ...byType.reverse_splits, ...byType.unit_splits, ...byType.stock_dividends, ...byType.spin_offs, ...byType.cash_mergers,
    ...byType.stock_mergers, ...byType.stock_and_cash_mergers, ...byType.name_changes, ...byType.redemptions, ...byType.worthless_removals,
  ]),
  next_page_token: z.string().nullish(),
});

/** Of an answer, what concerns these days. */
export function withinDays(conversions: readonly ShareConversion[], from: SessionDate, through: SessionDate): readonly ShareConversion[] {
  return conversions.filter(({ on }) => on >= from && on <= through);
}

function listOf<T>(one: z.ZodType<T>, conversionOf: (action: T) => ShareConversion): z.ZodType<readonly ShareConversion[]> {
  return z.array(one.transform(conversionOf)).nullish().transform((list) => list ?? []);
}

function toSplit({ symbol: held, new_symbol, new_rate, old_rate, ex_date }: z.infer<typeof split>): ShareConversion {
  return { kind: "split", symbol: held, on: ex_date, becomes: [{ symbol: new_symbol ?? held, shares: new_rate / old_rate }] };
}

function toMerger({ acquiree_symbol, acquiree_rate, acquirer_symbol, acquirer_rate, process_date }: z.infer<typeof stockMerger>): ShareConversion {
  return { kind: "merger", symbol: acquiree_symbol, on: process_date, becomes: [{ symbol: acquirer_symbol, shares: acquirer_rate / acquiree_rate }] };
}
