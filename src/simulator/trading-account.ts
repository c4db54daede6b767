/**
 * One account at the exchange: its ledger, its open orders, and what those have reserved.
 *
 * With multiplier 1 it is a cash account: buys need the money, net of what open buys may cost. With 2 or 4 buying power
 * is Alpaca's (rules/margin.ts) less the same reserves; opening a short position takes buying power, closing one takes
 * none and gives it back when it fills. An order may close a position or open one, never both: one that would go through
 * zero is rejected for want of shares, as at Alpaca.
 */
import { addMoney, addQuantity, maxOf, notional, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from "../money.ts";
import { buyingPower, multiplierAllowed, type MarginPosition } from "../rules/margin.ts";
import { FeeMeter } from "../rules/fee-meter.ts";
import type { FeeAccrual } from "../rules/fees.ts";
import type { EpochDay } from "../time.ts";
import type { AccountName, Side, Symbol } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import { Ledger, type Holding, type LedgerSnapshot } from "./ledger.ts";
import { MarkedPositions, type Markets } from "./marked-positions.ts";
import { OpenOrders } from "./open-orders.ts";
import { WashGuard } from "./wash-trades.ts";

export interface AccountTerms {
  readonly multiplier: 1 | 2 | 4;
  readonly shorting: boolean;
  /** A year, on what is owed at the end of a session. */
  readonly debitInterestBps: number;
  /** A year, on short positions of whole round lots. */
  readonly borrowFeeBps: number;
  /** What happens when two orders of the account would trade with each other; "allow" when it is not said. */
  readonly selfTrade?: SelfTrade;
}

/** Which of the two orders is canceled: the one that comes, the one that rests, or both. */
export type SelfTrade = "allow" | "cancel_newest" | "cancel_oldest" | "cancel_both";

export const CASH_ACCOUNT: AccountTerms = { multiplier: 1, shorting: false, debitInterestBps: 0, borrowFeeBps: 0 };

export interface AccountSnapshot {
  readonly terms: AccountTerms;
  readonly ledger: LedgerSnapshot;
  readonly feeAccrual: FeeAccrual | null;
  readonly lastEquity: Money;
  readonly lastMaintenance: Money;
  readonly marginCall: MarginCall | null;
}

/** Equity was below maintenance at the end of a session. */
export interface MarginCall {
  /** What was missing then. */
  readonly amount: Money;
  /** It must be met at the close of this day. */
  readonly dueOn: EpochDay;
}

/** What an account has of one symbol: its position, and what its open orders will do to it. */
export interface Stake {
  readonly holding: Holding;
  /** What open sells will take of a long position; or open buys of a short one. */
  closing: Quantity;
  readonly washGuard: WashGuard;
}

export class TradingAccount {
  readonly name: AccountName;
  /** By the order in which accounts were opened, from 1. */
  readonly number: number;
  readonly terms: AccountTerms;
  readonly ledger: Ledger;
  readonly fees: FeeMeter;
  lastEquity: Money = ZERO_MONEY;
  lastMaintenance: Money = ZERO_MONEY;
  marginCall: MarginCall | undefined;
  /** Open orders, by arrival. */
  readonly open = new OpenOrders("account");
  /** By all open orders, and by those that work as limit orders. */
  #reserved: Money = ZERO_MONEY;
  #reservedByLimits: Money = ZERO_MONEY;
  readonly #stakes = new Map<Symbol, Stake>();
  readonly #marked: MarkedPositions;
  /** As it was asked for last. It is asked for with every order, and kept so that no order makes seven objects for it. */
  readonly #margin = { cash: ZERO_MONEY, equity: ZERO_MONEY, initialMargin: ZERO_MONEY, maintenanceMargin: ZERO_MONEY, lastEquity: ZERO_MONEY, lastMaintenanceMargin: ZERO_MONEY };

  constructor(name: AccountName, number: number, terms: AccountTerms, ledger: Ledger, fees = new FeeMeter()) {
    this.name = name;
    this.number = number;
    this.terms = terms;
    this.ledger = ledger;
    this.fees = fees;
    this.lastEquity = ledger.cash;
    this.#marked = new MarkedPositions(ledger);
  }

  static restore(name: AccountName, number: number, { terms, ledger, feeAccrual, lastEquity, lastMaintenance, marginCall }: AccountSnapshot): TradingAccount {
    const account = new TradingAccount(name, number, terms, Ledger.restore(ledger), new FeeMeter(feeAccrual ?? undefined));
    account.lastEquity = lastEquity;
    account.lastMaintenance = lastMaintenance;
    account.marginCall = marginCall ?? undefined;
    return account;
  }

  snapshot(): AccountSnapshot {
    const { terms, ledger, fees, lastEquity, lastMaintenance, marginCall = null } = this;
    return { terms, ledger: ledger.snapshot(), feeAccrual: fees.accrual ?? null, lastEquity, lastMaintenance, marginCall };
  }

  /** Cash that no limit order has set aside. */
  get free(): Money {
    return subtractMoney(this.ledger.cash, this.#reservedByLimits);
  }

  stakeIn(symbol: Symbol): Stake {
    let stake = this.#stakes.get(symbol);
    if (!stake) {
      stake = { holding: this.ledger.holdingOf(symbol), closing: ZERO_QUANTITY, washGuard: new WashGuard() };
      this.#stakes.set(symbol, stake);
    }
    return stake;
  }

  /** `order.stake` is the account's in the order's symbol. */
  add(order: ClientOrder): void {
    this.#admit(order);
    this.reserve(order);
  }

  /** An open order as it was saved, with what it had reserved. */
  adopt(order: ClientOrder): void {
    this.#admit(order);
    this.#count(order);
  }

  /** A replacement that has not taken its order's place yet reserves what it will need beyond it. */
  reserveBeyond(heir: ClientOrder, order: ClientOrder): void {
    const wanted = subtractQuantity(heir.quantity, subtractQuantity(order.quantity, order.remaining));
    if (order.reservedShares > 0) heir.reservedShares = maxOf(subtractQuantity(wanted, order.reservedShares), ZERO_QUANTITY);
    else if (order.reservedMoney > 0) heir.reservedMoney = maxOf(subtractMoney(addMoney(notional(heir.reservePrice, wanted), heir.reserveFees), order.reservedMoney), ZERO_MONEY);
    this.#count(heir);
  }

  /** Such a replacement as it was saved. */
  adoptReserve(heir: ClientOrder): void {
    this.#count(heir);
  }

  #admit(order: ClientOrder): void {
    order.stake.washGuard.add(order);
    this.open.add(order);
  }

  remove(order: ClientOrder): void {
    this.open.delete(order);
    order.stake.washGuard.remove(order);
    this.#release(order);
  }

  /** Reserves by what is left of the order. A stop-loss beside its take-profit reserves nothing: one of them alone will fill. */
  reserve(order: ClientOrder): void {
    this.#release(order);
    if (order.status === "held" || order.role === "stopLoss") return;
    if (isClosing(order.side, order.stake)) order.reservedShares = order.remaining;
    else order.reservedMoney = addMoney(notional(order.reservePrice, order.remaining), order.reserveFees);
    this.#count(order);
  }

  /** A stop was reached and works on as a market or a limit order. */
  putToWork(order: ClientOrder, working: "market" | "limit"): void {
    if (working === "limit") this.#reservedByLimits = addMoney(this.#reservedByLimits, order.reservedMoney);
    order.working = working;
  }

  equity(markets: Markets, day: EpochDay): Money {
    this.#marked.update(markets, day, this.#debit);
    return this.#equityAsMarked();
  }

  maintenance(markets: Markets, day: EpochDay): Money {
    this.#marked.update(markets, day, this.#debit);
    return this.#marked.maintenance;
  }

  /** What may be spent on new positions, net of open orders. */
  buyingPower(markets: Markets, day: EpochDay, period: "session" | "overnight"): Money {
    const { ledger, terms, lastEquity, lastMaintenance } = this;
    if (terms.multiplier === 1) return maxOf(subtractMoney(ledger.cash, this.#reserved), ZERO_MONEY);
    this.#marked.update(markets, day, this.#debit);
    const equity = this.#equityAsMarked();
    const margin = this.#margin;
    margin.cash = ledger.cash;
    margin.equity = equity;
    margin.initialMargin = this.#marked.initial;
    margin.maintenanceMargin = this.#marked.maintenance;
    margin.lastEquity = lastEquity;
    margin.lastMaintenanceMargin = lastMaintenance;
    const multiplier = multiplierAllowed(terms.multiplier, equity, day);
    return maxOf(subtractMoney(buyingPower(margin, multiplier, day, period), this.#reserved), ZERO_MONEY);
  }

  /** What of it may be spent on what cannot be bought on margin. */
  ownMoney(markets: Markets, day: EpochDay): Money {
    const { ledger, terms } = this;
    if (terms.multiplier === 1) return maxOf(subtractMoney(ledger.cash, this.#reserved), ZERO_MONEY);
    const excess = subtractMoney(this.equity(markets, day), this.#marked.initial);
    return maxOf(subtractMoney(excess, this.#reserved), ZERO_MONEY);
  }

  marginPositions(markets: Markets): readonly MarginPosition[] {
    return this.#marked.positions(markets);
  }

  get #debit(): Money {
    return maxOf(subtractMoney(ZERO_MONEY, this.ledger.cash), ZERO_MONEY);
  }

  #equityAsMarked(): Money {
    return addMoney(addMoney(this.ledger.cash, this.ledger.receivable), this.#marked.value);
  }

  #count(order: ClientOrder): void {
    if (order.reservedMoney !== 0) {
      this.#reserved = addMoney(this.#reserved, order.reservedMoney);
      if (order.working === "limit") this.#reservedByLimits = addMoney(this.#reservedByLimits, order.reservedMoney);
    }
    if (order.reservedShares !== 0) order.stake.closing = addQuantity(order.stake.closing, order.reservedShares);
  }

  #release(order: ClientOrder): void {
    if (order.reservedMoney !== 0) {
      this.#reserved = subtractMoney(this.#reserved, order.reservedMoney);
      if (order.working === "limit") this.#reservedByLimits = subtractMoney(this.#reservedByLimits, order.reservedMoney);
      order.reservedMoney = ZERO_MONEY;
    }
    if (order.reservedShares !== 0) {
      order.stake.closing = subtractQuantity(order.stake.closing, order.reservedShares);
      order.reservedShares = ZERO_QUANTITY;
    }
  }
}

/** Shares that a sell may still sell of a long position, or a buy buy back of a short one. */
export function closable({ holding, closing }: Stake): Quantity {
  return subtractQuantity(Math.abs(holding.quantity) as Quantity, closing);
}

export function isClosing(side: Side, { holding }: Stake): boolean {
  return side === "sell" ? holding.quantity > 0 : holding.quantity < 0;
}
