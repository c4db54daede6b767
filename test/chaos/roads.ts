/** How a delivered trigger comes to `advanceRun`, and what becomes of the delivery. */
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { RebalanceHandler } from "../../src/handlers/rebalance.ts";
import { JournalConflict, type BlobStore, type Broker, type Clock } from "../../src/ports.ts";
import type { Closed } from "../../src/run/close-run.ts";
import type { Trigger } from "../../src/run/deployment.ts";
import type { RunOutcome } from "../../src/run/journal.ts";
import { runIdOf } from "../../src/run/run-identity.ts";
import type { CallAgainAt } from "../../src/run/work-orders.ts";
import { LeaseLost, type FencingStore } from "../../src/state/fence.ts";
import type { Held } from "../../src/state/lease.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";
import type { RunId } from "../../src/trade.ts";
import { Chance } from "./chance.ts";
import type { DrawnDay, Road } from "./drawn-day.ts";
import { DurableExecution } from "./durable-execution.ts";
import { eventOf, FunctionProcess, type FunctionAnswer } from "./function-process.ts";
import type { Death } from "./mortality.ts";
import { Process, type ProcessTerms } from "./process.ts";
import type { VenueWithFaults } from "./venue-with-faults.ts";

/** What somebody was told of a run. */
export type Told =
  | Closed
  | CallAgainAt
  | Held
  | { readonly kind: "overtaken" }
  | { readonly kind: "not-due" }
  /** What an alarm would look at. */
  | { readonly kind: "metric"; readonly isSuccess: boolean }
  /** Each execution ended well because another would go on, and none did. */
  | { readonly kind: "left-to-another" };

export interface Delivery {
  readonly trigger: Trigger;
  readonly at: Instant;
  /** Whether it is delivered again until the run has closed. */
  readonly isFollowed: boolean;
  readonly execution?: DurableExecution;
}

export interface Delivered {
  readonly told?: Told;
  /** What went wrong, as whoever delivered it sees it. */
  readonly failure?: unknown;
  readonly died?: true;
  /** The delivery that follows, if it is followed. */
  readonly next?: Pick<Delivery, "at" | "execution">;
}

export interface RoadTerms {
  readonly day: DrawnDay;
  readonly venue: VenueWithFaults;
  readonly secret: string;
  readonly store: ProcessTerms["store"];
  readonly blobs: BlobStore | undefined;
  readonly secrets: SecretsManagerClient | undefined;
  readonly isCalm: () => boolean;
  readonly plant: ((broker: Broker) => Broker) | undefined;
  readonly around: ((handler: RebalanceHandler) => RebalanceHandler) | undefined;
  /** A metric of a run that closed. */
  readonly onMetric: (run: RunId, word: Told) => void;
}

export type Deliver = (delivery: Delivery) => Promise<Delivered>;

export function roadOf(terms: RoadTerms): Deliver {
  const drawn = new Draws(terms);
  const { road } = terms.day;
  return road.kind === "ports" ? (delivery) => throughPorts(delivery, terms, drawn) : throughFunction(terms, road, drawn);
}

/** What differs from process to process, and from pause to pause. */
class Draws {
  readonly #terms: RoadTerms;
  readonly #pauses: Chance;
  #processes = 0;

  constructor(terms: RoadTerms) {
    this.#terms = terms;
    this.#pauses = new Chance(terms.day.seed, "deliveries");
  }

  get now(): Instant {
    return this.#terms.venue.venue.now;
  }

  process(effectsMax: number): { readonly name: string; readonly keyId: string; readonly clock: Clock; readonly timeoutMs: number; readonly death: Death | undefined } {
    this.#processes += 1;
    const { day: { seed, clockSkewMaxMs, timeoutMs, deathProbability }, isCalm } = this.#terms;
    const chance = new Chance(seed, `process ${this.#processes}`);
    const skew = isCalm() ? 0 : chance.integer(-clockSkewMaxMs, clockSkewMaxMs);
    const dies = !isCalm() && chance.happens(deathProbability);
    const of = dies ? chance.oneOf(["effect", "effect", "request"]) : "effect";
    return {
      name: `process ${this.#processes}`,
      keyId: `PKCHAOS${seed}N${this.#processes}`,
      clock: { now: () => plusMs(this.now, skew) },
      timeoutMs: isCalm() ? 2_000 : timeoutMs,
      death: dies ? { of, number: chance.integer(1, of === "effect" ? effectsMax : 25), when: chance.oneOf(["before", "while", "after"]) } : undefined,
    };
  }

  afterDeath(): Instant {
    return this.in(this.#pauses.integer(0, 150) * 1_000);
  }

  afterFailure(): Instant {
    return this.in(this.#pauses.integer(1, 120) * 1_000);
  }

  in(ms: number): Instant {
    return plusMs(this.now, ms);
  }
}

async function throughPorts({ trigger }: Delivery, { venue, secret, store, plant }: RoadTerms, drawn: Draws): Promise<Delivered> {
  const process = new Process({ ...drawn.process(45), strategy: trigger.deployment.strategy.name, url: venue.server.url, secret, store, plant });
  venue.admit(process);
  try {
    const answer = await process.advance(trigger);
    if (answer === "died") return { died: true, next: { at: drawn.afterDeath() } };
    const now = process.clock.now();
    if (answer.kind === "call-again") return { told: answer, next: { at: drawn.in(Math.max(1_000, answer.at - now)) } };
    if (answer.kind === "held") return { told: answer, next: { at: drawn.in(Math.max(1_000, Math.min(answer.until - now, 5_000))) } };
    return { told: answer };
  } catch (error) {
    // Another delivery is ahead of this one. It may be a call for no reason, which nobody follows.
    if (error instanceof JournalConflict) return { next: { at: drawn.in(60_000) } };
    return { failure: error, next: { at: error instanceof LeaseLost ? drawn.in(5_000) : drawn.afterFailure() } };
  }
}

type FunctionRoad = Extract<Road, { readonly kind: "function" }>;

/** A process serves one delivery at a time and lives on to the next, as Lambda's do. */
function throughFunction(terms: RoadTerms, { isDurable, config }: FunctionRoad, drawn: Draws): Deliver {
  const { venue, isCalm, blobs, plant, around, onMetric } = terms;
  const store = { ...(terms.store as { readonly store: FencingStore }).store, ...(blobs && { blobs }) };
  let processes: FunctionProcess[] = [];
  let wasCalm = false;
  let executions = 0;

  function started(strategy: string): FunctionProcess {
    const process = new FunctionProcess({
      ...drawn.process(90), strategy, url: venue.server.url, store, secrets: terms.secrets!, config, plant, around,
      output(line) {
        const { run, RunFailures: failures } = JSON.parse(line) as { readonly run?: RunId; readonly RunFailures?: number };
        if (run !== undefined && failures !== undefined) onMetric(run, { kind: "metric", isSuccess: failures === 0 });
      },
    });
    venue.admit(process);
    processes.push(process);
    return process;
  }

  function idle({ deployment: { strategy: { name } } }: Trigger): FunctionProcess {
    if (isCalm() && !wasCalm) processes = [];
    wasCalm = isCalm();
    processes = processes.filter(({ mortality }) => !mortality.isDead);
    return processes.find(({ isBusy, strategy }) => !isBusy && strategy === name) ?? started(name);
  }

  async function once({ trigger }: Delivery): Promise<Delivered> {
    try {
      const answer = await idle(trigger).invoke(trigger);
      if (answer === "died") return { died: true, next: { at: drawn.afterDeath() } };
      const told = toldOf(answer);
      if (told.kind === "call-again") return { told, next: { at: drawn.in(Math.max(1_000, told.at - drawn.now)) } };
      return { told, ...(told.kind === "overtaken" && { next: { at: drawn.in(60_000) } }) };
    } catch (error) {
      return { failure: error, next: { at: drawn.afterFailure() } };
    }
  }

  /** Whoever finds an execution failed starts another from its message. One that ended because another is ahead is at its end. */
  async function durably({ trigger, execution = new DurableExecution(`${(executions += 1)}`, eventOf(trigger), { now: () => drawn.now }) }: Delivery): Promise<Delivered> {
    try {
      const ended = await idle(trigger).invokeDurably(execution);
      if (ended === "died") return { died: true, next: { at: drawn.afterDeath(), execution } };
      switch (ended.status) {
        case "PENDING":
          return { next: { at: execution.dueAt, execution } };
        case "FAILED":
          return { failure: ended.why, next: { at: drawn.afterFailure() } };
        case "SUCCEEDED":
          return { told: toldOf(ended.answer) };
      }
    } catch (error) {
      return { failure: error, next: { at: drawn.afterFailure(), execution } };
    }
  }

  return isDurable ? durably : once;
}

function toldOf(answer: FunctionAnswer): Told {
  switch (answer.status) {
    case "closed":
      return { kind: "closed", run: answer.run, outcome: answer.outcome satisfies RunOutcome };
    case "call-again":
      return { kind: "call-again", at: instantOf(answer.at) };
    case "overtaken":
    case "not-due":
      return { kind: answer.status };
  }
}

export function runOf({ deployment: { account, strategy }, scheduledAt }: Trigger): RunId {
  return runIdOf(account, strategy.name, scheduledAt);
}
