/** /v2/watchlists, by id and by name. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Symbol } from "../trade.ts";
import { accountOf } from "./gate.ts";
import type { ServerParts } from "./server-parts.ts";
import type { VenueAccount } from "./venue-account.ts";
import type { VenueReply } from "./venue-replies.ts";
import { assetView } from "./wire-assets.ts";
import { notFound, wireErrorOf } from "./wire-errors.ts";
import { given, parsed, wireSymbol } from "./wire-requests.ts";
import type { Watchlist } from "./watchlists.ts";
import { isoOf } from "../time.ts";

const BY_ID = "/v2/watchlists/:watchlist";
const BY_NAME = "/v2/watchlists::by_name";

export function watchlistRoutes(parts: ServerParts): void {
  const { app } = parts;
  const show = (reply: FastifyReply, account: VenueAccount, answer: VenueReply): FastifyReply => {
    if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
    if (answer.kind !== "watchlist") throw new Error(`a watchlist was expected, not ${answer.kind}`);
    return reply.send(viewOf(parts, account, answer.watchlist));
  };

  app.get("/v2/watchlists", (request, reply) => {
    const account = accountOf(request, parts);
    void reply.send(account.watchlists.all().map((list) => headOf(account, list)));
  });

  app.post("/v2/watchlists", async (request, reply) => {
    const account = accountOf(request, parts);
    const { name, symbols } = parsed(z.looseObject({ name: z.string().min(1).max(64), symbols: given(z.array(given(wireSymbol))) }), request.body ?? {});
    return show(reply, account, await parts.execute({ type: "create-watchlist", account: account.name, name, symbols: known(symbols) ?? [] }));
  });

  for (const path of [BY_ID, BY_NAME]) {
    app.get(path, (request, reply) => {
      const account = accountOf(request, parts);
      void reply.send(viewOf(parts, account, listOf(request, account)));
    });

    app.put(path, async (request, reply) => {
      const account = accountOf(request, parts);
      const { name, symbols } = parsed(z.looseObject({ name: given(z.string().min(1).max(64)), symbols: given(z.array(given(wireSymbol))) }), request.body ?? {});
      const list = known(symbols);
      return show(reply, account, await parts.execute({ type: "update-watchlist", account: account.name, watchlist: listOf(request, account).id, ...(name !== undefined && { name }), ...(list && { symbols: list }) }));
    });

    app.post(path, async (request, reply) => {
      const account = accountOf(request, parts);
      const { symbol } = parsed(z.looseObject({ symbol: wireSymbol }), request.body ?? {});
      return show(reply, account, await parts.execute({ type: "add-to-watchlist", account: account.name, watchlist: listOf(request, account).id, symbol }));
    });

    app.delete(path, async (request, reply) => {
      const account = accountOf(request, parts);
      const answer = await parts.execute({ type: "delete-watchlist", account: account.name, watchlist: listOf(request, account).id });
      if (answer.kind === "rejected") throw wireErrorOf(answer.rejection);
      return reply.code(204).send();
    });
  }

  app.delete<{ Params: { symbol: string } }>(`${BY_ID}/:symbol`, async (request, reply) => {
    const account = accountOf(request, parts);
    return show(reply, account, await parts.execute({ type: "remove-from-watchlist", account: account.name, watchlist: listOf(request, account).id, symbol: request.params.symbol as Symbol }));
  });
}

function listOf({ params, query }: FastifyRequest, { watchlists }: VenueAccount): Watchlist {
  const { watchlist } = params as { watchlist?: string };
  const list = watchlist !== undefined ? watchlists.get(watchlist) : watchlists.named(parsed(z.looseObject({ name: z.string() }), query).name);
  if (!list) throw notFound("watchlist not found");
  return list;
}

function known(symbols: readonly (Symbol | undefined)[] | undefined): Symbol[] | undefined {
  return symbols?.filter((symbol) => symbol !== undefined);
}

function headOf(account: VenueAccount, { id, name, createdAt, updatedAt }: Watchlist): Readonly<Record<string, unknown>> {
  return { id, account_id: account.id, name, created_at: isoOf(createdAt), updated_at: isoOf(updatedAt) };
}

function viewOf({ venue }: ServerParts, account: VenueAccount, list: Watchlist): Readonly<Record<string, unknown>> {
  const assets = list.symbols.flatMap((symbol) => venue.assets.named(symbol) ?? []);
  return { ...headOf(account, list), assets: assets.map((asset) => assetView(venue, asset)) };
}
