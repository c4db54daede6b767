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
import { ZERO_MONEY, ZERO_QUANTITY, type Money, type Price } from "../money.ts";
import { currentOrNextSession, type Session } from "../rules/calendar.ts";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { Exchange, type ExchangeSnapshot } from "../simulator/exchange.ts";
import type { HouseQuote } from "../simulator/house.ts";
import { CASH_ACCOUNT } from "../simulator/trading-account.ts";
import { MINUTE_MS, plusMs, type Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import { Assets, type ListedAsset } from "./assets.ts";
import type { CommandOf, VenueCommand } from "./commands.ts";
import { dividendRefusal, openingRefusal, quoteRefusal, splitRefusal } from "./countable.ts";
import { derivedUuid } from "./derived-ids.ts";
import { ExchangeFollower } from "./exchange-follower.ts";
import { clientCommandOf, MarketFaults, type MarketFaultsMemory, type PartialFill } from "./market-faults.ts";
import type { Market, MarketMemory } from "./market-source.ts";
import { OrderEntry } from "./order-entry.ts";
import { SeasonDesk } from "./season-desk.ts";
import type { Season, Seasons } from "./seasons.ts";
import { TradeTape, type SymbolTapeSnapshot } from "./trade-tape.ts";
import { VenueAccount, type VenueAccountSnapshot } from "./venue-account.ts";
import { hasEnded, type OrderId, type VenueOrder } from "./venue-order.ts";
import type { VenueOrdersSnapshot } from "./venue-orders.ts";
import { rejected, type MarketUpdate, type Rejected, type TradeUpdate, type VenueReply } from "./venue-replies.ts";
import { Announcements, VenueState, type VenueSettings } from "./venue-state.ts";
import type { Watchlist } from "./watchlists.ts";

export type { VenueSettings } from "./venue-state.ts";

const FORMAT = 2;
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
  readonly #entry: OrderEntry;
  readonly #seasons: SeasonDesk;
  readonly #announcements: Announcements;
  /** Of the session under way or the next. */
  #session: Session;

  constructor(settings: VenueSettings, restored?: VenueSnapshot) {
    this.#announcements = new Announcements();
    this.#follower = new ExchangeFollower();
    const faults = new MarketFaults(restored?.faults);
    const { hours, history } = settings.market;
    const exchangeSettings = { ...settings.exchange, ...(hours === "calendar" && { hours }), log: this.#follower, heldBack: faults, houseOrderId: (n: number) => derivedUuid(settings.salt, `house-order/${n}`) as ClientOrderId };
    const exchange = restored ? Exchange.restore(exchangeSettings, restored.exchange) : new Exchange(exchangeSettings, settings.startsAt);
    this.#state = new VenueState(settings, exchange, new Assets(restored?.assets), new TradeTape(history ? this.#announcements.quotes : this.#announcements.market, restored?.tape), this.#announcements, faults, restored?.seasons);
    this.#follower.follow(this.#state);
    this.#entry = new OrderEntry(this.#state);
    this.#seasons = new SeasonDesk(this.#state, this.#entry, { open: (opening) => this.#openAccount(opening), noteQuote: (symbol) => this.#noteQuote(symbol) });
    if (restored) this.#take(restored);
    else for (const symbol of settings.market.symbols) this.#list(symbol);
    this.#market = settings.market.open(exchange, restored?.market);
    this.#session = currentOrNextSession(exchange.now);
    if (plusMs(this.#session.close, SESSION_END_MS) <= exchange.now) this.#session = currentOrNextSession(plusMs(this.#session.close, 1));
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
    this.#advance(command.at);
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
  get exchange(): Pick<Exchange, "account" | "depthOf" | "quoteOf" | "topOf" | "orderOf" | "feesPaid" | "marginCallOf" | "now" | "nextDue"> {
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
    for (const { orders } of this.accounts.values()) count += orders.open.size;
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
        return ACCOUNT_NAME.test(command.account) ? this.#openAccount(command) : rejected("invalid_account_name", "an account's name has up to 64 letters, digits, dots, dashes and underscores");
      case "list":
        return this.#listOnce(command.symbol);
      case "market-faults":
        return this.#followFaults(command);
      case "quote":
      case "halt":
      case "resume":
      case "split":
      case "dividend":
        return this.#steer(command);
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
        return this.#watchlist(account, command);
    }
  }

  #followFaults({ seed, market }: CommandOf<"market-faults">): VenueReply {
    const unknown = market.find(({ symbol }) => symbol !== undefined && !this.#state.assets.named(symbol)?.isActive);
    if (unknown) return rejected("asset_not_found", `market.${market.indexOf(unknown)}.symbol: asset "${unknown.symbol}" not found`);
    for (const symbol of this.#state.faults.follow({ seed, market }, this.#state.exchange)) this.#noteQuote(symbol);
    return DONE;
  }

  #meetFaults(command: VenueCommand): PartialFill | undefined {
    if (this.#state.faults.plan.market.length === 0) return undefined;
    const met = clientCommandOf(command, (id) => this.#state.orders.get(id)?.symbol);
    return met && this.#state.faults.meet(met, this.#state.exchange);
  }

  #openAccount({ account: name, cash, terms = CASH_ACCOUNT, at }: Omit<CommandOf<"open-account">, "type">): VenueReply {
    const { accounts, exchange, settings } = this.#state;
    if (accounts.has(name)) return rejected("account_taken", `account ${name} is open already`);
    const refused = openingRefusal(cash, terms);
    if (refused) return refused;
    exchange.openAccount(name, cash, terms);
    const id = derivedUuid(settings.salt, `account/${name}`);
    const account = new VenueAccount({ name, id, accountNumber: `SIM${parseInt(id.slice(0, 8), 16)}`, createdAt: at, startingCash: cash, terms }, this.#state.orders);
    accounts.set(name, account);
    this.#state.book(account, "CSD", cash, "starting cash");
    account.equity.sample(at, cash);
    return DONE;
  }

  #steer(command: CommandOf<"quote" | "halt" | "resume" | "split" | "dividend">): VenueReply {
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

  #steeringRefusal(command: CommandOf<"quote" | "halt" | "resume" | "split" | "dividend">): Rejected | undefined {
    const { exchange } = this.#state;
    if (command.type === "quote") return quoteRefusal(command, exchange);
    if (command.type === "split") return splitRefusal(command, exchange);
    return command.type === "dividend" ? dividendRefusal(command, exchange) : undefined;
  }

  #watchlist(account: VenueAccount, command: CommandOf<"create-watchlist" | "update-watchlist" | "add-to-watchlist" | "remove-from-watchlist" | "delete-watchlist">): VenueReply {
    const { watchlists } = account;
    const now = command.at;
    if (command.type === "create-watchlist") {
      if (watchlists.named(command.name)) return rejected("watchlist_taken", "watchlist name must be unique");
      return this.#kept(account, { id: this.#state.nextId("watchlist"), name: command.name, createdAt: now, updatedAt: now, symbols: command.symbols });
    }
    const list = watchlists.get(command.watchlist);
    if (!list) return rejected("watchlist_not_found", "watchlist not found");
    switch (command.type) {
      case "update-watchlist":
        if (command.name !== undefined && command.name !== list.name && watchlists.named(command.name)) return rejected("watchlist_taken", "watchlist name must be unique");
        return this.#kept(account, { ...list, name: command.name ?? list.name, symbols: command.symbols ?? list.symbols, updatedAt: now });
      case "add-to-watchlist":
        return this.#kept(account, { ...list, symbols: [...list.symbols, command.symbol], updatedAt: now });
      case "remove-from-watchlist":
        if (!list.symbols.includes(command.symbol)) return rejected("watchlist_not_found", "symbol not found in watchlist");
        return this.#kept(account, { ...list, symbols: list.symbols.filter((symbol) => symbol !== command.symbol), updatedAt: now });
      case "delete-watchlist":
        watchlists.delete(list.id);
        return DONE;
    }
  }

  #kept(account: VenueAccount, list: Watchlist): VenueReply {
    const unknown = list.symbols.find((symbol) => !this.#state.assets.named(symbol));
    if (unknown !== undefined) return rejected("asset_not_found", `asset "${unknown}" not found`);
    return { kind: "watchlist", watchlist: account.watchlists.put(list) };
  }

  #listOnce(symbol: Symbol): VenueReply {
    if (!SYMBOL.test(symbol)) return rejected("invalid_symbol", "a symbol has up to 32 capital letters, digits, dots, dashes and slashes");
    if (!this.#state.assets.named(symbol)) this.#list(symbol);
    return DONE;
  }

  #list(symbol: Symbol): void {
    this.#state.exchange.list(symbol);
    this.#state.assets.list(symbol);
  }

  /** The market plays up to `at`, and stops where a session opens or ends, or a season ends, for what the venue does then. */
  #advance(at: Instant): void {
    const { now } = this.#state.exchange;
    if (at < now) throw new Error(`the market cannot go back from ${now} to ${at}`);
    if (at === now) return;
    for (;;) {
      const { open, close } = this.#session;
      const end = plusMs(close, SESSION_END_MS);
      const boundary = this.#state.exchange.now < open ? open : end;
      const seasonEnd = this.#state.seasons.nextEnd as Instant;
      const { nextAt } = this.#state.faults;
      if (nextAt < Math.min(boundary, seasonEnd) && nextAt <= at) {
        this.#letFaultsHappen(nextAt as Instant);
        continue;
      }
      if (seasonEnd < boundary && seasonEnd <= at) {
        if (this.#state.exchange.now < seasonEnd) this.#market.advanceTo(seasonEnd);
        this.#seasons.endDue(seasonEnd);
        continue;
      }
      if (boundary > at) break;
      this.#market.advanceTo(boundary);
      if (boundary === open) this.#openSession();
      else this.#endSession(end);
    }
    if (this.#state.exchange.now < at) this.#market.advanceTo(at);
    this.#state.tape.moveTo(at);
    if (Math.floor(at / MINUTE_MS) !== Math.floor(now / MINUTE_MS)) this.#sampleEquity(at);
    if (this.#market.hasMoved()) for (const { symbol, isActive } of this.#state.assets.all()) if (isActive) this.#noteQuote(symbol);
    const { history } = this.settings.market;
    if (history && this.#announcements.hasMarketListeners) for (const update of history.printed(now, at)) this.#announcements.market(update);
  }

  #letFaultsHappen(at: Instant): void {
    const { exchange, faults } = this.#state;
    if (exchange.now < at) this.#market.advanceTo(at);
    for (const symbol of faults.happen(exchange)) this.#noteQuote(symbol);
  }

  #openSession(): void {
    this.#state.exchange.payDividendsDue(this.#session.day);
    this.#follower.payDividendsDue(this.#session.day);
  }

  #endSession(end: Instant): void {
    const { exchange, accounts, seasons } = this.#state;
    exchange.endSession();
    for (const account of accounts.values()) {
      const { equity, positions } = exchange.account(account.name);
      const fees = account.feesPending(exchange.feesPaid(account.name));
      if (fees !== ZERO_MONEY) {
        this.#state.book(account, "FEE", (0 - fees) as Money, "regulatory and other fees of the day");
        account.feesBooked = exchange.feesPaid(account.name);
      }
      if (!seasons.isOver(account.name)) account.equity.close(end, equity);
      account.basis.begin(positions);
    }
    for (const { symbol, isActive } of this.#state.assets.all()) {
      const { last } = isActive ? exchange.topOf(symbol) : { last: undefined };
      if (last !== undefined) this.#state.lastCloses.set(symbol, last);
    }
    this.#session = currentOrNextSession(plusMs(this.#session.close, 1));
  }

  #sampleEquity(at: Instant): void {
    const { exchange, accounts, seasons } = this.#state;
    for (const account of accounts.values()) if (!seasons.isOver(account.name)) account.equity.sample(at, exchange.account(account.name).equity);
  }

  /** Notes what the command has done to the quotes of what it was about. */
  #noteQuotes(command: VenueCommand, reply: VenueReply): void {
    if (reply.kind === "order") this.#noteQuote(reply.order.symbol);
    else if (reply.kind === "orders") for (const symbol of new Set(reply.items.map((item) => item.symbol))) this.#noteQuote(symbol);
    else if (reply.kind === "done" && "symbol" in command) this.#noteQuote(command.symbol);
  }

  /** The best of the house and the clients' orders; an indication while nobody is there. */
  #noteQuote(symbol: Symbol): void {
    if (this.settings.market.history?.hasQuotes) return;
    const { exchange, tape } = this.#state;
    const { bids: [bid], asks: [ask] } = exchange.depthOf(symbol, 1);
    const indication = bid && ask ? undefined : exchange.quoteOf(symbol);
    if (!bid && !ask && !indication) return;
    tape.quote(symbol, {
      at: exchange.now,
      bid: bid?.price ?? indication?.bid ?? NO_PRICE, bidQuantity: bid?.quantity ?? ZERO_QUANTITY,
      ask: ask?.price ?? indication?.ask ?? NO_PRICE, askQuantity: ask?.quantity ?? ZERO_QUANTITY,
    });
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
    for (const stored of accounts) this.#state.accounts.set(stored.name, new VenueAccount(stored, this.#state.orders));
    for (const order of this.#state.orders.restore(orders)) {
      this.#state.accounts.get(order.account)!.orders.add(order);
      if (order.type === "trailing_stop" && !hasEnded(order)) this.#state.trailing.add(order);
    }
    for (const account of this.#state.accounts.values()) account.orders.arrange();
    for (const [symbol, price] of lastCloses) this.#state.lastCloses.set(symbol, price);
    for (const [symbol, list] of actions) this.#state.actions.set(symbol, list);
    this.#state.orderCount = orderCount;
    this.#state.idCount = idCount;
    this.#state.endedCount = endedCount;
  }
}

/** The exchange's sessions end so long after the close. */
const SESSION_END_MS = 1_000;
/** As Alpaca says that a side has no quote. */
const NO_PRICE = 0 as Price;
/** Those of seasons are opened by joining, and have a slash. */
const ACCOUNT_NAME = /^[\w.-]{1,64}$/;
const SYMBOL = /^[A-Z0-9.\-/]{1,32}$/;
const DONE: VenueReply = { kind: "done" };
