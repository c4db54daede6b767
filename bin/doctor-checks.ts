/**
 * The checks of `ballast doctor`, one finding each: what was found, how bad that is, and what to do about it.
 *
 * A check that cannot be made is a finding too; none of them throws for what the world does. Nothing is traded, and the
 * one thing that is written is the store's own probe.
 */
import { z } from "zod";
import { alpacaCheckup, type Checkup } from "../src/alpaca/checkup.ts";
import { ReadBreaker } from "../src/alpaca/read-breaker.ts";
import type { AccountConfig } from "../src/config.ts";
import type { Venue } from "../src/handlers/ports-for-venue.ts";
import { moneyToText } from "../src/money.ts";
import { BrokerUnavailable, MarketDataMissing, type StateKey } from "../src/ports.ts";
import { breakerKey, CLOSED_BREAKER, positionAt } from "../src/risk/trading-breaker.ts";
import { sessionsBetween } from "../src/rules/calendar.ts";
import { changeState } from "../src/run/change-state.ts";
import { tradingWindowOf, type Deployment } from "../src/run/deployment.ts";
import { barsNeeded } from "../src/run/market-facts.ts";
import { KeysUnavailable } from "../src/aws/secrets.ts";
import { ConfigInvalid } from "../src/config.ts";
import { StoreUnavailable } from "../src/state/store-errors.ts";
import { dateOfEpochDay, instantOf, isoOf, newYorkClock, type EpochDay, type Instant } from "../src/time.ts";
import type { Desk, DeskStore } from "./desk.ts";
import { recentRuns } from "./recent-runs.ts";

export interface Finding {
  /** "(all)" for what concerns no one account. */
  readonly account: string;
  readonly check: string;
  readonly level: "OK" | "WARN" | "FAIL";
  readonly says: string;
  /** What to do; absent where nothing is. */
  readonly remedy?: string;
}

type Judgement = Omit<Finding, "account" | "check">;

const ok = (says: string): Judgement => ({ level: "OK", says });
const warn = (says: string, remedy: string): Judgement => ({ level: "WARN", says, remedy });
const fail = (says: string, remedy: string): Judgement => ({ level: "FAIL", says, remedy });

const probeKey: StateKey<string> = { name: "doctor", parse: (stored) => z.string().parse(stored) };

export async function checkStore({ store, clock }: Desk): Promise<Finding> {
  const at = { account: "(all)", check: "store" };
  try {
    await changeState(store.state, probeKey, () => ({ after: isoOf(clock.now()), answer: undefined }));
    return { ...at, ...ok(`${store.name} (${store.schema}) can be read and written`) };
  } catch (error) {
    return { ...at, ...fail(messageOf(error), "see that the file or the table is there, and that it may be written") };
  }
}

export async function checkAccount(account: AccountConfig, desk: Desk, sessionsAhead: number): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const note = (check: string, judgement: Judgement): void => void findings.push({ account: account.name, check, ...judgement });
  note("state", await judged(() => haltOf(account, desk)));
  note("runs", await judged(() => openRunsOf(account, desk)));
  const venue = await openedVenue(account, desk, note);
  if (!venue) return findings;
  const { host, keys } = venue;
  const checkup = alpacaCheckup({ keys, host, breaker: new ReadBreaker("doctor", desk.clock) });
  const accepted = await judged(async () => {
    const { equity, cash, blocked } = await venue.ports.broker.account();
    return blocked === undefined ? ok(`accepted; equity ${moneyToText(equity)} USD, of which cash ${moneyToText(cash)}`) : fail(`accepted, but ${blocked}`, "resolve the block with the broker");
  }, "see that the keys are this account's and of the right kind (paper or live)");
  note("keys", accepted);
  if (accepted.level === "FAIL" && accepted.says.includes("HTTP 40")) return findings;
  note("permissions", await judged(() => permissionsOf(account, desk, checkup)));
  note("clock", await judged(() => clockOf(checkup, desk)));
  note("calendar", await judged(() => calendarOf(checkup, desk, sessionsAhead)));
  note("market data", await judged(() => marketDataOf(account, desk, venue), "see that the subscription permits the feed, or name a feedFallback"));
  for (const deployment of desk.config.deployments) if (deployment.account === account.name) note("bars", await judged(() => barsOf(deployment, desk, venue), "a run would end with this: try again some minutes after a close, take the symbol out, or name another feed"));
  await venue.keepBreakers();
  return findings;
}

async function openedVenue(account: AccountConfig, desk: Desk, note: (check: string, judgement: Judgement) => void): Promise<Venue<DeskStore> | undefined> {
  try {
    const venue = await desk.openVenue(account);
    const hosts = { paper: "Alpaca's paper host", live: "Alpaca's live host: REAL MONEY", compatible: "a server on this machine that speaks Alpaca's protocol" } as const;
    note("host", (venue.host.venue === "live" ? warn(hosts.live, "nothing, if that is what is meant") : ok(hosts[venue.host.venue])));
    return venue;
  } catch (error) {
    if (error instanceof KeysUnavailable) note("keys", fail(error.message, "put them there; ballast never prints them"));
    else if (error instanceof ConfigInvalid) note("host", fail(error.message, `look again with --live ${account.name}, or change the configuration`));
    else if (error instanceof StoreUnavailable) note("host", fail(error.message, "mend the store first"));
    else throw error;
    return undefined;
  }
}

async function haltOf({ name }: AccountConfig, { store, clock }: Desk): Promise<Judgement> {
  const position = positionAt((await store.state.load(breakerKey(name)))?.value ?? CLOSED_BREAKER, clock.now());
  if (position.kind === "closed") return ok("trading");
  const why = `${position.kind} since ${isoOf(position.since)}: ${position.why}`;
  return position.kind === "halted" ? warn(why, `find out why, then: ballast resume --account ${name} --why "…"`) : warn(why, `it ends by itself at ${isoOf(position.until)}`);
}

const RUNS_LOOKED_AT = 40;

async function openRunsOf({ name }: AccountConfig, { store, clock, config }: Desk): Promise<Judgement> {
  const now = clock.now();
  const open = (await recentRuns(store, name, RUNS_LOOKED_AT)).filter(({ events }) => events.length > 0 && events.at(-1)?.type !== "run-closed");
  if (open.length === 0) return ok("none is open");
  const hours = config.deployments.find(({ account }) => account === name)?.settings.tradingHours ?? "core";
  const late = open.filter(({ run }) => tradingWindowOf(instantOf(run.slice(run.lastIndexOf("/") + 1)), hours).closesAt < now);
  const [first] = late;
  if (!first) return ok(`${open.length} under way: ${open.map(({ run }) => run).join(", ")}`);
  return warn(`${late.length} still open after the close of its session: ${late.map(({ run }) => run).join(", ")}`, `end it: ballast run --wait --account ${name} --at ${first.run.slice(first.run.lastIndexOf("/") + 1)}`);
}

async function permissionsOf(account: AccountConfig, { config }: Desk, checkup: Checkup): Promise<Judgement> {
  const [{ status, multiplier, shorting_enabled }, { no_shorting, max_margin_multiplier }] = await Promise.all([checkup.permissions(), checkup.restrictions()]);
  const onMargin = config.deployments.some(({ account: on, settings }) => on === account.name && settings.accountRules?.marginAccount);
  const mayShort = shorting_enabled === true && no_shorting !== true;
  const wishes = [...(mayShort ? ["no_shorting: true"] : []), ...(multiplier !== "1" && max_margin_multiplier !== "1" && !onMargin ? ['max_margin_multiplier: "1"'] : [])];
  const found = `status ${status ?? "unknown"}, buying power times ${multiplier ?? "unknown"}, ${mayShort ? "may sell short" : "sells nothing short"}`;
  if (status !== undefined && status !== "ACTIVE") return fail(found, "wait until the broker has made the account active");
  return wishes.length === 0 ? ok(found) : warn(found, `Ballast borrows nothing: set ${wishes.join(" and ")} in the account's configuration at the broker`);
}

/** Beyond the second, quotes would be refused as being from the future. */
const SKEW_MS = { warn: 1_000, fail: 5_000 } as const;

async function clockOf(checkup: Checkup, { clock }: Desk): Promise<Judgement> {
  const before = clock.now();
  const venue = await checkup.clock();
  const after = clock.now();
  const skew = Math.round(venue - (before + after) / 2);
  const doubt = Math.ceil((after - before) / 2);
  const says = `the venue's clock is ${Math.abs(skew)} ms ${skew < 0 ? "behind" : "ahead of"} this machine's, give or take ${doubt} ms`;
  const off = Math.max(Math.abs(skew) - doubt, 0);
  if (off <= SKEW_MS.warn) return ok(says);
  return off <= SKEW_MS.fail ? warn(says, "let the machine keep its time by NTP") : fail(says, "set the machine's clock: runs would refuse quotes as being from the future, or as stale");
}

async function calendarOf(checkup: Checkup, { clock }: Desk, count: number): Promise<Judgement> {
  const { day } = newYorkClock(clock.now());
  const ours = sessionsBetween(day, (day + 2 * count + 10) as EpochDay).slice(0, count);
  const venue = await checkup.sessions(ours[0]!.date, ours.at(-1)!.date);
  const hours = (session: { readonly open: Instant; readonly close: Instant } | undefined): string => (session ? `${isoOf(session.open)} to ${isoOf(session.close)}` : "no session");
  const known = new Set(ours.map(({ date }) => date));
  const differences = [
    ...ours.flatMap((session) => {
      const theirs = venue.get(session.date);
      return theirs?.open === session.open && theirs.close === session.close ? [] : [`${session.date}: ours ${hours(session)}, the venue's ${hours(theirs)}`];
    }),
    ...[...venue].filter(([date]) => !known.has(date)).map(([date, theirs]) => `${date}: ours no session, the venue's ${hours(theirs)}`),
  ];
  if (differences.length === 0) return ok(`the next ${ours.length} sessions agree, up to ${ours.at(-1)!.date}`);
  return warn(differences.join("; "), "runs of these days will be refused: believe the venue, and update the calendar's special closures");
}

async function marketDataOf({ name, feed }: AccountConfig, { config, clock }: Desk, { ports }: Venue<DeskStore>): Promise<Judgement> {
  const symbol = config.deployments.find(({ account }) => account === name)?.symbols[0];
  if (symbol === undefined) return ok("no strategy runs on the account");
  const quote = (await ports.marketData.quotes([symbol])).get(symbol);
  if (!quote) return warn(`feed ${feed} answers, without a two-sided quote for ${symbol}`, "look again while the market is open");
  return ok(`feed ${feed} answers; ${symbol} was quoted ${Math.max(0, Math.round((clock.now() - quote.at) / 1000))} s ago`);
}

const SHORT_SHOWN = 5;

/** What a run would be shown: every bar that the strategy and its limits look back on, or all that there are of a symbol. */
async function barsOf({ strategy, symbols, settings }: Deployment, { clock }: Desk, { ports }: Venue<DeskStore>): Promise<Judgement> {
  const needed = Math.max(strategy.lookback, barsNeeded(settings.limits, settings.executionStyle));
  if (needed === 0) return ok(`${strategy.name} looks at none`);
  const view = await ports.marketData.view(symbols, needed, clock.now());
  const short = symbols.flatMap((symbol) => {
    const { days } = view.bars(symbol);
    return days.length >= needed ? [] : [`${symbol} has ${days.length}, from ${dateOfEpochDay(days[0] as EpochDay)} on, and the rest in ${needed - days.length} sessions`];
  });
  const lookedAt = `${strategy.name} looks back on ${needed} daily ${needed === 1 ? "bar" : "bars"}`;
  if (short.length === 0) return ok(`${lookedAt}, and every symbol has them`);
  const more = short.length > SHORT_SHOWN ? `; and ${short.length - SHORT_SHOWN} more symbols` : "";
  return warn(`${lookedAt}: ${short.slice(0, SHORT_SHOWN).join("; ")}${more}`, "see that the strategy decides well by fewer, or leave the symbol out until then");
}

async function judged(check: () => Promise<Judgement>, remedy = "try again; if it stays, ask the broker"): Promise<Judgement> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof BrokerUnavailable || error instanceof MarketDataMissing || error instanceof StoreUnavailable)) throw error;
    return fail(error.message, remedy);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
