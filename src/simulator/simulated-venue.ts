/** The exchange behind the broker port, for one account, and its quotes as the market data port gives them. */
import type { Broker } from "../ports.ts";
import { sessionOn } from "../rules/calendar.ts";
import { epochDayOf } from "../time.ts";
import type { AccountName, Quote, Symbol } from "../trade.ts";
import type { Exchange } from "./exchange.ts";

export function simulatedBroker(exchange: Exchange, account: AccountName): Broker {
  return {
    account: async () => exchange.account(account),
    openOrders: async () => exchange.openOrders(account),
    assets: async (symbols) => exchange.assets(symbols),
    hoursOf: async (date) => sessionOn(epochDayOf(date)),
    submit: async (order) => exchange.submit(account, order),
    find: async (id) => exchange.find(account, id),
    cancel: async (id) => exchange.cancel(account, id),
  };
}

export function simulatedQuotes(exchange: Exchange, symbols: readonly Symbol[]): ReadonlyMap<Symbol, Quote> {
  const quotes = new Map<Symbol, Quote>();
  for (const symbol of symbols) {
    const quote = exchange.quoteOf(symbol);
    if (quote) quotes.set(symbol, quote);
  }
  return quotes;
}
