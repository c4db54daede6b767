/**
 * Seasons: contests among the venue's clients, each from one instant to another, with a capital and rules of its own.
 *
 * Whoever joins gets an account of the season's own, so that a season touches nothing else, and nothing else a season. A
 * reset begins another round: every entry has a new account there, under the name (and by the key) that it had. At its end
 * the accounts of a round are paid out: no price moves them any more, and they move no market. How everybody stood stays.
 *
 * This is the seasons' state and their rules; `SeasonDesk` carries out the commands. Times are the market's.
 */
import { newYorkClock, isoOf, type EpochDay, type Instant } from "../time.ts";
import type { AccountName } from "../trade.ts";
import type { OrderForm, SeasonRules } from "./commands.ts";
import type { Entrant } from "./leaderboard.ts";
import { rejected, type Rejected } from "./venue-replies.ts";

export interface SeasonEntry {
  /** What the others see of it. */
  readonly name: string;
  /** Who joined. */
  readonly owner: AccountName;
  /** Of the round that is on. */
  account: AccountName;
  joinedAt: Instant;
  /** Orders that were taken on `day`. */
  day: EpochDay;
  orders: number;
}

export interface Season {
  readonly name: string;
  rules: SeasonRules;
  round: number;
  readonly entries: SeasonEntry[];
  /** Once the round has ended: how it ended. */
  results: readonly Entrant[] | null;
  /** The rounds before, the first one first. */
  past: readonly PastRound[];
}

/** `results` are how everybody stood at its end, or at the reset that cut it short. */
export interface PastRound {
  readonly round: number;
  readonly rules: SeasonRules;
  readonly results: readonly Entrant[];
}

const PREFIX = "season/";
const NEVER = Infinity;

export class Seasons {
  readonly #byName = new Map<string, Season>();
  readonly #places = new Map<AccountName, { readonly season: Season; readonly entry: SeasonEntry }>();
  readonly #behind = new Map<AccountName, AccountName>();
  /** Of the round that ends next; never, while none is on. */
  nextEnd = NEVER;

  constructor(stored: readonly Season[] = []) {
    for (const { entries, ...season } of stored) {
      const restored: Season = { ...season, entries: [] };
      this.add(restored);
      for (const entry of entries) this.enter(restored, { ...entry });
    }
  }

  snapshot(): readonly Season[] {
    return this.all().map(({ name, rules, round, entries, results, past }) => ({ name, rules, round, entries: entries.map((entry) => ({ ...entry })), results, past }));
  }

  /** By the order in which they were made. */
  all(): readonly Season[] {
    return [...this.#byName.values()];
  }

  named(name: string): Season | undefined {
    return this.#byName.get(name);
  }

  /** Of an account that belongs to a round that is or was on last. */
  placeOf(account: AccountName): { readonly season: Season; readonly entry: SeasonEntry } | undefined {
    return this.#places.get(account);
  }

  /** The account that a key's account means: of an entry, the one of the round that is on. */
  accountBehind(login: AccountName): AccountName {
    return this.#behind.get(login) ?? login;
  }

  /** Whether the account's round has ended, or another has begun: what it is worth is noted no more. */
  isOver(account: AccountName): boolean {
    if (!isOfSeason(account)) return false;
    const place = this.#places.get(account);
    return !place || place.entry.account !== account || place.season.results !== null;
  }

  add(season: Season): void {
    this.#byName.set(season.name, season);
    this.#plan();
  }

  enter(season: Season, entry: SeasonEntry): void {
    season.entries.push(entry);
    this.#seat(season, entry);
  }

  /** Another round of the same entries, each in a new account, behind one that came to `results`. */
  begin(season: Season, rules: SeasonRules, at: Instant, results: readonly Entrant[]): void {
    season.past = [...season.past, { round: season.round, rules: season.rules, results }];
    season.rules = rules;
    season.round += 1;
    season.results = null;
    for (const entry of season.entries) {
      entry.account = accountNameOf(season.name, entry.name, season.round);
      entry.joinedAt = at;
      entry.orders = 0;
      this.#seat(season, entry);
    }
    this.#plan();
  }

  end(season: Season, results: readonly Entrant[]): void {
    season.results = results;
    this.#plan();
  }

  /** Why an account of a season may not send an order now, or, without one, change one. */
  refusal(account: AccountName, now: Instant, order?: Pick<OrderForm, "symbol" | "side"> & { readonly held: number }): Rejected | undefined {
    const place = this.#places.get(account);
    if (!place) return rejected("season_over", "the round of this account is over");
    const { season: { name, rules, results }, entry } = place;
    if (entry.account !== account) return rejected("season_over", `a new round of season ${name} has begun`);
    if (results) return rejected("season_over", `season ${name} has ended`);
    if (now < rules.startsAt) return rejected("season_not_begun", `season ${name} begins at ${isoOf(rules.startsAt)}`);
    if (order && rules.symbols && !rules.symbols.includes(order.symbol)) return rejected("season_symbol", `season ${name} permits ${rules.symbols.join(", ")} alone`);
    if (order && !rules.shorting && order.side === "sell" && order.held <= 0) return rejected("season_shorting", `season ${name} permits no short sales`);
    if (rules.ordersPerDay !== undefined && ordersOn(entry, now) >= rules.ordersPerDay) return rejected("season_orders_spent", `season ${name} permits ${rules.ordersPerDay} orders a day`);
    return undefined;
  }

  /** An order, or a replacement, was taken. */
  count(account: AccountName, now: Instant): void {
    const entry = this.#places.get(account)?.entry;
    if (!entry) return;
    entry.orders = ordersOn(entry, now) + 1;
    entry.day = newYorkClock(now).day;
  }

  #seat(season: Season, entry: SeasonEntry): void {
    this.#places.set(entry.account, { season, entry });
    this.#behind.set(accountNameOf(season.name, entry.name, 1), entry.account);
  }

  #plan(): void {
    this.nextEnd = Math.min(NEVER, ...this.all().map(({ rules, results }) => (results ? NEVER : rules.endsAt)));
  }
}

export function accountNameOf(season: string, entry: string, round: number): AccountName {
  return `${PREFIX}${season}/${entry}${round === 1 ? "" : `#${round}`}` as AccountName;
}

export function isOfSeason(account: AccountName): boolean {
  return account.startsWith(PREFIX);
}

/** The account that the key of an entry names, whatever the round. */
export function loginOf(account: AccountName): AccountName {
  return isOfSeason(account) ? (account.replace(/#\d+$/, "") as AccountName) : account;
}

function ordersOn({ day, orders }: SeasonEntry, now: Instant): number {
  return day === newYorkClock(now).day ? orders : 0;
}
