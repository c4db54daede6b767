/**
 * What a run would have decided with another strategy, other parameters or other limits, from what it was told then.
 *
 * The path itself is called, over a journal of its own, and answered stage by stage: what was told before the targets
 * were set answers until targets are set, and so on. A view may be asked for with fewer bars than were recorded, quotes
 * and assets for fewer symbols; what is saved goes nowhere. Where the decisions leave what was recorded, it stops and
 * says why: a symbol that nobody quoted, or other sells, after which the account would have been another.
 */
import type { Json } from "../json.ts";
import { advanceRun } from "../run/advance-run.ts";
import type { Trigger } from "../run/deployment.ts";
import type { JournalEvent } from "../run/journal.ts";
import { answeringPorts, type Answers } from "./answering-ports.ts";
import { LenientAnswers, NotRecorded } from "./lenient-answers.ts";
import type { RunRecord } from "./read-record.ts";
import { callsBefore } from "./recorded-answers.ts";
import type { RecordedCall } from "./run-record.ts";

type EventOf<T extends JournalEvent["type"]> = Extract<JournalEvent, { type: T }>;
export type Decision = EventOf<"targets-set"> | EventOf<"orders-planned">;

export interface WhatIf {
  /** Targets, sells, buys, as far as it came. */
  readonly decided: readonly Decision[];
  /** Why it did not come further; undefined when all was decided. */
  readonly stopped: string | undefined;
}

export async function whatIf(events: readonly JournalEvent[], record: RunRecord, trigger: Trigger): Promise<WhatIf> {
  const stages = stagesOf(events, record);
  const decided: Decision[] = [];
  const answers = new LenientAnswers(stages[0]!, record.bytesOf);
  const made: JournalEvent[] = [];
  const journal = {
    read: async () => [],
    async append(_run: unknown, _place: number, event: JournalEvent) {
      made.push(event);
      if (event.type === "run-closed") throw new Over(decided.length < 3 && event.refused.length > 0 ? `the run as a whole was refused: ${event.refused.map(({ code }) => code).join(", ")}` : undefined);
      if (event.type !== "targets-set" && event.type !== "orders-planned") return;
      decided.push(event);
      if (event.type === "targets-set") answers.goOn(stages[1]!);
      else if (event.side === "buy") throw new Over(undefined);
      else if (!sameOrders(event, events)) throw new Over("other sells would have been placed: what the account would have held after them was not recorded, so the buys are not decided");
      else answers.goOn(stages[2]!);
    },
  };
  const stopped = await whyItStopped(trigger, answers, journal);
  return { decided, stopped };
}

class Over extends Error {
  override readonly name = "Over";
  readonly why: string | undefined;

  constructor(why: string | undefined) {
    super("everything that can be decided is decided");
    this.why = why;
  }
}

async function whyItStopped(trigger: Trigger, answers: Answers, journal: Parameters<typeof answeringPorts>[1]): Promise<string | undefined> {
  try {
    await advanceRun(trigger, answeringPorts(answers, journal));
    return "the run would have waited at this point";
  } catch (error) {
    if (error instanceof Over) return error.why;
    if (error instanceof NotRecorded) return error.message;
    throw error;
  }
}

/** What was told before the targets, from there to the sells, and from there to the buys. */
function stagesOf(events: readonly JournalEvent[], record: RunRecord): readonly (readonly RecordedCall[])[] {
  const targets = events.findIndex(({ type }) => type === "targets-set");
  const sells = events.findIndex((event) => event.type === "orders-planned" && event.side === "sell");
  const buys = events.findIndex((event) => event.type === "orders-planned" && event.side === "buy");
  const between = (from: number, to: number): readonly RecordedCall[] => Array.from({ length: Math.max(0, to - from) }, (_, place) => callsBefore(record, from + 1 + place)).flat();
  const last = events.length - 1;
  return [between(-1, targets < 0 ? last : targets), targets < 0 ? [] : between(targets, sells < 0 ? last : sells), sells < 0 ? [] : between(sells, buys < 0 ? last : buys)];
}

function sameOrders(plan: EventOf<"orders-planned">, events: readonly JournalEvent[]): boolean {
  const then = events.find((event) => event.type === "orders-planned" && event.side === plan.side);
  const ordersOf = (event: JournalEvent | undefined): Json => (event?.type === "orders-planned" ? event.orders.map(({ clientOrderId, quantity, type, priceBound }) => [clientOrderId, quantity, type, priceBound]) : []);
  return JSON.stringify(ordersOf(plan)) === JSON.stringify(ordersOf(then));
}
