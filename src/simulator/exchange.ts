/**
 * The simulated venue: accounts, symbols, and the rules by which orders are accepted and filled.
 *
 * Commands come in from two sides, and events come out (exchange-events.ts), numbered in order. The market side (time,
 * quotes, sweeps, auctions, halts, corporate actions) is called by whatever plays the data or by nobody, when clients
 * trade with each other; the client side (`place`, `replace`, `cancel`, `submit`, …) stands behind the broker port. All is
 * synchronous and deterministic; time is set by the caller and never goes back.
 *
 * Accounts are cash accounts unless they are opened on other terms (trading-account.ts). What orders must look like is
 * order-checks.ts, when they may trade order-hours.ts, how they match listing.ts, when many trade at one price
 * call-auctions.ts, what becomes of them order-life.ts, and what the passing of time brings exchange-time.ts. An order
 * that comes outside its hours waits for them. Fees are charged on each fill. A client order id is known until
 * `takeEnded` hands the order over.
 */
import { addMoney, notional, plusBasisPoints, type Money, type Price, type Quantity } from "../money.ts";
import { ORDINARY, type Collateral } from "../rules/margin.ts";
import type { EpochDay, Instant } from "../time.ts";
import type { Account, AccountName, Asset, ClientOrderId, Order, OrderRequest, Quote, Side, SubmitOutcome, Symbol, WorkingOrder } from "../trade.ts";
import { beginTrading, holdAuction } from "./call-auctions.ts";
import { isEnded, orderView, type ClientOrder } from "./client-order.ts";
import { applySplit, changeSymbol, payOutAndDelist } from "./corporate-changes.ts";
import { restoreState, snapshotOf, type ExchangeSnapshot } from "./exchange-snapshot.ts";
import { ExchangeState, type ExchangeSettings } from "./exchange-state.ts";
import { ExchangeTime } from "./exchange-time.ts";
import type { HouseLevel, HouseQuote } from "./house.ts";
import { Ledger } from "./ledger.ts";
import { Listing } from "./listing.ts";
import { bestLevel, mergedDepth, type Depth } from "./market-depth.ts";
import { OrderDesk } from "./order-desk.ts";
import { OrderLife } from "./order-life.ts";
import { ticketOf, type OrderChanges, type OrderGroup, type OrderTicket } from "./order-ticket.ts";
import { CASH_ACCOUNT, TradingAccount, type AccountTerms, type MarginCall } from "./trading-account.ts";

export type { ExchangeSettings } from "./exchange-state.ts";
export type { ExchangeSnapshot } from "./exchange-snapshot.ts";

/** The house's quote around a price that the market passes, with what is left of its quantity. */
export type QuoteAt = (price: Price, quantity: Quantity) => HouseQuote;

export class Exchange {
  readonly #state: ExchangeState;
  readonly #life: OrderLife;
  readonly #desk: OrderDesk;
  readonly #time: ExchangeTime;

  constructor(settings: ExchangeSettings, now: Instant, restored?: { readonly state: ExchangeState; readonly life: OrderLife }) {
    this.#state = restored?.state ?? new ExchangeState(settings, now);
    this.#life = restored?.life ?? new OrderLife(this.#state);
    this.#desk = new OrderDesk(this.#state, this.#life);
    this.#time = new ExchangeTime(this.#state, this.#life, this.#desk);
  }

  static restore(settings: ExchangeSettings, snapshot: ExchangeSnapshot): Exchange {
    return new Exchange(settings, snapshot.now, restoreState(settings, snapshot));
  }

  get now(): Instant {
    return this.#state.now;
  }

  /** When the exchange takes up what was asked of it first; Infinity while nothing waits. */
  get nextDue(): number {
    return this.#state.requests.nextDue;
  }

  openAccount(name: AccountName, cash: Money, terms: AccountTerms = CASH_ACCOUNT): void {
    if (this.#state.accounts.has(name)) throw new Error(`account ${name} is open already`);
    this.#state.accounts.set(name, new TradingAccount(name, this.#state.accounts.size + 1, terms, new Ledger(cash)));
  }

  /** What margin it needs follows from what it is as collateral, an ordinary share unless it is said. */
  list(symbol: Symbol, collateral?: Collateral): void {
    this.#state.setListing(symbol, new Listing(this.#life, collateral));
  }

  // The market side.

  /** Sessions begin and end, orders expire, and what clients have asked for is taken up, at their own instants on the way. */
  setTime(now: Instant): void {
    this.#time.advanceTo(now);
  }

  /** `lastPrice` is a trade in the middle of the quote; it reaches stops. Without one nothing has traded. */
  quote(symbol: Symbol, quote: HouseQuote, lastPrice?: Price): void {
    const listing = this.#state.listing(symbol);
    listing.quotedToday = true;
    if (lastPrice !== undefined) {
      listing.lastPrice = lastPrice;
      this.#life.watchFall(symbol, lastPrice);
      if (listing.stops.size > 0) {
        listing.house.show(quote);
        listing.tradedAt(lastPrice);
        if (listing.open.size > 0) listing.quote({ ...quote, ...listing.house.remainder() });
        return;
      }
    }
    listing.quote(quote);
  }

  /** The market trades down to `low` and up to `high`, with `quantity` for clients on either side; stops are met on the way to the nearer first. */
  sweep(symbol: Symbol, low: Price, high: Price, quantity: Quantity, quoteAt: QuoteAt = this.#aroundPrice): void {
    const listing = this.#state.listing(symbol);
    if (listing.halted) return;
    this.#life.watchFall(symbol, low);
    const { lastPrice } = listing;
    if (listing.stops.size === 0 || lastPrice === undefined) listing.range(low, high, quantity);
    else for (const extreme of lastPrice - low < high - lastPrice ? [low, high] : [high, low]) listing.sweep(extreme, quantity, quoteAt);
  }

  /** The market trades from its last price to `to`, with `quantity` for the clients on the way. What they have left of it. */
  walk(symbol: Symbol, to: Price, quantity: Quantity, quoteAt: QuoteAt = this.#aroundPrice): Quantity {
    const listing = this.#state.listing(symbol);
    if (listing.halted) return quantity;
    listing.quotedToday = true;
    this.#life.watchFall(symbol, to);
    return listing.sweep(to, quantity, quoteAt);
  }

  /**
   * The opening or closing auction: orders for it, with the house on both sides at its price, or without a house every
   * order that may trade. What an on-open or on-close order does not get there is canceled.
   */
  auction(symbol: Symbol, auction: "opening" | "closing", house?: { readonly price: Price; readonly quantity: Quantity }): void {
    if (!this.#state.listing(symbol).halted) holdAuction(this.#state, this.#life, symbol, auction, house);
  }

  halt(symbol: Symbol): void {
    const listing = this.#state.listing(symbol);
    if (listing.halted) return;
    listing.halted = true;
    listing.house.leave();
    this.#state.emit({ type: "halted", symbol });
    listing.shelve();
    for (const order of listing.open) this.#life.suspend(order);
  }

  isHalted(symbol: Symbol): boolean {
    return this.#state.listing(symbol).halted;
  }

  /** Lets the rest of an order that was held back meet the market; its symbol, or undefined where it has ended. */
  goOn(name: AccountName, id: ClientOrderId): Symbol | undefined {
    const order = this.orderOf(name, id) as ClientOrder | undefined;
    if (!order || isEnded(order)) return undefined;
    if (order.handle < 0 && this.#life.isLive(order)) order.listing.start(order);
    return order.symbol;
  }

  /** Trading opens again with an uncross of what came in the meantime. */
  resume(symbol: Symbol): void {
    const listing = this.#state.listing(symbol);
    if (!listing.halted) return;
    listing.halted = false;
    this.#state.emit({ type: "resumed", symbol });
    beginTrading(this.#state, this.#life, symbol);
  }

  split(symbol: Symbol, ratio: number, price: Price | undefined): void {
    applySplit(this.#state, this.#life, symbol, ratio, price);
  }

  changeSymbol(symbol: Symbol, to: Symbol): void {
    changeSymbol(this.#state, this.#life, symbol, to);
  }

  delist(symbol: Symbol, price: Price): void {
    payOutAndDelist(this.#state, this.#life, symbol, price);
  }

  accrueDividend(symbol: Symbol, amount: number, payDay: EpochDay | undefined): void {
    if (this.#state.settings.withoutDividends) return;
    this.#state.emit({ type: "dividend", symbol, amount, payDay });
    for (const { ledger } of this.#state.accounts.values()) ledger.accrueDividend(symbol, amount, payDay);
  }

  payDividendsDue(day: EpochDay): void {
    for (const { ledger } of this.#state.accounts.values()) ledger.payDividendsDue(day);
  }

  /** Day orders expire, the house leaves, and accounts are charged and marked. With the calendar's hours that comes by itself after the close, and this does nothing. */
  endSession(): void {
    if (this.#state.settings.hours !== "calendar") this.#time.endSession();
  }

  // The client side.

  /** The broker port's DAY orders. */
  submit(name: AccountName, request: OrderRequest): SubmitOutcome {
    return this.#desk.place(name, ticketOf(request));
  }

  place(name: AccountName, ticket: OrderTicket): SubmitOutcome {
    return this.#desk.place(name, ticket);
  }

  placeGroup(name: AccountName, group: OrderGroup): SubmitOutcome {
    return this.#desk.placeGroup(name, group);
  }

  replace(name: AccountName, id: ClientOrderId, changes: OrderChanges): SubmitOutcome {
    return this.#desk.replace(name, id, changes);
  }

  cancel(name: AccountName, id: ClientOrderId): void {
    const order = this.#state.orders.get(id);
    if (order?.account === name && !isEnded(order)) this.#desk.cancel(order);
  }

  find(name: AccountName, id: ClientOrderId): Order | undefined {
    const order = this.orderOf(name, id);
    return order && orderView(order);
  }

  /** All that the exchange knows of an order, until it is handed over: look, and keep nothing of it. */
  orderOf(name: AccountName, id: ClientOrderId): Readonly<ClientOrder> | undefined {
    const order = this.#state.orders.get(id);
    return order?.account === name ? order : undefined;
  }

  /** By the order in which they were opened, the market's own among them. */
  accountNames(): IterableIterator<AccountName> {
    return this.#state.accounts.keys();
  }

  account(name: AccountName): Account {
    const account = this.#state.account(name);
    const { ledger } = account;
    const positions = ledger.positions().map(([symbol, quantity]) => ({ symbol, quantity, marketPrice: this.#state.priceOf(symbol), averageEntryPrice: ledger.averageEntryPrice(symbol) }));
    const equity = positions.reduce((sum, { marketPrice, quantity }) => addMoney(sum, notional(marketPrice, quantity)), addMoney(ledger.cash, ledger.receivable));
    return { cash: ledger.cash, equity, lastEquity: account.lastEquity, buyingPower: this.#desk.buyingPower(account), positions, blocked: undefined };
  }

  /**
   * Cancels an account's orders, without taking its time, pays out at the last prices all that it holds, or owes in shares,
   * and calls no margin of it any more.
   */
  payOut(name: AccountName): void {
    const account = this.#state.account(name);
    for (const order of [...account.open]) this.#life.end(order, "canceled");
    for (const [symbol] of account.ledger.positions()) account.ledger.payOut(symbol, this.#state.priceOf(symbol));
    account.marginCall = undefined;
  }

  /** Negative when short. */
  quantityHeld(name: AccountName, symbol: Symbol): Quantity {
    return this.#state.account(name).ledger.quantityOf(symbol);
  }

  /** Nobody holds more of the symbol, long or short; it may be that nobody holds as much. */
  heldAtMost(symbol: Symbol): Quantity {
    return this.#state.listing(symbol).heldAtMost as Quantity;
  }

  /** By arrival. */
  openOrders(name: AccountName): readonly WorkingOrder[] {
    return [...this.#state.account(name).open].map(({ clientOrderId, symbol, side, remaining }) => ({ clientOrderId, symbol, side, remaining }));
  }

  assets(symbols: readonly Symbol[]): ReadonlyMap<Symbol, Asset> {
    return new Map(symbols.filter((symbol) => this.#state.listings.has(symbol)).map((symbol) => [symbol, { tradable: true, fractionable: !this.#state.settings.wholeShares }]));
  }

  collateralOf(symbol: Symbol): Collateral {
    return this.#state.listings.get(symbol)?.collateral ?? ORDINARY;
  }

  /** Undefined of an account that owes no margin. */
  marginCallOf(name: AccountName): MarginCall | undefined {
    return this.#state.account(name).marginCall;
  }

  feesPaid(name: AccountName): Money {
    return this.#state.account(name).ledger.feesPaid;
  }

  /** The house's quote, or while it is away an indication around the last price, also before the open; none in a session until the symbol's first price. */
  quoteOf(symbol: Symbol): Quote | undefined {
    const listing = this.#state.listings.get(symbol);
    if (listing?.lastPrice === undefined || !(listing.quotedToday || this.#state.phase === "pre")) return undefined;
    const house = this.houseQuoteOf(symbol);
    if (house) return { ...house, at: this.now };
    const around = this.#aroundPrice(listing.lastPrice, 0 as Quantity);
    return { bid: around.bid, ask: around.ask, at: this.now };
  }

  /** Around which the house fills; none while it is away. */
  houseQuoteOf(symbol: Symbol): Pick<Quote, "bid" | "ask"> | undefined {
    const { bid, ask } = this.#state.listing(symbol).house;
    return bid === undefined || ask === undefined ? undefined : { bid, ask };
  }

  /** The best prices of clients' resting orders, and the last price. */
  topOf(symbol: Symbol): { readonly bid: Price | undefined; readonly ask: Price | undefined; readonly last: Price | undefined } {
    const { book, lastPrice } = this.#state.listing(symbol);
    return { bid: book.best("buy"), ask: book.best("sell"), last: lastPrice };
  }

  /** What may be met now, by price, the best first: clients' resting orders and the house's quote together. */
  depthOf(symbol: Symbol, levels: number): Depth {
    return mergedDepth(this.#state.listing(symbol), levels);
  }

  /** The first level of that depth. */
  bestOf(symbol: Symbol, side: Side): HouseLevel | undefined {
    return bestLevel(this.#state.listing(symbol), side);
  }

  // State.

  /** Forgets the orders that have ended and returns them, by their ends: from then on their owner answers for them. */
  takeEnded(): readonly Order[] {
    const ended = this.#state.orders.ended.map(orderView);
    this.forgetEnded();
    return ended;
  }

  /** For an owner who has followed the events and keeps what it needs. */
  forgetEnded(): void {
    this.#state.orders.forgetEnded();
  }

  snapshot(): ExchangeSnapshot {
    return snapshotOf(this.#state);
  }

  readonly #aroundPrice: QuoteAt = (price, quantity) => {
    const { halfSpreadBps } = this.#state.settings;
    return { bid: plusBasisPoints(price, -halfSpreadBps), ask: plusBasisPoints(price, halfSpreadBps), quantity };
  };
}
