/** An account as Alpaca's JSON. */
import { addMoney, maxOf, moneyToText, notional, subtractMoney, ZERO_MONEY, type Money } from "../money.ts";
import { previousSession } from "../rules/calendar.ts";
import { initialMargin, maintenanceMargin, multiplierAllowed, type MarginPosition } from "../rules/margin.ts";
import { isoOf, newYorkClock } from "../time.ts";
import type { Venue } from "./venue.ts";
import type { VenueAccount } from "./venue-account.ts";

export function accountView(venue: Venue, account: VenueAccount, withPatternDayTrader: boolean): Readonly<Record<string, unknown>> {
  const { exchange } = venue;
  const { cash, equity, lastEquity, buyingPower, positions } = exchange.account(account.name);
  const { day } = newYorkClock(venue.now);
  const margin = positions.map(({ symbol, quantity, marketPrice }): MarginPosition => ({ symbol, quantity, price: marketPrice, ...exchange.collateralOf(symbol) }));
  const valueOf = (isCounted: (quantity: number) => boolean): Money => positions.filter(({ quantity }) => isCounted(quantity)).reduce((sum, { marketPrice, quantity }) => addMoney(sum, notional(marketPrice, quantity)), ZERO_MONEY);
  const long = valueOf((quantity) => quantity > 0);
  const short = valueOf((quantity) => quantity < 0);
  const initial = margin.reduce((sum, position) => addMoney(sum, initialMargin(position)), ZERO_MONEY);
  const maintenance = maintenanceMargin(margin, day, maxOf(subtractMoney(ZERO_MONEY, cash), ZERO_MONEY));
  const multiplier = account.terms.multiplier === 1 ? 1 : multiplierAllowed(account.terms.multiplier, equity, day);
  const excess = maxOf(subtractMoney(equity, initial), ZERO_MONEY);
  return {
    id: account.id,
    account_number: account.accountNumber,
    status: "ACTIVE",
    crypto_status: "INACTIVE",
    currency: "USD",
    cash: moneyToText(cash),
    portfolio_value: moneyToText(equity),
    equity: moneyToText(equity),
    last_equity: moneyToText(lastEquity ?? equity),
    long_market_value: moneyToText(long),
    short_market_value: moneyToText(short),
    position_market_value: moneyToText(subtractMoney(long, short)),
    buying_power: moneyToText(buyingPower),
    effective_buying_power: moneyToText(buyingPower),
    regt_buying_power: moneyToText(multiplier === 1 ? buyingPower : (excess * 2) as Money),
    non_marginable_buying_power: moneyToText(multiplier === 1 ? buyingPower : excess),
    options_buying_power: "0",
    initial_margin: moneyToText(initial),
    maintenance_margin: moneyToText(maintenance),
    last_maintenance_margin: moneyToText(maintenance),
    sma: "0",
    multiplier: String(multiplier),
    accrued_fees: "0",
    pending_reg_taf_fees: moneyToText(account.feesPending(exchange.feesPaid(account.name))),
    pending_transfer_in: "0",
    pending_transfer_out: "0",
    intraday_adjustments: "0",
    balance_asof: previousSession(day).date,
    trading_blocked: false,
    transfers_blocked: false,
    account_blocked: false,
    trade_suspended_by_user: account.configuration.suspendTrade,
    shorting_enabled: account.terms.shorting && !account.configuration.noShorting,
    options_approved_level: 0,
    options_trading_level: 0,
    created_at: isoOf(account.createdAt),
    ...(withPatternDayTrader && { pattern_day_trader: false, daytrade_count: 0, daytrading_buying_power: moneyToText(buyingPower) }),
  };
}
