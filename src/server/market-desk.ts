/** Carries out what operators command of the market: its symbols, the house's quotes, halts, corporate actions, and what is to go wrong. */
import type { Price } from "../money.ts";
import type { HouseQuote } from "../simulator/house.ts";
import type { CommandOf } from "./commands.ts";
import { dividendRefusal, quoteRefusal, splitRefusal } from "./countable.ts";
import { DONE, rejected, type Rejected, type VenueReply } from "./venue-replies.ts";
import type { VenueState } from "./venue-state.ts";

type Steering = CommandOf<"quote" | "halt" | "resume" | "split" | "dividend">;

export class MarketDesk {
  readonly #state: VenueState;

  constructor(state: VenueState) {
    this.#state = state;
  }

  steer(command: Steering): VenueReply {
    const { exchange } = this.#state;
    const { symbol } = command;
    const asset = this.#state.assets.named(symbol);
    if (!asset?.isActive) return rejected("asset_not_found", `asset "${symbol}" not found`);
    const refused = this.#steeringRefusal(command);
    if (refused) return refused;
    switch (command.type) {
      case "quote": {
        const { bid, ask, quantity } = command;
        const quote: HouseQuote = { bid, ask, quantity };
        exchange.quote(symbol, quote, Math.round((bid + ask) / 2) as Price);
        return DONE;
      }
      case "halt":
        exchange.halt(symbol);
        return DONE;
      case "resume":
        exchange.resume(symbol);
        return DONE;
      case "split":
        exchange.split(symbol, command.ratio, command.price);
        return DONE;
      case "dividend":
        exchange.accrueDividend(symbol, command.amount, undefined);
        return DONE;
    }
  }

  #steeringRefusal(command: Steering): Rejected | undefined {
    const { exchange } = this.#state;
    if (command.type === "quote") return quoteRefusal(command, exchange);
    if (command.type === "split") return splitRefusal(command, exchange);
    return command.type === "dividend" ? dividendRefusal(command, exchange) : undefined;
  }

  followFaults({ seed, market }: CommandOf<"market-faults">): VenueReply {
    const unknown = market.find(({ symbol }) => symbol !== undefined && !this.#state.assets.named(symbol)?.isActive);
    if (unknown) return rejected("asset_not_found", `market.${market.indexOf(unknown)}.symbol: asset "${unknown.symbol}" not found`);
    for (const symbol of this.#state.faults.follow({ seed, market }, this.#state.exchange)) this.#state.noteQuote(symbol);
    return DONE;
  }

  /** One that is listed stays what it is. */
  list({ symbol, leverage = 1, marginable = true }: CommandOf<"list">): VenueReply {
    if (!SYMBOL.test(symbol)) return rejected("invalid_symbol", "a symbol has up to 32 capital letters, digits, dots, dashes and slashes");
    if (!this.#state.assets.named(symbol)) this.#state.list(symbol, { leverage, marginable });
    return DONE;
  }
}

const SYMBOL = /^[A-Z0-9.\-/]{1,32}$/;
