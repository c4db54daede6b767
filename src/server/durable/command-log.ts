/**
 * An append-only log of commands in a directory, and the state that they lead to.
 *
 * A command is plain JSON and the log knows nothing of what it means. `append` gives it the next sequence number and
 * resolves when it is as durable as the policy says, in the order of the calls:
 *
 *     every-batch   behind an fdatasync that is shared by all that wait: a loss of power loses nothing acknowledged
 *     interval      behind the write: the death of the process loses nothing, a loss of power what the interval holds
 *     never         as interval, and when the system likes
 *
 * A write or sync that the disk refuses fails this append and every later one (`failure`): what the disk has of it is
 * not known, and the next `open` finds out. `open` takes the newest whole snapshot and replays the commands behind it,
 * cuts a torn end and says so, and refuses to go on over damage. One process at a time holds the directory.
 */
import fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeDirectory } from "../../make-directory.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { syncDirectory, UNFINISHED } from "./durable-file.ts";
import { CommandLogFailed, LogCorrupt } from "./log-errors.ts";
import { encodedRecord } from "./log-record.ts";
import { replayCommands, segmentFile, segmentsIn, type TornTail } from "./log-segments.ts";
import { readSnapshot, snapshotFiles, writeSnapshot, type SnapshotState, type StoredSnapshot } from "./state-snapshot.ts";

export type SyncPolicy = { readonly sync: "every-batch" } | { readonly sync: "interval"; readonly ms: number } | { readonly sync: "never" };

export interface CommandLogSettings {
  readonly directory: string;
  readonly policy: SyncPolicy;
  /** A file that has grown to this is followed by the next. */
  readonly segmentBytesMax?: number;
}

/** What becomes of the commands. */
export interface Replay {
  restore(state: SnapshotState, sequence: number): void;
  apply(command: unknown, sequence: number): void;
}

export interface Recovery {
  /** The snapshot that the state was restored from. */
  readonly snapshot: { readonly sequence: number; readonly digest: string } | undefined;
  /** Newer snapshots that are damaged, and what is wrong with them. */
  readonly damagedSnapshots: readonly string[];
  readonly commandsReplayed: number;
  readonly lastSequence: number;
  readonly torn: TornTail | undefined;
}

interface Waiting {
  readonly text: string;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: CommandLogFailed) => void;
}

const SEGMENT_BYTES_MAX = 1 << 26;
const COMMAND_CHARACTERS_MAX = 1 << 22;
const BATCH_CHARACTERS_MAX = 1 << 22;
/** The older one is what `--verify` starts from, and what is left if the newer is damaged. */
const SNAPSHOTS_KEPT = 2;

export class CommandLog {
  readonly recovery: Recovery;
  readonly #directory: string;
  readonly #policy: SyncPolicy;
  readonly #segmentBytesMax: number;
  readonly #lock: DirectoryLock;
  readonly #timer: NodeJS.Timeout | undefined;
  #file: number;
  #fileBytes: number;
  #waiting: Waiting[] = [];
  /** The last command that was acknowledged. */
  #acknowledged: number;
  #isDirty = false;
  #isClosed = false;
  #work: Promise<void> | undefined;
  /** What writes or syncs the file takes turns. */
  #turn: Promise<unknown> = Promise.resolve();
  #snapshots: Promise<unknown> = Promise.resolve();
  #failure: CommandLogFailed | undefined;

  /** @throws DirectoryInUse, LogCorrupt */
  static async open(settings: CommandLogSettings, replay: Replay): Promise<CommandLog> {
    const { directory } = settings;
    makeDirectory(directory, 0o700);
    const lock = new DirectoryLock(directory);
    try {
      for (const name of fs.readdirSync(directory)) if (name.endsWith(UNFINISHED)) fs.rmSync(join(directory, name));
      return new CommandLog(settings, lock, await recover(directory, replay), await openedSegment(directory));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor({ directory, policy, segmentBytesMax = SEGMENT_BYTES_MAX }: CommandLogSettings, lock: DirectoryLock, recovery: Recovery, file: number) {
    this.#directory = directory;
    this.#policy = policy;
    this.#segmentBytesMax = segmentBytesMax;
    this.#lock = lock;
    this.recovery = recovery;
    this.#acknowledged = recovery.lastSequence;
    this.#file = file;
    this.#fileBytes = fs.fstatSync(file).size;
    this.#timer = policy.sync === "interval" ? setInterval(() => void this.#syncNow().catch(noteFailure), policy.ms).unref() : undefined;
  }

  /** Resolves with the command's sequence number. @throws CommandLogFailed */
  append(command: unknown): Promise<number> {
    if (this.#isClosed) throw new Error("the command log is closed");
    if (this.#failure) return Promise.reject(this.#failure);
    const text = JSON.stringify(command);
    if (text.length > COMMAND_CHARACTERS_MAX) throw new RangeError(`a command of ${text.length} characters; the log takes ${COMMAND_CHARACTERS_MAX}`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      this.#work ??= this.#drain();
    });
  }

  /** The last command that was acknowledged. In a macrotask of its own every one up to it has been applied as well. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Set when the disk has refused: nothing is acknowledged any more. */
  get failure(): CommandLogFailed | undefined {
    return this.#failure;
  }

  /**
   * Keeps `state`, as command `sequence` left it, and deletes the commands and snapshots that are no longer needed. It is
   * written in pieces while commands are taken, so nothing of it may change. A snapshot that fails harms nothing.
   */
  snapshot(sequence: number, state: SnapshotState): Promise<{ readonly digest: string }> {
    if (sequence > this.#acknowledged) throw new Error(`a snapshot of command ${sequence}, which is not acknowledged`);
    const kept = this.#snapshots.then(async () => {
      // What the snapshot replaces has to be on the disk first, whatever the policy.
      await this.#syncNow();
      const written = await writeSnapshot(this.#directory, sequence, state);
      await this.#retain();
      return written;
    });
    this.#snapshots = kept.catch(() => undefined);
    return kept;
  }

  /** Acknowledges what waits, seals the log and lets go of the directory. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#work;
    await this.#snapshots;
    try {
      if (!this.#failure) {
        await this.#alone(async () => writeAll(this.#file, encodedRecord(this.#acknowledged + 1, [])));
        await fdatasync(this.#file);
      }
    } finally {
      fs.closeSync(this.#file);
      this.#lock.release();
    }
  }

  async #drain(): Promise<void> {
    // Requests that arrived in the same turn of the loop share the first write.
    await nextTurn();
    while (this.#waiting.length > 0 && !this.#failure) {
      const batch = this.#nextBatch();
      try {
        await this.#alone(() => this.#write(batch));
      } catch (error) {
        this.#fail(error, batch);
        break;
      }
      for (const { resolve } of batch) resolve((this.#acknowledged += 1));
    }
    this.#work = undefined;
  }

  #nextBatch(): Waiting[] {
    let characters = 0;
    const end = this.#waiting.findIndex(({ text }) => (characters += text.length) > BATCH_CHARACTERS_MAX);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#fileBytes >= this.#segmentBytesMax) await this.#beginSegment();
    const record = encodedRecord(this.#acknowledged + 1, batch.map(({ text }) => text));
    writeAll(this.#file, record);
    this.#fileBytes += record.length;
    if (this.#policy.sync === "every-batch") await fdatasync(this.#file);
    else this.#isDirty = true;
  }

  async #beginSegment(): Promise<void> {
    await fdatasync(this.#file);
    const next = fs.openSync(join(this.#directory, segmentFile(this.#acknowledged + 1)), "ax", 0o600);
    fs.closeSync(this.#file);
    this.#file = next;
    this.#fileBytes = 0;
    await syncDirectory(this.#directory);
  }

  /** @throws CommandLogFailed */
  async #syncNow(): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      await this.#alone(async () => {
        if (!this.#isDirty) return;
        this.#isDirty = false;
        await fdatasync(this.#file);
      });
    } catch (error) {
      throw this.#fail(error, []);
    }
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #fail(cause: unknown, batch: readonly Waiting[]): CommandLogFailed {
    this.#failure ??= new CommandLogFailed(`the command log in ${this.#directory} cannot be written (${cause instanceof Error ? cause.message : String(cause)}): nothing more is acknowledged; mend the disk and start again`, { cause });
    for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(this.#failure);
    return this.#failure;
  }

  async #retain(): Promise<void> {
    const snapshots = await snapshotFiles(this.#directory);
    const kept = snapshots.slice(-SNAPSHOTS_KEPT);
    for (const { file } of snapshots.slice(0, -SNAPSHOTS_KEPT)) fs.rmSync(join(this.#directory, file));
    if (kept.length < SNAPSHOTS_KEPT) return;
    const segments = segmentsIn(this.#directory);
    for (const [index, { path }] of segments.entries()) {
      const next = segments[index + 1];
      if (next && next.first <= kept[0]!.sequence + 1) fs.rmSync(path);
    }
  }
}

/** The newest whole snapshot and all commands behind it. */
async function recover(directory: string, replay: Replay): Promise<Recovery> {
  const { snapshot, damaged } = await newestSnapshot(directory);
  // Out of the way of later snapshots, and there to be looked at.
  for (const { path } of damaged) fs.renameSync(path, `${path}.damaged`);
  if (snapshot) replay.restore(snapshot.state, snapshot.sequence);
  let commandsReplayed = 0;
  const { lastSequence, torn } = replayCommands(directory, snapshot?.sequence ?? 0, (command, sequence) => {
    replay.apply(command, sequence);
    commandsReplayed += 1;
  });
  if (torn) fs.truncateSync(torn.path, torn.offset);
  return { snapshot: snapshot && { sequence: snapshot.sequence, digest: snapshot.digest }, damagedSnapshots: damaged.map(({ message }) => message), commandsReplayed, lastSequence, torn };
}

async function newestSnapshot(directory: string): Promise<{ readonly snapshot: StoredSnapshot | undefined; readonly damaged: readonly LogCorrupt[] }> {
  const damaged: LogCorrupt[] = [];
  for (const { file } of (await snapshotFiles(directory)).reverse()) {
    try {
      return { snapshot: await readSnapshot(directory, file), damaged };
    } catch (error) {
      // The one before it and more commands lead to the same state.
      if (!(error instanceof LogCorrupt)) throw error;
      damaged.push(error);
    }
  }
  return { snapshot: undefined, damaged };
}

/** The newest file, to be appended to, with what recovery cut already on the disk. */
async function openedSegment(directory: string): Promise<number> {
  const path = segmentsIn(directory).at(-1)?.path ?? join(directory, segmentFile(1));
  const file = fs.openSync(path, "a", 0o600);
  await fdatasync(file);
  await syncDirectory(directory);
  return file;
}

/** Into the system's memory, at once: another thread would take longer to be asked. What the disk takes to sync is waited for elsewhere. */
function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += fs.writeSync(file, bytes, written, bytes.length - written, null);
}

function fdatasync(file: number): Promise<void> {
  return new Promise((resolve, reject) => fs.fdatasync(file, (error) => (error ? reject(error) : resolve())));
}

const nextTurn = promisify(setImmediate);

/** `failure` tells it to whoever asks, and every append. */
const noteFailure = (): void => undefined;
