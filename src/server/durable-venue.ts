/**
 * A venue whose commands are in a log: what it acknowledged is there again after any end of the process.
 *
 * The venue is a deterministic state machine, so the newest snapshot and the commands behind it are its state, and any
 * older snapshot leads to the same by more commands; `verifyVenue` tries that. A command at which the venue threw was
 * answered with an error, and throws again here: both go on behind it.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { VenueCommand } from "./commands.ts";
import { CommandLog, type Recovery, type SyncPolicy } from "./durable/command-log.ts";
import type { CommandLogFailed } from "./durable/log-errors.ts";
import { replayCommands, segmentsIn } from "./durable/log-segments.ts";
import { digestOf, readSnapshot, snapshotFiles, type SnapshotState } from "./durable/state-snapshot.ts";
import { loggedCommand } from "./logged-command.ts";
import type { Journaled } from "./server-parts.ts";
import { Venue, type VenueSettings, type VenueSnapshot } from "./venue.ts";

export interface DurableVenueSettings {
  readonly directory: string;
  readonly policy: SyncPolicy;
  /** Commands between two snapshots, at least: from one to the next the orders grow by a quarter. */
  readonly snapshotEvery: number;
  readonly venue: VenueSettings;
  readonly onSnapshotFailure: (error: unknown) => void;
}

export class DurableVenue implements Journaled {
  readonly venue: Venue;
  /** The commands of the log at which the venue threw, as it did when they came, and what it said. */
  readonly failedAgain: readonly string[];
  readonly #log: CommandLog;
  readonly #snapshotEvery: number;
  readonly #onSnapshotFailure: (error: unknown) => void;
  /** The command of the last snapshot, and the one at which the next is due. */
  #snapshotOf: number;
  #snapshotAt: number;
  #isKeeping = false;

  /** @throws DirectoryInUse, LogCorrupt, VenueSnapshotInvalid */
  static async open(settings: DurableVenueSettings): Promise<DurableVenue> {
    let venue = new Venue(settings.venue);
    const failedAgain: string[] = [];
    const log = await CommandLog.open(settings, {
      restore: (state) => (venue = restored(settings.venue, state)),
      apply: (command, sequence) => {
        const failure = applyAgain(venue, loggedCommand(command, sequence, settings.directory));
        if (failure) failedAgain.push(`command ${sequence}: ${failure.message}`);
      },
    });
    return new DurableVenue(settings, venue, log, failedAgain);
  }

  private constructor({ snapshotEvery, onSnapshotFailure }: DurableVenueSettings, venue: Venue, log: CommandLog, failedAgain: readonly string[]) {
    this.venue = venue;
    this.failedAgain = failedAgain;
    this.#log = log;
    this.#snapshotEvery = snapshotEvery;
    this.#onSnapshotFailure = onSnapshotFailure;
    this.#snapshotOf = log.recovery.snapshot?.sequence ?? 0;
    this.#snapshotAt = this.#dueAfter(this.#snapshotOf);
  }

  get recovery(): Recovery {
    return this.#log.recovery;
  }

  /** Commands so far. */
  get acknowledged(): number {
    return this.#log.acknowledged;
  }

  /** What a recovery would have to play. */
  get commandsSinceSnapshot(): number {
    return this.acknowledged - this.#snapshotOf;
  }

  /** Why nothing is acknowledged any more. */
  get failure(): CommandLogFailed | undefined {
    return this.#log.failure;
  }

  async append(command: VenueCommand): Promise<void> {
    const sequence = await this.#log.append(command);
    if (sequence < this.#snapshotAt || this.#isKeeping) return;
    this.#isKeeping = true;
    // By the next turn of the loop everything acknowledged has been applied as well.
    setImmediate(() => void this.#keep().catch(this.#onSnapshotFailure));
  }

  /** The state's identity: the same after every way to it. */
  digest(): string {
    return digestOf(stateOf(this.venue));
  }

  /** Keeps the state for a quick start; everything that was sent must have been answered. */
  async close(): Promise<void> {
    await nextTurn();
    if (!this.failure && this.acknowledged > (this.recovery.snapshot?.sequence ?? 0)) await this.#keep().catch(this.#onSnapshotFailure);
    await this.release();
  }

  async release(): Promise<void> {
    await this.#log.close();
  }

  async #keep(): Promise<void> {
    const sequence = this.acknowledged;
    this.#isKeeping = true;
    this.#snapshotAt = this.#dueAfter(sequence);
    try {
      await this.#log.snapshot(sequence, stateOf(this.venue));
      this.#snapshotOf = sequence;
    } finally {
      this.#isKeeping = false;
    }
  }

  /** All orders are in each snapshot: what snapshots cost stays in proportion to the orders only if they become rarer. */
  #dueAfter(sequence: number): number {
    return sequence + Math.max(this.#snapshotEvery, this.venue.orderCount >> 2);
  }
}

export interface Verification {
  /** What was derived, and from which command on. */
  readonly commands: number;
  readonly from: number;
  /** The newest snapshot, and the digest that the state was found to have there. */
  readonly snapshot: { readonly sequence: number; readonly digest: string; readonly derived: string } | undefined;
  readonly lastSequence: number;
  readonly digest: string;
  readonly agrees: boolean;
}

/**
 * Derives the state from the oldest point that the directory has, and compares it with the newest snapshot.
 * Changes nothing. @throws LogCorrupt, VenueSnapshotInvalid
 */
export async function verifyVenue(directory: string, settings: VenueSettings): Promise<Verification> {
  const files = await snapshotFiles(directory);
  const newest = files.length === 0 ? undefined : await readSnapshot(directory, files.at(-1)!.file);
  const isAllThere = segmentsIn(directory)[0]?.first === 1;
  const oldest = isAllThere || !newest ? undefined : await readSnapshot(directory, files[0]!.file);
  const venue = oldest ? restored(settings, oldest.state) : new Venue(settings);
  const from = oldest?.sequence ?? 0;
  let derived = from === newest?.sequence ? digestOf(stateOf(venue)) : "";
  const { lastSequence } = replayCommands(directory, from, (command, sequence) => {
    applyAgain(venue, loggedCommand(command, sequence, directory));
    if (sequence === newest?.sequence) derived = digestOf(stateOf(venue));
  });
  const digest = digestOf(stateOf(venue));
  const snapshot = newest && { sequence: newest.sequence, digest: newest.digest, derived };
  return { commands: lastSequence - from, from, snapshot, lastSequence, digest, agrees: snapshot === undefined || snapshot.digest === snapshot.derived };
}

function stateOf(venue: Venue): SnapshotState {
  return { ...venue.snapshot() };
}

function restored(settings: VenueSettings, state: SnapshotState): Venue {
  return Venue.restore(settings, state as unknown as VenueSnapshot);
}

/** A command at which the venue threw when it came throws again, and the venue goes on. */
function applyAgain(venue: Venue, command: VenueCommand): Error | undefined {
  try {
    venue.apply(command);
    return undefined;
  } catch (failure) {
    return failure as Error;
  }
}
