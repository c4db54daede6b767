/**
 * The gate. `review` is the only maker of an `ApprovedOrder`.
 *
 * It is a fold in the order of the candidates: each order is judged with those approved before it already counted
 * against the money, the positions, the exposure, the turnover and the number of orders. Checks run in the stated order
 * and the first no decides. Review changes no order; shaping targets and sizing buys to the caps and the money happen
 * before, in src/run, and what escapes them is refused here.
 */
import { addMoney, addQuantity, maxOf, notional, subtractMoney, subtractQuantity, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from "../money.ts";
import type { ApprovedOrder, Symbol } from "../trade.ts";
import { costOf, middleOf, type Candidate, type ReviewContext } from "./candidate.ts";
import { checkBuyingPower, checkGrossExposure, checkGroups, checkOrdersPerRun, checkPosition, checkTurnoverPerRun, sumOf, type ReviewState } from "./cap-checks.ts";
import {
  checkAsset,
  checkBar,
  checkCollar,
  checkNotionalMax,
  checkNotionalMin,
  checkPriceMove,
  checkQuantity,
  checkQuote,
  checkSellsOnlyWhatIsHeld,
  checkTick,
  checkVolumeShare,
  checkWorkingOrders,
} from "./order-checks.ts";
import type { Refusal } from "./refusals.ts";

export type { Candidate, ReviewContext };

export interface Review<C> {
  readonly approved: readonly (C & ApprovedOrder)[];
  readonly refused: readonly Refusal[];
}

export function review<C extends Candidate>(candidates: readonly C[], context: ReviewContext): Review<C> {
  const approved: (C & ApprovedOrder)[] = [];
  const refused: Refusal[] = [];
  // The maps are this review's own and move with it.
  let state: Own = { ...context, held: new Map(context.held), worth: new Map(context.worth), exposure: sumOf(context.worth.keys(), context.worth) };
  for (const order of candidates) {
    const refusal = judge(order, state);
    if (refusal) {
      refused.push(refusal);
    } else {
      approved.push(order as C & ApprovedOrder);
      state = after(order, state);
    }
  }
  return { approved, refused };
}

type Check = (order: Candidate, state: ReviewState) => Refusal | undefined;

const CHECKS: readonly Check[] = [
  checkQuote,
  checkBar,
  checkPriceMove,
  checkAsset,
  checkQuantity,
  checkSellsOnlyWhatIsHeld,
  checkTick,
  checkCollar,
  checkNotionalMin,
  checkNotionalMax,
  checkVolumeShare,
  checkWorkingOrders,
  checkOrdersPerRun,
  checkTurnoverPerRun,
  checkPosition,
  checkGroups,
  checkGrossExposure,
  checkBuyingPower,
];

function judge(order: Candidate, state: ReviewState): Refusal | undefined {
  for (const check of CHECKS) {
    const refusal = check(order, state);
    if (refusal) return refusal;
  }
  return undefined;
}

interface Own extends ReviewState {
  readonly held: Map<Symbol, Quantity>;
  readonly worth: Map<Symbol, Money>;
}

function after(order: Candidate, state: Own): Own {
  const { symbol, side, quantity } = order;
  const value = notional(middleOf(state.quotes.get(symbol)!), quantity);
  const owned = state.held.get(symbol) ?? ZERO_QUANTITY;
  const worth = state.worth.get(symbol) ?? ZERO_MONEY;
  const worthAfter = side === "buy" ? addMoney(worth, value) : maxOf(subtractMoney(worth, value), ZERO_MONEY);
  state.held.set(symbol, side === "buy" ? addQuantity(owned, quantity) : subtractQuantity(owned, quantity));
  state.worth.set(symbol, worthAfter);
  return {
    ...state,
    exposure: addMoney(subtractMoney(state.exposure, worth), worthAfter),
    spendable: side === "buy" ? subtractMoney(state.spendable, costOf(order)) : state.spendable,
    ordersBefore: state.ordersBefore + 1,
    turnoverBefore: addMoney(state.turnoverBefore, notional(order.referencePrice, quantity)),
  };
}
