/**
 * The simulated venue: accounts, symbols, and the rules by which orders are accepted and filled.
 *
 * Commands come in from two sides. The market side (`quote`, `sweep`, corporate actions, `endSession`) is called by
 * whatever plays the data; the client side (`submit`, `cancel`, `find`, `account`) stands behind the broker port. All
 * is synchronous and deterministic; time is set by the caller and never goes back.
 *
 * Conventions: accounts are cash accounts, so a buy needs the money and a sell needs the shares, both net of open
 * orders. What an open limit order has set aside, its fees included, is spent by no other order; a market order that
 * waited and meets a higher price gets what the rest of the cash pays for. So cash does not go below zero, but by the
 * cents of a sale that is worth less than its fees and the millionths by which rounded part fills exceed the whole. All
 * orders are DAY orders; one that comes after the session waits for the next. A split cancels the open orders of its
 * symbol, whose prices and quantities it has made wrong. Fees are charged on each fill. A client order id is known until
 * `takeEnded` hands the order over.
 */
import {
  addMoney,
  maxOf,
  moneyToText,
  notional,
  plusBasisPoints,
  quantityFor,
  quantityToText,
  subtractMoney,
  subtractQuantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
  type Money,
  type Price,
  type Quantity,
} from "../money.ts";
import { accrueFees, expectedFees, totalFees, type FeeAccrual, type FeeScheduleName } from "../rules/fees.ts";
import { newYorkClock, type EpochDay, type Instant } from "../time.ts";
import type { Account, AccountName, Asset, ClientOrderId, Order, OrderRequest, Quote, Side, SubmitOutcome, Symbol, WorkingOrder } from "../trade.ts";
import { newClientOrder, orderView, type ClientOrder, type Reserve } from "./client-order.ts";
import { Ledger, type LedgerSnapshot } from "./ledger.ts";
import { Listing, type HouseQuote, type ListingSnapshot } from "./listing.ts";

export interface ExchangeSettings {
  readonly fees: FeeScheduleName;
  /** The spread at which a symbol is quoted while the house offers no liquidity. */
  readonly halfSpreadBps: number;
  /** Splits leave whole shares and pay the fraction in cash. */
  readonly wholeShares: boolean;
}

export interface ExchangeSnapshot {
  readonly format: 1;
  readonly now: Instant;
  readonly executions: number;
  readonly accounts: readonly (readonly [AccountName, { readonly ledger: LedgerSnapshot; readonly feeAccrual: FeeAccrual | null; readonly lastEquity: Money }])[];
  readonly listings: readonly (readonly [Symbol, ListingSnapshot])[];
  /** In order of arrival. */
  readonly orders: readonly ClientOrder[];
}

interface AccountState {
  readonly ledger: Ledger;
  feeAccrual: FeeAccrual | undefined;
  lastEquity: Money;
  /** Open orders, by arrival. */
  readonly open: Set<ClientOrder>;
}

export class Exchange {
  readonly #settings: ExchangeSettings;
  readonly #accounts = new Map<AccountName, AccountState>();
  readonly #listings = new Map<Symbol, Listing>();
  readonly #orders = new Map<ClientOrderId, ClientOrder>();
  #now: Instant;
  #executions = 0;

  constructor(settings: ExchangeSettings, now: Instant) {
    this.#settings = settings;
    this.#now = now;
  }

  get now(): Instant {
    return this.#now;
  }

  openAccount(name: AccountName, cash: Money): void {
    if (this.#accounts.has(name)) throw new Error(`account ${name} is open already`);
    this.#accounts.set(name, { ledger: new Ledger(cash), feeAccrual: undefined, lastEquity: cash, open: new Set() });
  }

  list(symbol: Symbol): void {
    this.#listings.set(symbol, this.#newListing());
  }

  // The market side.

  setTime(now: Instant): void {
    if (now < this.#now) throw new Error(`the market cannot go back from ${this.#now} to ${now}`);
    this.#now = now;
  }

  quote(symbol: Symbol, quote: HouseQuote, lastPrice: Price): void {
    const listing = this.#listing(symbol);
    listing.lastPrice = lastPrice;
    listing.quotedToday = true;
    listing.quote(quote);
  }

  sweep(symbol: Symbol, low: Price, high: Price, quantity: Quantity): void {
    this.#listing(symbol).sweep(low, high, quantity);
  }

  /** `price` is the first price after the split, for cash in lieu; without one the last price is divided. */
  split(symbol: Symbol, ratio: number, price: Price | undefined): void {
    const listing = this.#listing(symbol);
    for (const { open } of this.#accounts.values()) {
      for (const order of [...open]) if (order.symbol === symbol) this.#end(order, "canceled");
    }
    if (listing.lastPrice !== undefined) listing.lastPrice = Math.round(listing.lastPrice / ratio) as Price;
    const inLieuAt = price ?? listing.lastPrice;
    for (const { ledger } of this.#accounts.values()) {
      ledger.applySplit(symbol, ratio, this.#settings.wholeShares && inLieuAt !== undefined ? { price: inLieuAt } : undefined);
    }
  }

  accrueDividend(symbol: Symbol, amount: number, payDay: EpochDay | undefined): void {
    for (const { ledger } of this.#accounts.values()) ledger.accrueDividend(symbol, amount, payDay);
  }

  payDividendsDue(day: EpochDay): void {
    for (const { ledger } of this.#accounts.values()) ledger.payDividendsDue(day);
  }

  /** Day orders expire, the house leaves and accounts are marked. */
  endSession(): void {
    for (const [name, account] of this.#accounts) {
      for (const order of [...account.open]) this.#end(order, "expired");
      account.lastEquity = this.account(name).equity;
    }
    for (const listing of this.#listings.values()) {
      listing.withdraw();
      listing.quotedToday = false;
    }
  }

  // The client side.

  submit(name: AccountName, request: OrderRequest): SubmitOutcome {
    const account = this.#account(name);
    const known = this.#orders.get(request.clientOrderId);
    if (known) return known.account === name ? { kind: "duplicate" } : rejected("client_order_id_taken", "client order id belongs to another account");
    const listing = this.#listings.get(request.symbol);
    if (!listing) return rejected("asset_not_found", `no market in ${request.symbol}`);
    if (request.quantity <= 0) return rejected("invalid_quantity", "quantity must be positive");
    if (request.type === "limit" && request.priceBound <= 0) return rejected("invalid_limit_price", "limit price must be positive");
    const order = newClientOrder(request, name, this.#now, this.#reserveOf(request, listing));
    if (request.side === "sell") {
      const available = subtractQuantity(account.ledger.quantityOf(request.symbol), openSells(account, request.symbol));
      if (request.quantity > available) return rejected("insufficient_quantity", `insufficient qty available for order (requested: ${quantityToText(request.quantity)}, available: ${quantityToText(available)})`);
    } else {
      const cost = reservedBy(order);
      const available = buyingPowerOf(account);
      if (cost > available) return rejected("insufficient_buying_power", `insufficient buying power (cost: ${moneyToText(cost)}, available: ${moneyToText(available)})`);
    }
    this.#orders.set(order.clientOrderId, order);
    account.open.add(order);
    listing.enter(order);
    return { kind: "accepted" };
  }

  cancel(name: AccountName, id: ClientOrderId): void {
    const order = this.#orders.get(id);
    if (order?.account === name && order.status === "open") this.#end(order, "canceled");
  }

  find(name: AccountName, id: ClientOrderId): Order | undefined {
    const order = this.#orders.get(id);
    return order?.account === name ? orderView(order) : undefined;
  }

  account(name: AccountName): Account {
    const account = this.#account(name);
    const { ledger } = account;
    let equity = addMoney(ledger.cash, ledger.receivable);
    const positions = ledger.positions().map(([symbol, quantity]) => {
      const marketPrice = this.#listing(symbol).lastPrice ?? (0 as Price);
      equity = addMoney(equity, notional(marketPrice, quantity));
      return { symbol, quantity, marketPrice, averageEntryPrice: ledger.averageEntryPrice(symbol) };
    });
    return { cash: ledger.cash, equity, lastEquity: account.lastEquity, buyingPower: buyingPowerOf(account), positions, blocked: undefined };
  }

  /** By arrival. */
  openOrders(name: AccountName): readonly WorkingOrder[] {
    return [...this.#account(name).open].map(({ clientOrderId, symbol, side, remaining }) => ({ clientOrderId, symbol, side, remaining }));
  }

  assets(symbols: readonly Symbol[]): ReadonlyMap<Symbol, Asset> {
    return new Map(symbols.filter((symbol) => this.#listings.has(symbol)).map((symbol) => [symbol, { tradable: true, fractionable: !this.#settings.wholeShares }]));
  }

  feesPaid(name: AccountName): Money {
    return this.#account(name).ledger.feesPaid;
  }

  /** The house's quote, or while it is away an indication around the last price; none before a symbol's first price of the day. */
  quoteOf(symbol: Symbol): Quote | undefined {
    const listing = this.#listings.get(symbol);
    if (!listing?.quotedToday || listing.lastPrice === undefined) return undefined;
    const { halfSpreadBps } = this.#settings;
    const { bid, ask } = listing.house ?? { bid: plusBasisPoints(listing.lastPrice, -halfSpreadBps), ask: plusBasisPoints(listing.lastPrice, halfSpreadBps) };
    return { bid, ask, at: this.#now };
  }

  // State.

  /** Forgets the orders that have ended and returns them: from then on their owner answers for them. */
  takeEnded(): readonly Order[] {
    const ended = [...this.#orders.values()].filter(({ status }) => status !== "open");
    for (const { clientOrderId } of ended) this.#orders.delete(clientOrderId);
    return ended.map(orderView);
  }

  snapshot(): ExchangeSnapshot {
    return {
      format: 1,
      now: this.#now,
      executions: this.#executions,
      accounts: [...this.#accounts].map(([name, { ledger, feeAccrual, lastEquity }]) => [name, { ledger: ledger.snapshot(), feeAccrual: feeAccrual ?? null, lastEquity }]),
      listings: [...this.#listings].map(([symbol, listing]) => [symbol, listing.snapshot()]),
      orders: [...this.#orders.values()].map((order) => ({ ...order })),
    };
  }

  static restore(settings: ExchangeSettings, snapshot: ExchangeSnapshot): Exchange {
    const exchange = new Exchange(settings, snapshot.now);
    exchange.#executions = snapshot.executions;
    for (const [name, { ledger, feeAccrual, lastEquity }] of snapshot.accounts) {
      exchange.#accounts.set(name, { ledger: Ledger.restore(ledger), feeAccrual: feeAccrual ?? undefined, lastEquity, open: new Set() });
    }
    for (const stored of snapshot.orders) {
      const order = { ...stored };
      exchange.#orders.set(order.clientOrderId, order);
      if (order.status === "open") exchange.#account(order.account).open.add(order);
    }
    for (const [symbol, stored] of snapshot.listings) {
      const listing = exchange.#newListing();
      listing.restore(stored, (id) => exchange.#orders.get(id)!);
      exchange.#listings.set(symbol, listing);
    }
    return exchange;
  }

  #newListing(): Listing {
    return new Listing({
      affordable: (order, price) => this.#affordable(order, price),
      fill: (order, quantity, price) => this.#fill(order, quantity, price),
      cancelUnpaid: (order) => this.#end(order, "canceled"),
    });
  }

  #fill(order: ClientOrder, quantity: Quantity, price: Price): void {
    const account = this.#account(order.account);
    const { side, symbol, clientOrderId } = order;
    this.#executions += 1;
    order.remaining = subtractQuantity(order.remaining, quantity);
    order.fills = [...order.fills, { id: `x${this.#executions}`, quantity, price, at: this.#now }];
    account.ledger.applyFill(side, symbol, quantity, price);
    if (this.#settings.fees !== "none") {
      const { day } = newYorkClock(this.#now);
      const { accrual, charged } = accrueFees(this.#settings.fees, account.feeAccrual, { order: clientOrderId, side, quantity, price, day });
      account.feeAccrual = accrual;
      account.ledger.chargeFee(totalFees(charged));
    }
    if (order.remaining === ZERO_QUANTITY) this.#end(order, "filled");
  }

  #end(order: ClientOrder, status: "filled" | "canceled" | "expired"): void {
    order.status = status;
    this.#account(order.account).open.delete(order);
    this.#listing(order.symbol).remove(order);
  }

  /** What the account can pay for at `price` with the cash that no limit order has set aside, fees included. */
  #affordable(order: ClientOrder, price: Price): Quantity {
    const { ledger, open } = this.#account(order.account);
    const fees = this.#expectedFees("buy", order.remaining, price);
    const cost = addMoney(notional(price, order.remaining), fees);
    let free = ledger.cash;
    for (const other of open) if (other.type === "limit") free = subtractMoney(free, reservedBy(other));
    return cost <= free ? order.remaining : quantityFor(maxOf(subtractMoney(free, fees), ZERO_MONEY), price);
  }

  #reserveOf({ type, side, priceBound, quantity }: OrderRequest, listing: Listing): Reserve {
    const quoted = side === "buy" ? listing.house?.ask : listing.house?.bid;
    const price = type === "limit" ? priceBound : (quoted ?? listing.lastPrice ?? priceBound);
    return { reservePrice: price, reserveFees: side === "buy" ? this.#expectedFees(side, quantity, price) : ZERO_MONEY };
  }

  #expectedFees(side: Side, quantity: Quantity, price: Price): Money {
    return expectedFees(this.#settings.fees, { side, quantity, price, day: newYorkClock(this.#now).day });
  }

  #account(name: AccountName): AccountState {
    const found = this.#accounts.get(name);
    if (!found) throw new Error(`the exchange has no account ${name}`);
    return found;
  }

  #listing(symbol: Symbol): Listing {
    const found = this.#listings.get(symbol);
    if (!found) throw new Error(`the exchange does not list ${symbol}`);
    return found;
  }
}

function rejected(code: string, message: string): SubmitOutcome {
  return { kind: "rejected", code, message };
}

function buyingPowerOf({ ledger, open }: AccountState): Money {
  let free: number = ledger.cash;
  for (const order of open) free -= reservedBy(order);
  return maxOf(free as Money, ZERO_MONEY);
}

/** Money that is set aside for what is still open of an order. */
function reservedBy({ side, reservePrice, reserveFees, remaining }: ClientOrder): Money {
  return side === "buy" ? addMoney(notional(reservePrice, remaining), reserveFees) : ZERO_MONEY;
}

function openSells({ open }: AccountState, symbol: Symbol): Quantity {
  let sum = 0;
  for (const order of open) {
    if (order.side === "sell" && order.symbol === symbol) sum += order.remaining;
  }
  return sum as Quantity;
}
