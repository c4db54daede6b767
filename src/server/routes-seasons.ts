/**
 * Seasons: made, ended and reset by operators, joined by keys that may trade, seen by any key.
 *
 * What one player sees of another is what a season shows: the name it joined under, its equity and return, Sharpe ratio,
 * drawdown, turnover, and how many sessions, orders and fills it had. Whose entry that is, its positions and its orders are
 * its own. An operator who opens no season opens nothing.
 */
import { z } from "zod";
import { moneyToText, type Money } from "../money.ts";
import { isoOf, type Instant } from "../time.ts";
import type { AccountName } from "../trade.ts";
import { accountOf } from "./gate.ts";
import { LEADERBOARD_ORDERS, standingsOf } from "./leaderboard.ts";
import { entrantsOf } from "./season-desk.ts";
import { loginOf, type Season } from "./seasons.ts";
import type { Identity, ServerParts, Unstamped } from "./server-parts.ts";
import { notFound, WireError, wireErrorOf } from "./wire-errors.ts";
import { given, parsed, wireMoney, wireSymbol, wireTime } from "./wire-requests.ts";

/** Makes a key for an account and ends the ones it had. */
export type IssueKey = (account: AccountName, cash: Money) => Promise<{ readonly id: string; readonly secret: string }>;

const creation = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "up to 32 small letters, digits and dashes"),
  startsAt: given(wireTime),
  endsAt: wireTime,
  cash: wireMoney,
  multiplier: z.literal([1, 2, 4]).default(1),
  shorting: z.boolean().default(false),
  symbols: given(z.array(wireSymbol).min(1)),
  ordersPerDay: given(z.int().min(1)),
});
const renewal = z.strictObject({ startsAt: given(wireTime), endsAt: given(wireTime) });
const joining = z.strictObject({ name: z.string().regex(/^[\w.-]{1,32}$/, "up to 32 letters, digits, dots, dashes and underscores") });
const ranking = z.strictObject({ by: z.enum(LEADERBOARD_ORDERS).default("return"), round: given(z.coerce.number().int().min(1)) });

interface OfSeason {
  readonly Params: { readonly season: string };
}

export function seasonRoutes(parts: ServerParts, issueKey: IssueKey): void {
  const { app, venue } = parts;
  const named = (name: string): Season => {
    const season = venue.seasons.named(name);
    if (!season) throw notFound(`there is no season ${name}`);
    return season;
  };
  const command = async (wanted: Unstamped): Promise<void> => {
    const answer = await parts.execute(wanted);
    if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
  };

  app.get("/sim/v1/seasons", async ({ identity }) => venue.seasons.all().map((season) => seasonView(season, venue.now, identity)));

  app.get<OfSeason>("/sim/v1/seasons/:season", async ({ params, query, identity }) => {
    const { by, round } = parsed(ranking, query);
    const season = inRound(named(params.season), round);
    const own = ownEntryOf(season, identity)?.name;
    const standings = standingsOf(entrantsOf(season, venue), by).map((standing) => ({ ...standing, own: standing.name === own }));
    return { ...seasonView(season, venue.now, identity), at: isoOf(venue.now), by, standings };
  });

  app.post("/sim/v1/seasons", async (request, reply) => {
    const { name, startsAt, endsAt, cash, multiplier, shorting, symbols, ordersPerDay } = parsed(creation, request.body);
    const rules = { startsAt: startsAt ?? parts.now(), endsAt, cash, multiplier, shorting, ...(symbols && { symbols }), ...(ordersPerDay !== undefined && { ordersPerDay }) };
    await command({ type: "create-season", season: name, rules });
    return reply.code(201).send(seasonView(named(name), venue.now, undefined));
  });

  app.post<OfSeason>("/sim/v1/seasons/:season/end", async ({ params }) => {
    await command({ type: "end-season", season: named(params.season).name });
    return seasonView(named(params.season), venue.now, undefined);
  });

  app.post<OfSeason>("/sim/v1/seasons/:season/reset", async ({ params, body }) => {
    const { startsAt, endsAt } = parsed(renewal, body ?? {});
    await command({ type: "reset-season", season: named(params.season).name, ...(startsAt !== undefined && { startsAt }), ...(endsAt !== undefined && { endsAt }) });
    return seasonView(named(params.season), venue.now, undefined);
  });

  app.post<OfSeason>("/sim/v1/seasons/:season/entries", async (request, reply) => {
    const { name } = parsed(joining, request.body);
    const season = named(request.params.season);
    if (!request.identity) throw new WireError(403, 40310000, "an account joins by its key, and a token has none");
    const owner = accountOf(request, parts);
    await command({ type: "join-season", account: owner.name, season: season.name, entry: name });
    const account = loginOf(season.entries.find((entry) => entry.owner === owner.name)!.account);
    const { id, secret } = await issueKey(account, season.rules.cash);
    return reply.code(201).send({ season: season.name, name, account, key: { id, secret } });
  });
}

/** The season as it was in that round; in the one that is on, or was on last, where none is named. */
function inRound(season: Season, round = season.round): Season {
  if (round === season.round) return season;
  const past = season.past.find((one) => one.round === round);
  if (!past) throw notFound(`season ${season.name} has had ${season.round === 1 ? "one round" : `${season.round} rounds`}`);
  return { ...season, ...past };
}

function seasonView(season: Season, now: Instant, identity: Identity | undefined): Readonly<Record<string, unknown>> {
  const { name, round, entries, results, rules: { startsAt, endsAt, cash, multiplier, shorting, symbols, ordersPerDay } } = season;
  return {
    name, round, state: results ? "ended" : now < startsAt ? "waiting" : "running", startsAt: isoOf(startsAt), endsAt: isoOf(endsAt),
    cash: moneyToText(cash), multiplier, shorting, symbols: symbols ?? null, ordersPerDay: ordersPerDay ?? null, entries: (results ?? entries).length, joinedAs: ownEntryOf(season, identity)?.name ?? null,
  };
}

/** By the account that joined, or by the season's own. */
function ownEntryOf({ entries }: Season, identity: Identity | undefined): Season["entries"][number] | undefined {
  return identity && entries.find(({ owner, account }) => owner === identity.account || loginOf(account) === identity.account);
}
