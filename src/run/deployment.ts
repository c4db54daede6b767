/** What is to be run, where and within which limits: the parsed form of one strategy entry of the configuration. */
import type { Weight } from "../money.ts";
import type { AccountName, Symbol } from "../trade.ts";
import type { ExecutionStyle } from "../execution/execution.ts";
import type { AccountRules, ExitRules } from "../risk/account-rules.ts";
import type { Limits } from "../risk/limits.ts";
import { currentOrNextSession, type Session } from "../rules/calendar.ts";
import type { FeeScheduleName } from "../rules/fees.ts";
import type { FillProfileName } from "../simulator/fill-profiles.ts";
import type { ConfiguredStrategy } from "../strategy.ts";
import { plusMs, type Instant, type SessionDate } from "../time.ts";

/** Everything here is JSON and is journaled when a run opens. */
export interface RunSettings {
  /** The share of the account's equity that this strategy manages. */
  readonly allocation: Weight;
  /** `closing-auction` is the market of data that know closes only: it is open at the instant of the close. */
  readonly tradingHours: "core" | "closing-auction";
  readonly shares: "fractional" | "whole";
  /** `market` orders, limit orders at the collar, or orders that are worked over time. */
  readonly executionStyle: ExecutionStyle;
  readonly limits: Limits;
  readonly fees: FeeScheduleName;
  /** Shared by the runs of all strategies of the account. */
  readonly accountRules?: AccountRules;
  /** Positions that are sold whatever the strategy says. */
  readonly exits?: ExitRules;
  /** Starts every generator of chance in the simulated market. */
  readonly seed: number;
  /** How the simulated market fills; absent for a constant spread and share of the volume, and where the market is a real one. */
  readonly fillProfile?: FillProfileName;
}

export interface Deployment {
  readonly account: AccountName;
  readonly strategy: ConfiguredStrategy;
  /** In order, without repeats. The run touches no other symbol. */
  readonly symbols: readonly Symbol[];
  readonly settings: RunSettings;
}

export interface Trigger {
  readonly deployment: Deployment;
  readonly scheduledAt: Instant;
  /** For a liquidation alone: a halt and a cooling breaker do not stop it. */
  readonly despiteHalt?: true;
  /** The hash of the stored plan that the run has to keep to. */
  readonly plan?: string;
}

export interface TradingWindow {
  readonly session: SessionDate;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

/**
 * The session in which a run scheduled at `scheduledAt` may trade: the first that closes after it. A run scheduled at
 * the instant of a close has seen that session's bar, so it trades in the next.
 */
export function tradingWindowOf(scheduledAt: Instant, hours: RunSettings["tradingHours"]): TradingWindow {
  const session: Session = currentOrNextSession(plusMs(scheduledAt, 1));
  return { session: session.date, opensAt: hours === "core" ? session.open : session.close, closesAt: session.close };
}
