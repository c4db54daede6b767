/** Refusals and caps as sentences with their numbers, for people. Amounts in USD, shares as they are traded, weights in per cent. */
import { moneyToText, quantityToText, type Money, type Price, type Quantity, type Weight } from "../money.ts";
import { isoOf } from "../time.ts";
import type { PlanMove } from "./account-refusals.ts";
import type { Refusal } from "./refusals.ts";

/** The code, the symbol where it is about one, and the clause. */
export function refusalLine(refusal: Refusal): string {
  return `${refusal.code}${"symbol" in refusal ? ` ${refusal.symbol}` : ""}: ${refusalToText(refusal)}`;
}

/** One clause, without the symbol and without a full stop. */
export function refusalToText(refusal: Refusal): string {
  switch (refusal.code) {
    case "ACCOUNT_BLOCKED":
      return `the broker blocks the account: ${refusal.reason}`;
    case "HALTED":
      return `the account has been halted since ${isoOf(refusal.since)}: ${refusal.why}`;
    case "COOLING":
      return `the trading breaker is open until ${isoOf(refusal.until)}: ${refusal.why}`;
    case "ORDER_OF_UNKNOWN_ORIGIN":
      return `order ${refusal.working} of ${sharesText(refusal.remaining)} was open, and no run of the account placed it`;
    case "POSITION_OF_UNKNOWN_ORIGIN":
      return `${sharesText(refusal.held)} were held, and no strategy of the account trades the symbol`;
    case "HOLDING_CHANGED":
      return `${sharesText(refusal.held)} were held, and ${sharesText(refusal.expected)} were expected after the ${quantityToText(refusal.left)} that ${refusal.since} left`;
    case "SPLIT_NOT_APPLIED":
      return `the split of ${refusal.exDate} should have made ${sharesText(refusal.expected)} of it, and ${sharesText(refusal.held)} were held still`;
    case "APPROVAL_MISSING":
      return refusal.plan === undefined ? "no plan was approved for this run" : `the plan ${refusal.plan} is not approved for this run`;
    case "PLAN_STALE":
      return `the plan ${refusal.plan} no longer fits: ${refusal.moved.map(moveText).join("; ")}`;
    case "CALENDAR_DIFFERS":
      return `the venue's calendar has ${refusal.venue ? `${isoOf(refusal.venue.open)} to ${isoOf(refusal.venue.close)}` : "no session"} for ${refusal.session}, and ours has ${isoOf(refusal.ours.open)} to ${isoOf(refusal.ours.close)}`;
    case "WINDOW_PASSED":
      return `the session closed at ${isoOf(refusal.closedAt)}, and it was ${isoOf(refusal.now)}`;
    case "AUCTION_CUTOFF_PASSED":
      return `orders ${refusal.auction} are taken until ${isoOf(refusal.cutoff)}, and it was ${isoOf(refusal.now)}`;
    case "QUOTE_MISSING":
      return "there was no quote";
    case "QUOTE_STALE":
      return `the quote was ${seconds(refusal.ageMs)} old, and quoteAgeMaxMs allows ${seconds(refusal.maxMs)}`;
    case "QUOTE_FROM_FUTURE":
      return `the quote was dated ${seconds(refusal.aheadMs)} ahead of the clock, and ${seconds(refusal.maxMs)} are allowed`;
    case "QUOTE_CROSSED":
      return `the quote was no market: bid ${usd(refusal.bid)}, ask ${usd(refusal.ask)}`;
    case "BAR_MISSING":
      return "there was no bar to compare with";
    case "BAR_STALE":
      return `the newest bar was of ${refusal.day}, ${sessions(refusal.ageSessions)} back, and barAgeSessionsMax allows ${refusal.max}`;
    case "BAR_FROM_FUTURE":
      return `the newest bar was of ${refusal.day}, a day that had not closed`;
    case "PRICE_MOVE_EXCEEDS_MAX":
      return `the quote of ${usd(refusal.quoted)} lay ${percent(refusal.move)} from the last close of ${usd(refusal.close)}, and priceMoveMax allows ${percent(refusal.max)}`;
    case "NOT_TRADABLE":
      return "the venue does not let it be traded";
    case "NOT_FRACTIONABLE":
      return `the order was for ${quantityToText(refusal.quantity)} shares, and the venue trades whole shares only`;
    case "QUANTITY_NOT_POSITIVE":
      return `the order was for ${quantityToText(refusal.quantity)} shares`;
    case "PRICE_OFF_TICK":
      return `the limit of ${usd(refusal.bound)} lay between ticks of ${usd(refusal.tick)}`;
    case "SHORT_NOT_ALLOWED":
      return `the strategy asked for ${percent(refusal.weight)}, and nothing is sold short`;
    case "SELL_EXCEEDS_POSITION":
      return `the order would sell ${quantityToText(refusal.quantity)} shares, and ${quantityToText(refusal.held)} were held`;
    case "POSITION_WEIGHT_EXCEEDS_MAX":
      return `the position would be ${percent(refusal.weight)} of equity, and positionWeightMax allows ${percent(refusal.max)}`;
    case "POSITION_NOTIONAL_EXCEEDS_MAX":
      return `the position would be worth ${usd(refusal.notional)}, and positionNotionalMax allows ${usd(refusal.max)}`;
    case "GROUP_WEIGHT_EXCEEDS_MAX":
      return `the group ${refusal.group} would be ${percent(refusal.weight)} of equity, and its weightMax allows ${percent(refusal.max)}`;
    case "GROSS_EXPOSURE_EXCEEDS_MAX":
      return `all positions would be ${percent(refusal.weight)} of equity, and grossExposureMax allows ${percent(refusal.max)}`;
    case "ORDER_NOTIONAL_EXCEEDS_MAX":
      return `the order was worth ${usd(refusal.notional)}, and orderNotionalMax allows ${usd(refusal.max)}`;
    case "ORDER_NOTIONAL_BELOW_MIN":
      return `the order was worth ${usd(refusal.notional)}, and orderNotionalMin asks for ${usd(refusal.min)}`;
    case "VOLUME_SHARE_EXCEEDS_MAX":
      return `the order was for ${quantityToText(refusal.quantity)} shares, ${grouped(String(refusal.averageVolume))} trade in an average day, and volumeShareMax allows ${percent(refusal.max)} of them`;
    case "ORDER_ALREADY_WORKING":
      return `order ${refusal.working} of the same side was open for ${quantityToText(refusal.remaining)} shares`;
    case "OPPOSITE_ORDER_WORKING":
      return `order ${refusal.working} of the other side was open for ${quantityToText(refusal.remaining)} shares, and the two could have traded with each other`;
    case "ORDERS_PER_RUN_EXCEED_MAX":
      return `the run already had the ${refusal.max} orders that ordersPerRunMax allows`;
    case "TURNOVER_PER_RUN_EXCEEDS_MAX":
      return `the run would turn over ${percent(refusal.turnover)} of equity, and turnoverPerRunMax allows ${percent(refusal.max)}`;
    case "PRICE_OUTSIDE_COLLAR":
      return `the price bound of ${usd(refusal.bound)} lay further from the quote of ${usd(refusal.quoted)} than the ${refusal.collarBps} bps of collarBps`;
    case "BUYING_POWER_INSUFFICIENT":
      return `the order needed ${usd(refusal.cost)}, and ${usd(refusal.available)} were left`;
    case "ORDER_NOT_CONFIRMED":
      return `the venue never confirmed order ${refusal.clientOrderId}, which was sent ${refusal.submissions} ${refusal.submissions === 1 ? "time" : "times"}`;
    case "CASH_ACCOUNT_VIOLATION":
      return `selling ${quantityToText(refusal.quantity)} shares would be a ${refusal.kind} violation, with settled cash of ${usd(refusal.settledCash)}; ${refusal.count} were counted and ${refusal.max} are allowed`;
    case "DAY_TRADES_EXCEED_MAX":
      return `it could be day trade ${refusal.dayTrades} of five sessions, ${refusal.dayTradesMax} are allowed below an equity of ${usd(refusal.equityMin)}, and equity was ${usd(refusal.equity)}`;
    case "INTRADAY_MARGIN_DEFICIT":
      return `equity of ${usd(refusal.equity)} would be ${usd(refusal.deficit)} short of the maintenance margin of ${usd(refusal.maintenance)}`;
    case "LAST_EQUITY_UNKNOWN":
      return "the venue did not say what the account was worth at the last close";
    case "DAILY_LOSS_EXCEEDS_MAX":
      return `the account had lost ${usd(refusal.loss)} since the last close, from ${usd(refusal.lastEquity)}, and dailyLossMax allows ${usd(refusal.max)}`;
    case "DRAWDOWN_EXCEEDS_MAX":
      return `the account stood ${usd(refusal.drawdown)} below its highest equity of ${usd(refusal.highWater)}, and drawdownMax allows ${usd(refusal.max)}`;
    case "ORDERS_PER_DAY_EXCEED_MAX":
      return `the runs of the session had ${refusal.used} orders, and ordersPerDayMax allows ${refusal.max}`;
    case "TURNOVER_PER_DAY_EXCEEDS_MAX":
      return `the runs of the session would turn over ${usd(refusal.turnover)}, and turnoverPerDayMax allows ${usd(refusal.max)}`;
    case "ENTRY_PRICE_UNKNOWN":
      return "the venue did not say what the position cost, so its exits could not be judged";
    case "RECONCILIATION_DIFFERENCE":
      return `${quantityToText(refusal.held)} shares were held after the run, and its fills make ${quantityToText(refusal.expected)}`;
  }
}

function moveText(move: PlanMove): string {
  switch (move.what) {
    case "age":
      return `it was made at ${isoOf(move.madeAt)} and held until ${isoOf(move.validUntil)}, and it was ${isoOf(move.now)}`;
    case "target":
      return `the target of ${move.symbol} was ${percent(move.planned)} and is ${percent(move.found)}, and ${move.toleranceBps} bps are tolerated`;
    case "quote":
      return move.found === null ? `${move.symbol} was quoted at ${usd(move.planned)} and has no quote` : `${move.symbol} was quoted at ${usd(move.planned)} and is at ${usd(move.found)}, ${move.movedBps ?? 0} bps away, and ${move.toleranceBps} are tolerated`;
    case "position":
      return `${sharesText(move.planned)} of ${move.symbol} were held and ${sharesText(move.found)} are, and ${move.toleranceBps} bps are tolerated`;
    case "cash":
      return `cash was ${usd(move.planned)} and is ${usd(move.found)}, ${move.movedBps} bps of equity away, and ${move.toleranceBps} are tolerated`;
  }
}

/** "1,234.50 USD": at least two decimals, and as many more as there are. */
export function usd(amount: Money | Price): string {
  const [whole = "", decimals = ""] = moneyToText(amount).split(".");
  return `${grouped(whole)}.${decimals.padEnd(2, "0")} USD`;
}

export function percent(weight: Weight): string {
  return `${moneyToText((weight * 100) as Money)} %`;
}

export function sharesText(quantity: Quantity): string {
  const [whole = "", decimals] = quantityToText(quantity).split(".");
  return `${grouped(whole)}${decimals === undefined ? "" : `.${decimals}`} ${quantityToText(quantity) === "1" ? "share" : "shares"}`;
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

function sessions(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}
