/**
 * How the market's time moves: with a clock, by steps that are asked for, or as fast as the clients' streams take it.
 *
 * Time never goes back, and where the market has a timetable it stops at its end.
 */
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { minOf } from "../money.ts";
import { plusMs, type Instant } from "../time.ts";
import type { VenueCommand } from "./commands.ts";
import type { ServerParts, ServerSettings, TimeSettings } from "./server-parts.ts";
import type { VenueReply } from "./venue-replies.ts";

/** With the instant of each command given. */
type Execute = (command: VenueCommand) => Promise<VenueReply>;

/** The instant that the market should have. */
export function marketTime({ time, venue }: ServerSettings): () => Instant {
  if (time.mode !== "real") return () => venue.now;
  const { clock, speed } = time;
  const [from, startedAt] = [venue.now, clock()];
  const endsAt = Math.max(from, venue.settings.market.timetable?.endsAt ?? Infinity) as Instant;
  return () => minOf(plusMs(from, Math.max(0, Math.floor((clock() - startedAt) * speed))), endsAt);
}

/** Lets the market's time go on while nobody sends anything. What it returns stops that. */
export function keepMoving(parts: ServerParts, execute: Execute): () => Promise<void> {
  const { time } = parts.settings;
  switch (time.mode) {
    case "stepped":
      return async () => undefined;
    case "real":
      return tick(parts, time);
    case "unpaced":
      return run(parts, execute);
  }
}

/** Where somebody listens, by every instant of the timetable, so that no client has more to take than comes at one of them. */
export async function moveTo(parts: ServerParts, execute: Execute, at: Instant): Promise<void> {
  const { timetable } = parts.venue.settings.market;
  while (timetable && clientsOf(parts.app).length > 0) {
    const next = timetable.next(parts.venue.now);
    if (next >= at || next <= parts.venue.now) break;
    await execute({ type: "advance", at: next });
    await streamsTaken(parts.app);
  }
  await execute({ type: "advance", at });
}

/** At every tick, and when the exchange owes an answer. */
function tick(parts: ServerParts, { tickMs, speed }: Extract<TimeSettings, { mode: "real" }>): () => Promise<void> {
  const { venue } = parts;
  let isWaiting = false;
  let said = "";
  let owing: NodeJS.Timeout | undefined;
  const hasPassed = (): boolean => parts.now() > venue.now;
  const advance = (): void => {
    if (isWaiting || !hasPassed()) return;
    isWaiting = true;
    parts.execute({ type: "advance" }).finally(() => (isWaiting = false)).catch((err: unknown) => {
      if (said === String(err)) return;
      said = String(err);
      parts.settings.log?.error({ err }, "the market does not go on");
    });
  };
  const answerInTime = (): void => {
    const { nextDue } = venue.exchange;
    if (owing || nextDue === Infinity) return;
    owing = setTimeout(() => {
      owing = undefined;
      // Where the market's time has ended nothing is due any more.
      if (hasPassed()) answerInTime();
      advance();
    }, Math.max(1, Math.ceil((nextDue - parts.now()) / speed))).unref();
  };
  // What the exchange owes is known once the command that is being applied has been.
  const stopListening = venue.settings.exchange.acknowledgeMs ? venue.onUpdate(() => queueMicrotask(answerInTime)) : (): void => undefined;
  const timer = setInterval(advance, tickMs).unref();
  return async () => {
    stopListening();
    clearInterval(timer);
    clearTimeout(owing);
  };
}

function run(parts: ServerParts, execute: Execute): () => Promise<void> {
  const { venue, app } = parts;
  const { timetable } = venue.settings.market;
  if (!timetable) throw new Error("only a market that is known beforehand can be played as fast as it is taken");
  let isStopped = false;
  const go = async (): Promise<void> => {
    while (!isStopped && venue.now < timetable.endsAt) {
      await execute({ type: "advance", at: timetable.next(venue.now) });
      await streamsTaken(app, () => isStopped);
    }
  };
  const going = go().catch((err: unknown) => parts.settings.log?.error({ err }, "the market does not go on"));
  return async () => {
    isStopped = true;
    await going;
  };
}

const TAKEN_BELOW_BYTES = 65_536;
const LOOK_EVERY_MS = 2;

/** Resolves when no client has much left to take. One that takes nothing at all is closed when it answers no ping. */
async function streamsTaken(app: FastifyInstance, isGivenUp = (): boolean => false): Promise<void> {
  // What was said in this turn is written at its end.
  await nextTurn();
  while (!isGivenUp() && clientsOf(app).some(({ bufferedAmount }) => bufferedAmount > TAKEN_BELOW_BYTES)) await pause(LOOK_EVERY_MS);
}

function clientsOf(app: FastifyInstance): readonly { readonly bufferedAmount: number }[] {
  return app.hasDecorator("websocketServer") ? [...app.websocketServer.clients] : [];
}
