/** What a leaderboard is told of an account: its capital, its curve and what it traded. */
import { addMoney, notional, ZERO_MONEY, type Money } from "../money.ts";
import type { Instant } from "../time.ts";
import type { Entrant } from "./leaderboard.ts";
import type { VenueAccount } from "./venue-account.ts";

/** `since` leaves out closes before it, as of a season that has not begun. */
export function entrantOf(account: VenueAccount, equity: Money, shown: { readonly name: string; readonly since: Instant } = { name: account.name, since: account.createdAt }): Entrant {
  const { traded, fills } = tallyOf(account);
  const closes = account.equity.closes.filter(({ at }) => at > shown.since).map((close) => close.equity);
  return { name: shown.name, capital: account.startingCash, closes, equity, traded, orders: account.orders.all.length, fills };
}

interface Tally {
  readonly seen: number;
  readonly traded: Money;
  readonly fills: number;
}

/** Activities only come, so what was counted once need not be counted again. */
const tallies = new WeakMap<VenueAccount, Tally>();

function tallyOf(account: VenueAccount): Tally {
  const { all } = account.activities;
  let { seen, traded, fills } = tallies.get(account) ?? { seen: 0, traded: ZERO_MONEY, fills: 0 };
  for (; seen < all.length; seen += 1) {
    const activity = all[seen]!;
    if (activity.type !== "FILL") continue;
    traded = addMoney(traded, notional(activity.price, activity.quantity));
    fills += 1;
  }
  const tally = { seen, traded, fills };
  tallies.set(account, tally);
  return tally;
}
