/**
 * /sim/v1: what an operator does to the market. Bodies are commands as the log has them, without their instant: amounts
 * are integers, prices in millionths of a dollar and quantities in billionths of a share.
 */
import { z } from "zod";
import { LAST_TICK_DAY } from "../rules/tick-sizes.ts";
import { dateOfEpochDay, instantOf, isoOf, newYorkClock, type Instant } from "../time.ts";
import { venueCommandSchema } from "./commands.ts";
import type { ServerParts } from "./server-parts.ts";
import { invalidRequest, wireErrorOf } from "./wire-errors.ts";

const OPERATORS_COMMANDS = ["open-account", "list", "quote", "halt", "resume", "split", "dividend"];
const moveSchema = z.strictObject({ to: z.string() });

export function simulationRoutes(parts: ServerParts, moveTo: (at: Instant) => Promise<void>): void {
  parts.app.post("/sim/v1/commands", async (request) => {
    const body = z.looseObject({ type: z.enum(OPERATORS_COMMANDS) }).safeParse(request.body);
    if (!body.success) throw invalidRequest(`type must be one of ${OPERATORS_COMMANDS.join(", ")}`);
    const command = venueCommandSchema.safeParse({ ...body.data, at: 0 });
    if (!command.success) throw invalidRequest(z.prettifyError(command.error));
    const reply = await parts.execute(command.data);
    if (reply.kind === "rejected") throw wireErrorOf(reply.rejection);
    return { done: body.data.type };
  });

  parts.app.post("/sim/v1/advance", async (request) => {
    if (parts.settings.time.mode !== "stepped") throw invalidRequest("the market's time follows the clock; only a stepped market is advanced");
    const body = moveSchema.safeParse(request.body);
    const to = body.success ? timeOf(body.data.to) : undefined;
    if (to === undefined) throw invalidRequest('the body is {"to": "2026-11-24T15:00:00Z"}');
    if (to < parts.now()) throw invalidRequest("the market's time does not go back");
    if (newYorkClock(to).day > LAST_TICK_DAY) throw invalidRequest(`the market plays until ${dateOfEpochDay(LAST_TICK_DAY)}: the ticks of later days are not known yet`);
    const { timetable } = parts.venue.settings.market;
    if (timetable && to > timetable.endsAt) throw invalidRequest(`the market's data end at ${isoOf(timetable.endsAt)}`);
    await moveTo(to);
    return { now: new Date(parts.now()).toISOString() };
  });
}

function timeOf(text: string): Instant | undefined {
  try {
    return instantOf(text);
  } catch {
    // The caller says what an instant looks like.
    return undefined;
  }
}
