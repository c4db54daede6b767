/**
 * One account at the exchange: its ledger, its open orders, and what those have reserved.
 *
 * With multiplier 1 it is a cash account: buys need the money, net of what open buys may cost. With 2 or 4 buying power
 * is Alpaca's (rules/margin.ts) less the same reserves; opening a short position takes buying power, closing one takes
 * none and gives it back when it fills. An order may close a position or open one, never both: one that would go through
 * zero is rejected for want of shares, as at Alpaca.
 */
import { addMoney, addQuantity, maxOf, notional, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from "../money.ts";
import { buyingPower, initialMargin, maintenanceMargin, multiplierAllowed, type MarginPosition } from "../rules/margin.ts";
import type { FeeAccrual } from "../rules/fees.ts";
import type { EpochDay } from "../time.ts";
import type { AccountName, Side, Symbol } from "../trade.ts";
import type { ClientOrder } from "./client-order.ts";
import { Ledger, type LedgerSnapshot } from "./ledger.ts";

export interface AccountTerms {
  readonly multiplier: 1 | 2 | 4;
  readonly shorting: boolean;
  /** A year, on what is owed at the end of a session. */
  readonly debitInterestBps: number;
  /** A year, on short positions of whole round lots. */
  readonly borrowFeeBps: number;
}

export const CASH_ACCOUNT: AccountTerms = { multiplier: 1, shorting: false, debitInterestBps: 0, borrowFeeBps: 0 };

export interface AccountSnapshot {
  readonly terms: AccountTerms;
  readonly ledger: LedgerSnapshot;
  readonly feeAccrual: FeeAccrual | null;
  readonly lastEquity: Money;
  readonly lastMaintenance: Money;
}

/** The last price of a symbol, zero without one. */
export type PriceOf = (symbol: Symbol) => Price;

export class TradingAccount {
  readonly name: AccountName;
  readonly terms: AccountTerms;
  readonly ledger: Ledger;
  feeAccrual: FeeAccrual | undefined;
  lastEquity: Money;
  lastMaintenance: Money = ZERO_MONEY;
  /** Open orders, by arrival. */
  readonly open = new Set<ClientOrder>();
  #reserved: Money = ZERO_MONEY;
  /** By symbol, what open sells will take of a long position; and open buys of a short one. */
  readonly #closing = new Map<Symbol, Quantity>();

  constructor(name: AccountName, terms: AccountTerms, ledger: Ledger) {
    this.name = name;
    this.terms = terms;
    this.ledger = ledger;
    this.lastEquity = ledger.cash;
  }

  static restore(name: AccountName, { terms, ledger, feeAccrual, lastEquity, lastMaintenance }: AccountSnapshot): TradingAccount {
    const account = new TradingAccount(name, terms, Ledger.restore(ledger));
    account.feeAccrual = feeAccrual ?? undefined;
    account.lastEquity = lastEquity;
    account.lastMaintenance = lastMaintenance;
    return account;
  }

  snapshot(): AccountSnapshot {
    const { terms, ledger, feeAccrual, lastEquity, lastMaintenance } = this;
    return { terms, ledger: ledger.snapshot(), feeAccrual: feeAccrual ?? null, lastEquity, lastMaintenance };
  }

  /** Cash that no limit order has set aside. */
  get free(): Money {
    let free = this.ledger.cash;
    for (const { working, reservedMoney } of this.open) if (working === "limit") free = subtractMoney(free, reservedMoney);
    return free;
  }

  /** Shares that a sell may still sell of a long position, or a buy buy back of a short one. */
  closable(symbol: Symbol): Quantity {
    const held = Math.abs(this.ledger.quantityOf(symbol)) as Quantity;
    return subtractQuantity(held, this.#closing.get(symbol) ?? ZERO_QUANTITY);
  }

  isClosing(side: Side, symbol: Symbol): boolean {
    const held = this.ledger.quantityOf(symbol);
    return side === "sell" ? held > 0 : held < 0;
  }

  add(order: ClientOrder): void {
    this.open.add(order);
    this.reserve(order);
  }

  /** An open order as it was saved, with what it had reserved. */
  adopt(order: ClientOrder): void {
    this.open.add(order);
    this.#reserved = addMoney(this.#reserved, order.reservedMoney);
    if (order.reservedShares !== 0) this.#closing.set(order.symbol, addQuantity(this.#closing.get(order.symbol) ?? ZERO_QUANTITY, order.reservedShares));
  }

  remove(order: ClientOrder): void {
    this.open.delete(order);
    this.#release(order);
  }

  /** Reserves by what is left of the order. A stop-loss beside its take-profit reserves nothing: one of them alone will fill. */
  reserve(order: ClientOrder): void {
    this.#release(order);
    if (order.status === "held" || order.role === "stopLoss") return;
    const { side, symbol, remaining, reservePrice } = order;
    if (this.isClosing(side, symbol)) {
      order.reservedShares = remaining;
      this.#closing.set(symbol, addQuantity(this.#closing.get(symbol) ?? ZERO_QUANTITY, remaining));
    } else {
      order.reservedMoney = addMoney(notional(reservePrice, remaining), order.reserveFees);
      this.#reserved = addMoney(this.#reserved, order.reservedMoney);
    }
  }

  equity(priceOf: PriceOf): Money {
    let equity = addMoney(this.ledger.cash, this.ledger.receivable);
    for (const [symbol, quantity] of this.ledger.positions()) equity = addMoney(equity, notional(priceOf(symbol), quantity));
    return equity;
  }

  maintenance(priceOf: PriceOf, day: EpochDay): Money {
    return maintenanceMargin(this.marginPositions(priceOf), day, maxOf(subtractMoney(ZERO_MONEY, this.ledger.cash), ZERO_MONEY));
  }

  /** What may be spent on new positions, net of open orders. */
  buyingPower(priceOf: PriceOf, day: EpochDay, period: "session" | "overnight"): Money {
    const { ledger, terms, lastEquity, lastMaintenance } = this;
    if (terms.multiplier === 1) return maxOf(subtractMoney(ledger.cash, this.#reserved), ZERO_MONEY);
    const equity = this.equity(priceOf);
    const initial = this.marginPositions(priceOf).reduce((sum, position) => addMoney(sum, initialMargin(position)), ZERO_MONEY);
    const state = { cash: ledger.cash, equity, initialMargin: initial, maintenanceMargin: this.maintenance(priceOf, day), lastEquity, lastMaintenanceMargin: lastMaintenance };
    const multiplier = multiplierAllowed(terms.multiplier, equity, day);
    return maxOf(subtractMoney(buyingPower(state, multiplier, day, period), this.#reserved), ZERO_MONEY);
  }

  marginPositions(priceOf: PriceOf): readonly MarginPosition[] {
    return this.ledger.positions().map(([symbol, quantity]) => ({ symbol, quantity, price: priceOf(symbol), leverage: 1, marginable: true }));
  }

  #release(order: ClientOrder): void {
    if (order.reservedMoney !== 0) {
      this.#reserved = subtractMoney(this.#reserved, order.reservedMoney);
      order.reservedMoney = ZERO_MONEY;
    }
    if (order.reservedShares !== 0) {
      const left = subtractQuantity(this.#closing.get(order.symbol) ?? ZERO_QUANTITY, order.reservedShares);
      if (left === 0) this.#closing.delete(order.symbol);
      else this.#closing.set(order.symbol, left);
      order.reservedShares = ZERO_QUANTITY;
    }
  }
}
