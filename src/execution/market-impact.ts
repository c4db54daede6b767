/** By how much an order moves the price: the square-root law, 0.84 x daily volatility x sqrt(quantity / daily volume) (Sato and Kanazawa, arXiv 2411.13965). */
import { NANOS } from "../money.ts";

const IMPACT = 0.84;

/** In basis points of the price, for `quantity` nano-shares; 0 where no volume is known. `dailyVolume` in shares, `dailyVolatility` as a fraction. */
export function impactBps(quantity: number, { dailyVolume, dailyVolatility }: { readonly dailyVolume: number; readonly dailyVolatility: number }): number {
  return dailyVolume > 0 ? 10_000 * IMPACT * dailyVolatility * Math.sqrt(quantity / NANOS / dailyVolume) : 0;
}
