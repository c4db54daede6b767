/**
 * The venue: accounts, orders and everything that Alpaca's interface tells of them, over one exchange.
 *
 * It is a deterministic state machine. `apply` is the only way in: it takes one command, synchronously, moves the
 * market's time to the command's, and answers; it asks no clock, no chance and no disk. The same settings and the same
 * commands give the same state and the same ids, and `Venue.restore` of a snapshot has the same future as the venue
 * that it was taken of. What has ended is kept for ever and found by index.
 *
 * Readers use the exchange, the accounts and the tape as they are between two commands, and change nothing.
 */
import type { Price } from "../money.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { Exchange, type ExchangeSnapshot } from "../simulator/exchange.ts";
import type { Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import { Announcements } from "./announcements.ts";
import { Assets, type ListedAsset } from "./assets.ts";
import type { VenueCommand } from "./commands.ts";
import { derivedUuid } from "./derived-ids.ts";
import { ExchangeFollower } from "./exchange-follower.ts";
import { clientCommandOf, MarketFaults, type MarketFaultsMemory, type PartialFill } from "./market-faults.ts";
import { MarketDesk } from "./market-desk.ts";
import type { Market, MarketMemory } from "./market-source.ts";
import { OrderEntry } from "./order-entry.ts";
import { SeasonDesk } from "./season-desk.ts";
import type { Season, Seasons } from "./seasons.ts";
import { TradeTape, type SymbolTapeSnapshot } from "./trade-tape.ts";
import { VenueAccount, type VenueAccountSnapshot } from "./venue-account.ts";
import { VenueClock } from "./venue-clock.ts";
import { hasEnded, type OrderId, type VenueOrder } from "./venue-order.ts";
import type { VenueOrdersSnapshot } from "./venue-orders.ts";
import { DONE, rejected, type MarketUpdate, type TradeUpdate, type VenueReply } from "./venue-replies.ts";
import { VenueState, type VenueSettings } from "./venue-state.ts";
import { changeWatchlists } from "./watchlist-commands.ts";

export type { VenueSettings } from "./venue-state.ts";

const FORMAT = 3;
/** So many orders have ended before the exchange is asked to forget them. */
const ENDED_AT_EXCHANGE_MAX = 512;

export interface VenueSnapshot {
  readonly format: typeof FORMAT;
  readonly salt: string;
  readonly exchange: ExchangeSnapshot;
  readonly market: MarketMemory;
  readonly accounts: readonly VenueAccountSnapshot[];
  readonly orders: VenueOrdersSnapshot;
  readonly assets: readonly ListedAsset[];
  readonly tape: readonly SymbolTapeSnapshot[];
  readonly lastCloses: readonly (readonly [Symbol, Price])[];
  readonly actions: readonly (readonly [Symbol, readonly CorporateAction[]])[];
  readonly orderCount: number;
  readonly idCount: number;
  readonly endedCount: number;
  /** Absent where there are none. */
  readonly seasons?: readonly Season[];
  /** Where something was to go wrong. */
  readonly faults?: MarketFaultsMemory;
}

/** A snapshot of another venue, or of another version. */
class VenueSnapshotInvalid extends Error {
  override readonly name = "VenueSnapshotInvalid";
}

export class Venue {
  readonly #state: VenueState;
  readonly #follower: ExchangeFollower;
  readonly #market: Market;
  readonly #clock: VenueClock;
  readonly #entry: OrderEntry;
  readonly #desk: MarketDesk;
  readonly #seasons: SeasonDesk;
  readonly #announcements: Announcements;

  constructor(settings: VenueSettings, restored?: VenueSnapshot) {
    this.#announcements = new Announcements();
    this.#follower = new ExchangeFollower();
    const faults = new MarketFaults(restored?.faults);
    const { hours, history } = settings.market;
    // A market that follows the clock does not end with the year.
    const exchangeSettings = { ...settings.exchange, feesBehindTable: "newest", ownAuctions: !history, ...(hours === "calendar" && { hours }), log: this.#follower, heldBack: faults, houseOrderId: (n: number) => derivedUuid(settings.salt, `house-order/${n}`) as ClientOrderId } as const;
    const exchange = restored ? Exchange.restore(exchangeSettings, restored.exchange) : new Exchange(exchangeSettings, settings.startsAt);
    this.#state = new VenueState(settings, exchange, new Assets(restored?.assets), new TradeTape(history ? this.#announcements.quotes : this.#announcements.market, restored?.tape), this.#announcements, faults, restored?.seasons);
    this.#follower.follow(this.#state);
    this.#entry = new OrderEntry(this.#state);
    this.#desk = new MarketDesk(this.#state);
    this.#seasons = new SeasonDesk(this.#state);
    if (restored) this.#take(restored);
    else for (const symbol of settings.market.symbols) this.#state.list(symbol, settings.market.collateral?.get(symbol));
    this.#market = settings.market.open(exchange, restored?.market);
    this.#clock = new VenueClock(this.#state, this.#market, this.#follower, this.#seasons);
  }

  /** @throws VenueSnapshotInvalid */
  static restore(settings: VenueSettings, snapshot: VenueSnapshot): Venue {
    const given: number = snapshot.format;
    if (given !== FORMAT) throw new VenueSnapshotInvalid(`the venue's snapshot has format ${given}, not ${FORMAT}`);
    if (snapshot.salt !== settings.salt) throw new VenueSnapshotInvalid("the snapshot is of another venue");
    return new Venue(settings, snapshot);
  }

  /** @throws when `command.at` lies before the market's time. */
  apply(command: VenueCommand): VenueReply {
    this.#clock.advanceTo(command.at);
    const reply = this.#do(command);
    this.#noteQuotes(command, reply);
    if (this.#state.trailing.size > 0) this.#followTrailing();
    this.#forgetEnded();
    return reply;
  }

  /** JSON, which stays as it is while commands are applied. */
  snapshot(): VenueSnapshot {
    const { settings, exchange, accounts, orders, assets, tape, lastCloses, actions, orderCount, idCount, endedCount } = this.#state;
    const seasons = this.#state.seasons.snapshot();
    const faults = this.#state.faults.memory();
    return {
      format: FORMAT, salt: settings.salt, exchange: exchange.snapshot(), market: this.#market.snapshot(),
      accounts: [...accounts.values()].map((account) => account.snapshot()), orders: orders.snapshot(),
      assets: assets.all(), tape: tape.snapshot(), lastCloses: [...lastCloses], actions: [...actions], orderCount, idCount, endedCount,
      ...(seasons.length > 0 && { seasons }), ...(faults && { faults }),
    };
  }

  /** Every trade update of every account, as it happens; call what it returns to hear no more. */
  onUpdate(listener: (update: TradeUpdate) => void): () => void {
    return this.#announcements.onUpdate(listener);
  }

  onMarket(listener: (update: MarketUpdate) => void): () => void {
    return this.#announcements.onMarket(listener);
  }

  get now(): Instant {
    return this.#state.exchange.now;
  }

  get settings(): VenueSettings {
    return this.#state.settings;
  }

  /** To be read, and not commanded. */
  get exchange(): Pick<Exchange, "account" | "collateralOf" | "depthOf" | "quoteOf" | "topOf" | "orderOf" | "feesPaid" | "marginCallOf" | "now" | "nextDue"> {
    return this.#state.exchange;
  }

  get tape(): Pick<TradeTape, "trades" | "quotes" | "bars" | "openBar" | "auctions"> {
    return this.#state.tape;
  }

  get assets(): Pick<Assets, "all" | "named"> {
    return this.#state.assets;
  }

  get accounts(): ReadonlyMap<AccountName, VenueAccount> {
    return this.#state.accounts;
  }

  get seasons(): Pick<Seasons, "all" | "named" | "placeOf" | "accountBehind"> {
    return this.#state.seasons;
  }

  /** What is to go wrong with the market, and how often each rule has struck, by its place. */
  get faults(): Pick<MarketFaults, "plan" | "counts"> {
    return this.#state.faults;
  }

  order(id: OrderId): VenueOrder | undefined {
    return this.#state.orders.get(id);
  }

  /** Of the session before. */
  lastClose(symbol: Symbol): Price | undefined {
    return this.#state.lastCloses.get(symbol);
  }

  /** That the venue has seen, by ex-date. */
  actions(symbol: Symbol): readonly CorporateAction[] {
    return this.#state.actions.get(symbol) ?? [];
  }

  get openOrderCount(): number {
    let count = 0;
    for (const { orders } of this.accounts.values()) count += orders.open.length;
    return count;
  }

  get orderCount(): number {
    return this.#state.orders.size;
  }

  #do(command: VenueCommand): VenueReply {
    switch (command.type) {
      case "advance":
        return DONE;
      case "open-account":
        return ACCOUNT_NAME.test(command.account) ? this.#state.open(command) : rejected("invalid_account_name", "an account's name has up to 64 letters, digits, dots, dashes and underscores");
      case "list":
        return this.#desk.list(command);
      case "market-faults":
        return this.#desk.followFaults(command);
      case "quote":
      case "halt":
      case "resume":
      case "split":
      case "dividend":
        return this.#desk.steer(command);
      case "create-season":
        return this.#seasons.create(command);
      case "end-season":
        return this.#seasons.end(command);
      case "reset-season":
        return this.#seasons.reset(command);
      default:
        return this.#ofAccount(command);
    }
  }

  #ofAccount(command: Extract<VenueCommand, { readonly account: AccountName }>): VenueReply {
    const account = this.#state.accounts.get(command.account);
    if (!account) return rejected("account_not_found", `there is no account ${command.account}`);
    const partial = this.#meetFaults(command);
    switch (command.type) {
      case "place":
        return this.#entry.place(account, command.order, partial);
      case "replace":
        return this.#entry.replace(account, command);
      case "cancel":
        return this.#entry.cancel(account, command.order);
      case "cancel-all":
        return { kind: "orders", items: this.#entry.cancelAll(account) };
      case "close-position":
        return this.#entry.closePosition(account, command.symbol, command.part, partial);
      case "close-all-positions":
        return { kind: "orders", items: this.#entry.closeAll(account, command.cancelOrders, partial) };
      case "configure-account":
        account.configuration = { ...account.configuration, ...command.changes };
        return DONE;
      case "join-season":
        return this.#seasons.join(command);
      case "open-account":
        return rejected("account_taken", `account ${command.account} is open already`);
      default:
        return changeWatchlists(this.#state, account, command);
    }
  }

  #meetFaults(command: VenueCommand): PartialFill | undefined {
    if (this.#state.faults.plan.market.length === 0) return undefined;
    const met = clientCommandOf(command, (id) => this.#state.orders.get(id)?.symbol);
    return met && this.#state.faults.meet(met, this.#state.exchange);
  }

  /** Notes what the command has done to the quotes of what it was about. */
  #noteQuotes(command: VenueCommand, reply: VenueReply): void {
    if (reply.kind === "order") this.#state.noteQuote(reply.order.symbol);
    else if (reply.kind === "orders") for (const symbol of new Set(reply.items.map((item) => item.symbol))) this.#state.noteQuote(symbol);
    else if (reply.kind === "done" && "symbol" in command) this.#state.noteQuote(command.symbol);
  }

  #followTrailing(): void {
    for (const order of this.#state.trailing) {
      this.#follower.trail(order);
      if (hasEnded(order)) this.#state.trailing.delete(order);
    }
  }

  #forgetEnded(): void {
    if (this.#state.endedCount < ENDED_AT_EXCHANGE_MAX) return;
    this.#state.exchange.forgetEnded();
    this.#state.faults.forgetEnded((id) => hasEnded(this.#state.orderOf(id)));
    this.#state.orders.pack();
    this.#state.endedCount = 0;
  }

  #take({ accounts, orders, lastCloses, actions, orderCount, idCount, endedCount }: VenueSnapshot): void {
    for (const stored of accounts) this.#state.accounts.set(stored.name, new VenueAccount(stored, this.#state.orders, this.settings.salt));
    this.#state.orders.restore(orders, {
      packed: (order) => { this.#state.accounts.get(order.account)!.orders.addEnded(order); },
      live: (order) => {
        this.#state.accounts.get(order.account)!.orders.add(order);
        if (order.type === "trailing_stop" && !hasEnded(order)) this.#state.trailing.add(order);
      },
    });
    for (const account of this.#state.accounts.values()) account.orders.arrange();
    for (const [symbol, price] of lastCloses) this.#state.lastCloses.set(symbol, price);
    for (const [symbol, list] of actions) this.#state.actions.set(symbol, list);
    this.#state.orderCount = orderCount;
    this.#state.idCount = idCount;
    this.#state.endedCount = endedCount;
  }
}

/** Those of seasons are opened by joining, and have a slash. */
const ACCOUNT_NAME = /^[\w.-]{1,64}$/;
