/** What a leaderboard is told of an account: its capital, its curve and what it traded. */
import type { Money } from "../money.ts";
import type { Instant } from "../time.ts";
import type { Entrant } from "./leaderboard.ts";
import type { VenueAccount } from "./venue-account.ts";

/** `since` leaves out closes before it, as of a season that has not begun. */
export function entrantOf(account: VenueAccount, equity: Money, shown: { readonly name: string; readonly since: Instant } = { name: account.name, since: account.createdAt }): Entrant {
  const closes = account.equity.closes.filter(({ at }) => at > shown.since).map((close) => close.equity);
  return { name: shown.name, capital: account.startingCash, closes, equity, traded: account.activities.traded, orders: account.orders.count, fills: account.activities.fills };
}
