/** What the parts of the exchange share: its clock, accounts, listings and orders, and the one way to say that something happened. */
import type { Price, Quantity } from "../money.ts";
import type { BehindTable } from "../rules/fee-rates.ts";
import type { FeeScheduleName } from "../rules/fees.ts";
import { newYorkClock, type EpochDay, type Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import { DeferredRequests } from "./deferred-requests.ts";
import type { Counterparty, ExchangeHappening, Phase, PlainOrderEvent } from "./exchange-events.ts";
import { ExchangeLog } from "./exchange-log.ts";
import { KnownOrders } from "./known-orders.ts";
import type { Listing } from "./listing.ts";
import type { Markets } from "./marked-positions.ts";
import { hoursAt, phaseAt, type Hours } from "./order-hours.ts";
import { executionName } from "./order-fills.ts";
import { Prng } from "./prng.ts";
import type { TradingAccount } from "./trading-account.ts";

export interface ExchangeSettings {
  readonly fees: FeeScheduleName;
  /** What is charged on days for which the schedule has no rates yet; "refuse" without it. */
  readonly feesBehindTable?: BehindTable;
  /** The spread at which a symbol is quoted while the house offers no liquidity. */
  readonly halfSpreadBps: number;
  /** Splits leave whole shares and pay the fraction in cash. */
  readonly wholeShares: boolean;
  /** "calendar": sessions begin and end with the New York calendar. Otherwise the market is always open, and `endSession` ends its days. */
  readonly hours?: "calendar";
  /**
   * With the calendar's hours: the exchange holds the opening and the closing auction itself, among its clients' orders.
   * Without it whoever plays the data calls them.
   */
  readonly ownAuctions?: boolean;
  /** "alpaca": orders pass Alpaca's validity matrix, price increments and wash-trade guard, and buy stops get its collar. */
  readonly checks?: "alpaca";
  /** Rule 201: after a fall of ten per cent, short sales only above the bid, that day and the next. */
  readonly shortSaleRestriction?: true;
  /** Dividends are neither accrued nor paid. */
  readonly withoutDividends?: true;
  /** Of one match with the house in ten only a random part is filled, and the rest meets the next quote. The chances start with this. */
  readonly partialFillSeed?: number;
  /** A quote stands for hours, as with daily bars: it is also the next one, and that rest meets it at once. */
  readonly standingQuotes?: true;
  /**
   * So long after it was sent the exchange takes up an order, a cancel or a replacement (acknowledgements.ts); at once
   * without it.
   */
  readonly acknowledgeMs?: number;
  /** Orders of which only a part may trade at first. */
  readonly heldBack?: HeldBack;
  /** What the exchange calls the order that it places itself as its n-th event. */
  readonly houseOrderId?: (n: number) => ClientOrderId;
  /** Told of every event as it happens; it may ask the exchange, and command nothing. */
  readonly log?: Pick<ExchangeLog, "append">;
}

/** Who decides how much of an order that comes in may trade at once; `Exchange.goOn` lets the rest follow. */
export interface HeldBack {
  /** Undefined for all of it; zero while it has to wait. */
  partOf(order: ClientOrderId, remaining: Quantity): Quantity | undefined;
  /** That part has traded, or as much as there was to trade with. */
  traded(order: ClientOrderId, now: Instant): void;
}

export class ExchangeState implements Markets {
  readonly settings: ExchangeSettings;
  readonly accounts = new Map<AccountName, TradingAccount>();
  readonly listings = new Map<Symbol, Listing>();
  readonly orders = new KnownOrders();
  readonly requests = new DeferredRequests();
  now: Instant;
  hours: Hours;
  phase: Phase;
  symbolsVersion = 0;
  /** The log, where it is one that keeps the most frequent events without making objects of them. */
  readonly #log: ExchangeLog | undefined;
  #day = 0 as EpochDay;
  #dayAt = Number.NaN;
  /** Counted from 1. */
  executions = 0;
  orderCount = 0;
  seq = 0;
  /** Until when the last short-sale restriction of a symbol holds, the day included. */
  readonly restrictedUntil = new Map<Symbol, EpochDay>();

  /** Where fills of parts are left to chance. */
  chance: Prng | undefined;

  constructor(settings: ExchangeSettings, now: Instant) {
    this.settings = settings;
    this.#log = settings.log instanceof ExchangeLog ? settings.log : undefined;
    this.chance = settings.partialFillSeed === undefined ? undefined : new Prng(settings.partialFillSeed);
    this.now = now;
    this.hours = hoursAt(now);
    this.phase = settings.hours === "calendar" ? phaseAt(now, this.hours) : "core";
  }

  get day(): EpochDay {
    if (this.#dayAt !== this.now) {
      this.#dayAt = this.now;
      this.#day = newYorkClock(this.now).day;
    }
    return this.#day;
  }

  /** Whether rule 201 restricts short sales of the symbol today. */
  isRestricted(symbol: Symbol): boolean {
    return this.settings.shortSaleRestriction === true && (this.restrictedUntil.get(symbol) ?? -Infinity) >= this.day;
  }

  /** Every way to list a symbol or to take it off the list. */
  setListing(symbol: Symbol, listing: Listing | undefined): void {
    if (listing) this.listings.set(symbol, listing);
    else this.listings.delete(symbol);
    this.symbolsVersion += 1;
  }

  emit(happening: ExchangeHappening): void {
    this.seq += 1;
    if (this.settings.log) this.settings.log.append({ ...happening, seq: this.seq, at: this.now });
  }

  emitOrder(type: PlainOrderEvent, { account, clientOrderId }: ClientOrder): void {
    this.seq += 1;
    if (this.#log) this.#log.appendPlain(type, account, clientOrderId, this.seq, this.now);
    else this.settings.log?.append({ type, account, order: clientOrderId, seq: this.seq, at: this.now });
  }

  emitFill(type: "partial_fill" | "fill", order: ClientOrder, execution: number, price: Price, quantity: Quantity, against: Counterparty): void {
    const { account, clientOrderId } = order;
    const positionQuantity = order.stake.holding.quantity;
    this.seq += 1;
    if (this.#log) this.#log.appendFill(type, account, clientOrderId, execution, price, quantity, against, positionQuantity, this.seq, this.now);
    else this.settings.log?.append({ type, account, order: clientOrderId, execution: executionName(execution), price, quantity, against, positionQuantity, seq: this.seq, at: this.now });
  }

  account(name: AccountName): TradingAccount {
    const found = this.accounts.get(name);
    if (!found) throw new Error(`the exchange has no account ${name}`);
    return found;
  }

  listing(symbol: Symbol): Listing {
    const found = this.listings.get(symbol);
    if (!found) throw new Error(`the exchange does not list ${symbol}`);
    return found;
  }

  marketOf(symbol: Symbol): Listing {
    return this.listing(symbol);
  }

  /** The last price, zero without one. */
  priceOf(symbol: Symbol): Price {
    return this.listing(symbol).lastPrice ?? (0 as Price);
  }
}
