/** Carries out what an account commands of its watchlists. */
import type { CommandOf } from "./commands.ts";
import type { VenueAccount } from "./venue-account.ts";
import { DONE, rejected, type VenueReply } from "./venue-replies.ts";
import type { VenueState } from "./venue-state.ts";
import type { Watchlist } from "./watchlists.ts";

export function changeWatchlists(state: VenueState, account: VenueAccount, command: CommandOf<"create-watchlist" | "update-watchlist" | "add-to-watchlist" | "remove-from-watchlist" | "delete-watchlist">): VenueReply {
  const { watchlists } = account;
  const now = command.at;
  if (command.type === "create-watchlist") {
    if (watchlists.named(command.name)) return rejected("watchlist_taken", "watchlist name must be unique");
    return kept(state, account, { id: state.nextId("watchlist"), name: command.name, createdAt: now, updatedAt: now, symbols: command.symbols });
  }
  const list = watchlists.get(command.watchlist);
  if (!list) return rejected("watchlist_not_found", "watchlist not found");
  switch (command.type) {
    case "update-watchlist":
      if (command.name !== undefined && command.name !== list.name && watchlists.named(command.name)) return rejected("watchlist_taken", "watchlist name must be unique");
      return kept(state, account, { ...list, name: command.name ?? list.name, symbols: command.symbols ?? list.symbols, updatedAt: now });
    case "add-to-watchlist":
      return kept(state, account, { ...list, symbols: [...list.symbols, command.symbol], updatedAt: now });
    case "remove-from-watchlist":
      if (!list.symbols.includes(command.symbol)) return rejected("watchlist_not_found", "symbol not found in watchlist");
      return kept(state, account, { ...list, symbols: list.symbols.filter((symbol) => symbol !== command.symbol), updatedAt: now });
    case "delete-watchlist":
      watchlists.delete(list.id);
      return DONE;
  }
}

function kept(state: VenueState, account: VenueAccount, list: Watchlist): VenueReply {
  const unknown = list.symbols.find((symbol) => !state.assets.named(symbol));
  if (unknown !== undefined) return rejected("asset_not_found", `asset "${unknown}" not found`);
  return { kind: "watchlist", watchlist: account.watchlists.put(list) };
}
