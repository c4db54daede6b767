/** One account of the venue: who it is, how it is set up, and what the exchange does not keep for it. */
import { subtractMoney, ZERO_MONEY, type Money, type Quantity } from "../money.ts";
import type { AccountTerms } from "../simulator/trading-account.ts";
import type { EpochDay, Instant } from "../time.ts";
import type { AccountName, Symbol } from "../trade.ts";
import { Activities } from "./activities.ts";
import type { ConfigurationChanges } from "./commands.ts";
import { DayBasis, type DayBasisSnapshot } from "./day-basis.ts";
import { EquityHistory, type EquityHistorySnapshot } from "./equity-history.ts";
import { OrderIndex } from "./order-index.ts";
import type { PackedSnapshot } from "./packed-list.ts";
import type { VenueOrders } from "./venue-orders.ts";
import { Watchlists, type Watchlist } from "./watchlists.ts";

export type Configuration = Required<ConfigurationChanges>;

const DEFAULT_CONFIGURATION: Configuration = {
  suspendTrade: false,
  noShorting: false,
  fractionalTrading: true,
  maxMarginMultiplier: "4",
  tradeConfirmEmail: "all",
  maxOptionsTradingLevel: 0,
  ptpNoExceptionEntry: false,
  disableOvernightTrading: false,
  dtbpCheck: "entry",
  pdtCheck: "entry",
};

/** A dividend that was earned and is not paid yet. */
export interface DividendDue {
  readonly symbol: Symbol;
  readonly payDay: EpochDay;
  readonly amount: Money;
  readonly quantity: Quantity;
  readonly perShare: number;
}

export interface VenueAccountSnapshot {
  readonly name: AccountName;
  readonly id: string;
  readonly accountNumber: string;
  readonly createdAt: Instant;
  readonly startingCash: Money;
  readonly terms: AccountTerms;
  readonly configuration: Configuration;
  readonly activities: PackedSnapshot;
  readonly equity: EquityHistorySnapshot;
  readonly watchlists: readonly Watchlist[];
  readonly dividendsDue: readonly DividendDue[];
  readonly basis: DayBasisSnapshot;
  readonly feesBooked: Money;
  readonly updates: number;
}

type Opening = Pick<VenueAccountSnapshot, "name" | "id" | "accountNumber" | "createdAt" | "startingCash" | "terms"> & Partial<VenueAccountSnapshot>;

export class VenueAccount {
  readonly name: AccountName;
  readonly id: string;
  readonly accountNumber: string;
  readonly createdAt: Instant;
  readonly startingCash: Money;
  readonly terms: AccountTerms;
  configuration: Configuration;
  readonly orders: OrderIndex;
  readonly activities: Activities;
  readonly equity: EquityHistory;
  readonly watchlists: Watchlists;
  dividendsDue: readonly DividendDue[];
  readonly basis: DayBasis;
  /** Fees that stand among the activities; what the exchange has charged beyond them is booked at the day's end. */
  feesBooked: Money;
  /** Trade updates so far. */
  updates: number;

  constructor(opening: Opening, orders: VenueOrders, salt: string) {
    this.orders = new OrderIndex(orders);
    this.name = opening.name;
    this.id = opening.id;
    this.accountNumber = opening.accountNumber;
    this.createdAt = opening.createdAt;
    this.startingCash = opening.startingCash;
    this.terms = opening.terms;
    this.configuration = opening.configuration ?? DEFAULT_CONFIGURATION;
    this.activities = new Activities(orders, salt, opening.activities);
    this.equity = new EquityHistory(opening.equity);
    this.watchlists = new Watchlists(opening.watchlists);
    this.dividendsDue = opening.dividendsDue ?? [];
    this.basis = new DayBasis(opening.basis);
    this.feesBooked = opening.feesBooked ?? ZERO_MONEY;
    this.updates = opening.updates ?? 0;
  }

  /** Everything but the orders, which the venue keeps together. */
  snapshot(): VenueAccountSnapshot {
    const { name, id, accountNumber, createdAt, startingCash, terms, configuration, dividendsDue, feesBooked, updates } = this;
    return {
      name, id, accountNumber, createdAt, startingCash, terms, configuration, dividendsDue, feesBooked, updates,
      activities: this.activities.snapshot(), equity: this.equity.snapshot(), watchlists: this.watchlists.all(), basis: this.basis.snapshot(),
    };
  }

  feesPending(charged: Money): Money {
    return subtractMoney(charged, this.feesBooked);
  }
}
