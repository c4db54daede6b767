/**
 * What Alpaca's interface does not have and a client of this market needs: who its key is, and the depth of a book.
 *
 * Depth is by price, with nothing of whose orders stand there: the orders of all and the house's quote together.
 */
import { z } from "zod";
import { moneyToText, quantityToText } from "../money.ts";
import type { HouseLevel } from "../simulator/house.ts";
import { isoOf } from "../time.ts";
import type { ServerParts } from "./server-parts.ts";
import { notFound } from "./wire-errors.ts";
import { parsed } from "./wire-requests.ts";

const LEVELS_MAX = 100;
const depthQuery = z.strictObject({ levels: z.coerce.number().int().min(1).max(LEVELS_MAX).default(10) });

export function playerRoutes({ app, venue }: ServerParts): void {
  app.get("/sim/v1/key", async ({ identity }) => {
    if (!identity) throw notFound("a token is no key");
    const place = venue.seasons.placeOf(venue.seasons.accountBehind(identity.account));
    return { id: identity.keyId, account: identity.account, scopes: [...identity.scopes], season: place ? { name: place.season.name, entry: place.entry.name } : null };
  });

  app.get<{ Params: { symbol: string } }>("/sim/v1/depth/:symbol", async ({ params, query }) => {
    const { levels } = parsed(depthQuery, query);
    const asset = venue.assets.named(params.symbol);
    if (!asset?.isActive) throw notFound(`asset not found for ${params.symbol}`);
    const { bids, asks } = venue.exchange.depthOf(asset.symbol, levels);
    return { symbol: asset.symbol, at: isoOf(venue.now), bids: bids.map(levelView), asks: asks.map(levelView) };
  });
}

function levelView({ price, quantity }: HouseLevel): Readonly<Record<string, string>> {
  return { price: moneyToText(price), quantity: quantityToText(quantity) };
}
