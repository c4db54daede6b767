/**
 * Carries out what is commanded of seasons, and ends each round at its instant: what is open then is canceled, what is
 * held is paid out at the last prices, and how everybody stands at that instant is the result, whatever comes after.
 */
import type { AccountTerms } from "../simulator/trading-account.ts";
import { newYorkClock, type Instant } from "../time.ts";
import type { AccountName } from "../trade.ts";
import type { CommandOf, SeasonRules } from "./commands.ts";
import { openingRefusal } from "./countable.ts";
import { entrantOf } from "./entrants.ts";
import type { Entrant } from "./leaderboard.ts";
import { accountNameOf, type Season } from "./seasons.ts";
import type { VenueAccount } from "./venue-account.ts";
import { DONE, rejected, type Rejected, type VenueReply } from "./venue-replies.ts";
import type { VenueState } from "./venue-state.ts";

export class SeasonDesk {
  readonly #state: VenueState;

  constructor(state: VenueState) {
    this.#state = state;
  }

  create({ season: name, rules, at }: CommandOf<"create-season">): VenueReply {
    const { seasons } = this.#state;
    if (seasons.named(name)) return rejected("season_taken", `there is a season ${name} already`);
    const wrong = this.#wrongIn(rules, at);
    if (wrong) return wrong;
    seasons.add({ name, rules, round: 1, entries: [], results: null, past: [] });
    return DONE;
  }

  join({ account: owner, season: name, entry, at }: CommandOf<"join-season">): VenueReply {
    const { seasons, accounts } = this.#state;
    const season = seasons.named(name);
    if (!season) return notFound(name);
    if (season.results) return rejected("season_over", `season ${name} has ended`);
    if (seasons.placeOf(owner)) return rejected("season_account", "an account of a season does not join another");
    const own = season.entries.find((one) => one.owner === owner);
    if (own) return own.name === entry ? DONE : rejected("season_joined", `this account has joined season ${name} as ${own.name}`);
    const account = accountNameOf(name, entry, season.round);
    if (season.entries.some((one) => one.name.toLowerCase() === entry.toLowerCase()) || accounts.has(account)) return rejected("entry_taken", `somebody else is ${entry} in season ${name}`);
    this.#state.open({ account, cash: season.rules.cash, terms: termsOf(season.rules), at });
    seasons.enter(season, { name: entry, owner, account, joinedAt: at, day: newYorkClock(at).day, orders: 0 });
    return DONE;
  }

  end({ season: name }: CommandOf<"end-season">): VenueReply {
    const season = this.#state.seasons.named(name);
    if (!season) return notFound(name);
    if (season.results) return rejected("season_over", `season ${name} has ended`);
    this.#end(season);
    return DONE;
  }

  reset({ season: name, startsAt, endsAt, at }: CommandOf<"reset-season">): VenueReply {
    const season = this.#state.seasons.named(name);
    if (!season) return notFound(name);
    const rules = { ...season.rules, startsAt: startsAt ?? (Math.max(season.rules.startsAt, at) as Instant), endsAt: endsAt ?? season.rules.endsAt };
    const wrong = this.#wrongIn(rules, at);
    if (wrong) return wrong;
    this.#state.seasons.begin(season, rules, at, this.#paidOut(season));
    for (const { account } of season.entries) this.#state.open({ account, cash: rules.cash, terms: termsOf(rules), at });
    return DONE;
  }

  /** The rounds that end now. */
  endDue(now: Instant): void {
    for (const season of this.#state.seasons.all()) if (!season.results && season.rules.endsAt <= now) this.#end(season);
  }

  #end(season: Season): void {
    this.#state.seasons.end(season, this.#paidOut(season));
  }

  /** How everybody stands. The accounts have no orders and no positions then, and move no more with any price. */
  #paidOut(season: Season): readonly Entrant[] {
    const results = entrantsOf(season, this.#state);
    const accounts = season.entries.map(({ account }) => this.#state.accounts.get(account)!);
    const quoted = new Set(accounts.flatMap(({ orders }) => orders.open.map(({ symbol }) => symbol)));
    for (const { name } of accounts) this.#state.exchange.payOut(name);
    for (const symbol of quoted) this.#state.noteQuote(symbol);
    return results;
  }

  #wrongIn({ startsAt, endsAt, cash, symbols, shorting, multiplier }: SeasonRules, now: Instant): Rejected | undefined {
    if (endsAt <= startsAt || endsAt <= now) return rejected("season_rules", "a season ends after it begins, and later than now");
    const refused = openingRefusal(cash, termsOf({ multiplier, shorting }));
    if (refused) return rejected("season_rules", refused.rejection.message);
    const unknown = symbols?.find((symbol) => !this.#state.assets.named(symbol));
    return unknown === undefined ? undefined : rejected("asset_not_found", `asset "${unknown}" not found`);
  }
}

/** How the entries of the round that is on stand now; or how they stood at its end. */
export function entrantsOf({ entries, rules, results }: Season, { accounts, exchange }: { readonly accounts: ReadonlyMap<AccountName, VenueAccount>; readonly exchange: Pick<VenueState["exchange"], "account"> }): readonly Entrant[] {
  return results ?? entries.map(({ name, account, joinedAt }) => entrantOf(accounts.get(account)!, exchange.account(account).equity, { name, since: Math.max(joinedAt, rules.startsAt) as Instant }));
}

function termsOf({ multiplier, shorting }: Pick<SeasonRules, "multiplier" | "shorting">): AccountTerms {
  return { multiplier, shorting, debitInterestBps: 0, borrowFeeBps: 0 };
}

const notFound = (season: string): Rejected => rejected("season_not_found", `there is no season ${season}`);
