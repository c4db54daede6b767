/** What the parts of the venue share. */
import { ZERO_QUANTITY, type Money, type Price } from "../money.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import type { Collateral } from "../rules/margin.ts";
import type { Exchange, ExchangeSettings } from "../simulator/exchange.ts";
import { CASH_ACCOUNT } from "../simulator/trading-account.ts";
import { newYorkClock, dateOfEpochDay, type Instant } from "../time.ts";
import type { AccountName, Symbol } from "../trade.ts";
import type { NonTradeActivity } from "./activities.ts";
import type { Announcements } from "./announcements.ts";
import type { Assets } from "./assets.ts";
import type { CommandOf } from "./commands.ts";
import { openingRefusal } from "./countable.ts";
import { derivedUuid } from "./derived-ids.ts";
import { Seasons, type Season } from "./seasons.ts";
import type { MarketFaults } from "./market-faults.ts";
import type { MarketSource } from "./market-source.ts";
import type { TradeTape } from "./trade-tape.ts";
import { VenueAccount } from "./venue-account.ts";
import type { OrderId, VenueOrder } from "./venue-order.ts";
import { VenueOrders } from "./venue-orders.ts";
import { DONE, rejected, type VenueReply } from "./venue-replies.ts";

export interface VenueSettings {
  /** Tells this venue's ids from another's. */
  readonly salt: string;
  /** The market's time when the venue opens. */
  readonly startsAt: Instant;
  readonly exchange: Pick<ExchangeSettings, "fees" | "halfSpreadBps" | "wholeShares" | "checks" | "shortSaleRestriction" | "withoutDividends" | "partialFillSeed" | "standingQuotes" | "acknowledgeMs">;
  readonly market: MarketSource;
}

export class VenueState {
  readonly settings: VenueSettings;
  readonly exchange: Exchange;
  readonly accounts = new Map<AccountName, VenueAccount>();
  readonly orders = new VenueOrders();
  readonly assets: Assets;
  readonly tape: TradeTape;
  readonly announcements: Announcements;
  readonly seasons: Seasons;
  readonly faults: MarketFaults;
  /** By ex-date. */
  readonly actions = new Map<Symbol, readonly CorporateAction[]>();
  /** Open trailing stops, whose prices move by themselves. */
  readonly trailing = new Set<VenueOrder>();
  readonly lastCloses = new Map<Symbol, Price>();
  /** Orders so far, those included that the exchange did not want. */
  orderCount = 0;
  /** Everything else that has an id. */
  idCount = 0;
  /** Orders that have ended and that the exchange still knows. */
  endedCount = 0;

  constructor(settings: VenueSettings, exchange: Exchange, assets: Assets, tape: TradeTape, announcements: Announcements, faults: MarketFaults, seasons?: readonly Season[]) {
    this.settings = settings;
    this.exchange = exchange;
    this.assets = assets;
    this.tape = tape;
    this.announcements = announcements;
    this.seasons = new Seasons(seasons);
    this.faults = faults;
  }

  nextId(kind: string): string {
    return derivedUuid(this.settings.salt, `${kind}/${this.#nextNumber()}`);
  }

  #nextNumber(): number {
    this.idCount += 1;
    return this.idCount;
  }

  list(symbol: Symbol, collateral?: Collateral): void {
    this.exchange.list(symbol, collateral);
    this.assets.list(symbol);
  }

  orderOf = (id: OrderId): VenueOrder => this.orders.get(id)!;

  /** Also for a season, whose accounts have names of their own. */
  open({ account: name, cash, terms = CASH_ACCOUNT, at }: Omit<CommandOf<"open-account">, "type">): VenueReply {
    const { accounts, exchange, settings } = this;
    if (accounts.has(name)) return rejected("account_taken", `account ${name} is open already`);
    const refused = openingRefusal(cash, terms);
    if (refused) return refused;
    exchange.openAccount(name, cash, terms);
    const id = derivedUuid(settings.salt, `account/${name}`);
    const account = new VenueAccount({ name, id, accountNumber: `SIM${parseInt(id.slice(0, 8), 16)}`, createdAt: at, startingCash: cash, terms }, this.orders, settings.salt);
    accounts.set(name, account);
    this.book(account, "CSD", cash, "starting cash");
    account.equity.sample(at, cash);
    return DONE;
  }

  book(account: VenueAccount, type: NonTradeActivity["type"], amount: Money, description: string, more: Pick<NonTradeActivity, "symbol" | "quantity" | "perShare"> = {}): void {
    const at = this.exchange.now;
    account.activities.add({ type, number: this.#nextNumber(), at, date: dateOfEpochDay(newYorkClock(at).day), amount, description, ...more });
  }

  /** The best of the house and the clients' orders; an indication while nobody is there. */
  noteQuote(symbol: Symbol): void {
    if (this.settings.market.history?.hasQuotes) return;
    const { exchange, tape } = this;
    const bid = exchange.bestOf(symbol, "buy");
    const ask = exchange.bestOf(symbol, "sell");
    const indication = bid && ask ? undefined : exchange.quoteOf(symbol);
    if (!bid && !ask && !indication) return;
    tape.quote(symbol, {
      at: exchange.now,
      bid: bid?.price ?? indication?.bid ?? NO_PRICE, bidQuantity: bid?.quantity ?? ZERO_QUANTITY,
      ask: ask?.price ?? indication?.ask ?? NO_PRICE, askQuantity: ask?.quantity ?? ZERO_QUANTITY,
    });
  }
}

/** As Alpaca says that a side has no quote. */
const NO_PRICE = 0 as Price;
