/** A person's two words on an account: halt, and resume. Both are kept with who said them, when and why. */
import type { StateStore } from "../ports.ts";
import { breakerKey, CLOSED_BREAKER, haltedBy, resumedBy, type TradingBreaker } from "../risk/trading-breaker.ts";
import type { Instant } from "../time.ts";
import type { AccountName } from "../trade.ts";
import { accountMemoryKey, NO_MEMORY, withoutHighWater } from "./account-memory.ts";
import { changeState } from "./change-state.ts";
import { forgetHoldings } from "./holdings.ts";

export interface Word {
  readonly account: AccountName;
  readonly who: string;
  readonly why: string;
  readonly now: Instant;
}

/** Every run of the account stops at its next step: what is open is canceled, nothing is submitted. */
export async function haltAccount(state: StateStore, { account, who, why, now }: Word): Promise<TradingBreaker> {
  return changeState(state, breakerKey(account), (before = CLOSED_BREAKER) => {
    const after = haltedBy(before, who, why, now);
    return { after, answer: after };
  });
}

/** Ends a halt or a cooling; the drawdown is counted from the equity of the next run on, and what is held then is not questioned. */
export async function resumeAccount(state: StateStore, { account, who, why, now }: Word): Promise<TradingBreaker> {
  await changeState(state, accountMemoryKey(account), (before = NO_MEMORY) => ({ after: before.highWater === undefined ? before : withoutHighWater(before), answer: undefined }));
  await forgetHoldings(account, state);
  return changeState(state, breakerKey(account), (before = CLOSED_BREAKER) => {
    const after = resumedBy(before, who, why, now);
    return { after, answer: after };
  });
}
