/**
 * Splits and cash dividends, and the factors by which they change earlier prices.
 *
 * An action takes effect at the open of its ex-date: who holds at the close before has the new shares or is owed the
 * dividend. A dividend's amount is in dollars per share as held at that close, so on a day with both, the dividend is
 * paid on the shares from before the split. Adjusting divides an action out of every price before its ex-date, so that
 * returns across the date are those of a holder who put the dividend back into the share at the close before:
 *
 *   split of `ratio` new shares for each old one    price x 1 / ratio                     volume x ratio
 *   dividend of `amount`                            price x (1 - amount / previousClose)  volume as it was
 *
 * Example. Closes are 100 and, after a 2-for-1 split on Tuesday, 51; on Wednesday the share goes ex a dividend of 0.51
 * and closes at 50.49. The dividend's factor is 1 - 0.51 / 51 = 0.99 and the split's is 0.5, so the adjusted closes
 * are 100 x 0.99 x 0.5 = 49.5, 51 x 0.99 = 50.49 and 50.49: a gain of 2 % and then none, which is what a holder had.
 */
import type { EpochDay } from "../time.ts";

export type CorporateAction =
  | {
      readonly type: "split";
      readonly exDay: EpochDay;
      /** New shares for each old one: 7 for Apple in 2014, 0.05 for a 1-for-20 reverse split. */
      readonly ratio: number;
    }
  | {
      readonly type: "dividend";
      readonly exDay: EpochDay;
      /** USD per share as held at the close before the ex-date. */
      readonly amount: number;
      /** The raw close before the ex-date, in USD. */
      readonly previousClose: number;
      readonly payDay?: EpochDay;
    };

/** What a price before the ex-date is multiplied with. */
export function priceFactorOf(action: CorporateAction): number {
  return action.type === "split" ? 1 / action.ratio : 1 - action.amount / action.previousClose;
}

/** What a volume before the ex-date is multiplied with. */
export function volumeFactorOf(action: CorporateAction): number {
  return action.type === "split" ? action.ratio : 1;
}

export interface Factors {
  readonly price: number;
  readonly volume: number;
}

/** The factors of a bar of `day` as seen on `asOf`: every action with day < ex-date <= asOf counts. `actions` by ex-date. */
export function factorsFor(actions: readonly CorporateAction[], day: EpochDay, asOf: EpochDay): Factors {
  let price = 1;
  let volume = 1;
  for (let i = countKnown(actions, asOf) - 1; i >= 0 && actions[i]!.exDay > day; i -= 1) {
    price *= priceFactorOf(actions[i]!);
    volume *= volumeFactorOf(actions[i]!);
  }
  return { price, volume };
}

/** How many of `actions`, sorted by ex-date, have taken effect by the open of `asOf`. */
export function countKnown(actions: readonly CorporateAction[], asOf: EpochDay): number {
  let low = 0;
  let high = actions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (actions[middle]!.exDay <= asOf) low = middle + 1;
    else high = middle;
  }
  return low;
}
