/**
 * The fingerprint of what a strategy saw: SHA-256 over adjustment, symbols and every column, in the order of the symbols.
 *
 * Two views have the same hash when a strategy could not tell their bars apart; neither the instant nor the source of the
 * bars is in it. Numbers are hashed as the bytes that the columns hold, so a difference in the last bit shows. The bytes
 * are little-endian on every machine that runs Node.
 */
import { createHash } from "node:crypto";
import type { MarketView } from "../trade.ts";

/** 64 hexadecimal digits. */
export function hashOfView(view: MarketView): string {
  const listed = view.symbols.map((symbol) => view.bars(symbol));
  const digest = createHash("sha256");
  digest.update(JSON.stringify([view.adjustment, view.symbols.map((symbol, i) => [symbol, listed[i]!.kind, listed[i]!.days.length])]));
  for (const bars of listed) {
    digest.update(bars.days);
    if (bars.kind === "ohlcv") digest.update(bars.open).update(bars.high).update(bars.low);
    digest.update(bars.close);
    if (bars.kind === "ohlcv") digest.update(bars.volume);
  }
  return digest.digest("hex");
}
