/** What the parts of the venue share, and the ways in which it says that something happened. */
import type { Money, Price } from "../money.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import type { Exchange, ExchangeSettings } from "../simulator/exchange.ts";
import { newYorkClock, dateOfEpochDay, type Instant } from "../time.ts";
import type { AccountName, Symbol } from "../trade.ts";
import type { Activity, NonTradeActivity } from "./activities.ts";
import type { Assets } from "./assets.ts";
import { derivedUuid } from "./derived-ids.ts";
import { Seasons, type Season } from "./seasons.ts";
import type { MarketFaults } from "./market-faults.ts";
import type { MarketSource } from "./market-source.ts";
import type { TradeTape } from "./trade-tape.ts";
import type { VenueAccount } from "./venue-account.ts";
import type { OrderId, VenueOrder } from "./venue-order.ts";
import { VenueOrders } from "./venue-orders.ts";
import type { Execution, MarketUpdate, TradeEvent, TradeUpdate } from "./venue-replies.ts";

export interface VenueSettings {
  /** Tells this venue's ids from another's. */
  readonly salt: string;
  /** The market's time when the venue opens. */
  readonly startsAt: Instant;
  readonly exchange: Pick<ExchangeSettings, "fees" | "halfSpreadBps" | "wholeShares" | "checks" | "shortSaleRestriction" | "withoutDividends" | "partialFillSeed" | "standingQuotes" | "acknowledgeMs">;
  readonly market: MarketSource;
}

type Listener<T> = (update: T) => void;

/** What is told to whoever listens. Listening changes nothing. */
export class Announcements {
  readonly #onUpdate = new Set<Listener<TradeUpdate>>();
  readonly #onMarket = new Set<Listener<MarketUpdate>>();

  onUpdate(listener: Listener<TradeUpdate>): () => void {
    this.#onUpdate.add(listener);
    return () => this.#onUpdate.delete(listener);
  }

  onMarket(listener: Listener<MarketUpdate>): () => void {
    this.#onMarket.add(listener);
    return () => this.#onMarket.delete(listener);
  }

  get hasMarketListeners(): boolean {
    return this.#onMarket.size > 0;
  }

  readonly market = (update: MarketUpdate): void => {
    for (const listener of this.#onMarket) listener(update);
  };

  /** What trades at the venue is not told where the market has a history of its own. */
  readonly quotes = (update: MarketUpdate): void => {
    if (update.type === "quote") this.market(update);
  };

  update(account: VenueAccount, at: Instant, event: TradeEvent, order: VenueOrder, execution?: Execution): void {
    account.updates += 1;
    if (this.#onUpdate.size === 0) return;
    const update: TradeUpdate = { account: account.name, number: account.updates, at, event, order: { ...order }, ...(execution && { execution }) };
    for (const listener of this.#onUpdate) listener(update);
  }
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
    this.idCount += 1;
    return derivedUuid(this.settings.salt, `${kind}/${this.idCount}`);
  }

  orderOf = (id: OrderId): VenueOrder => this.orders.get(id)!;

  book(account: VenueAccount, type: NonTradeActivity["type"], amount: Money, description: string, more: Pick<NonTradeActivity, "symbol" | "quantity" | "perShare"> = {}): void {
    const at = this.exchange.now;
    const activity: Activity = { type, uuid: this.nextId("activity"), at, date: dateOfEpochDay(newYorkClock(at).day), amount, description, ...more };
    account.activities.add(activity);
  }
}
