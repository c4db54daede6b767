/**
 * Journal and state in one DynamoDB table (dynamodb-table.ts): the store of a deployment.
 *
 * Every write is one conditional put of one item, every read is consistent. A put whose answer was lost is settled by
 * reading the item back: each put carries its own writer token, so "mine", "another's" and "nobody's" are told apart,
 * also when the SDK repeated the put by itself and met its own item. Events larger than a DynamoDB item takes are
 * deflated, which serves up to a few megabytes of JSON.
 *
 * The journal's puts condition on a free place, and the place before it is known to be taken: from this object's own
 * last append or read of the run, or by asking. Events are never deleted, so what was taken stays taken.
 */
import { randomUUID } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, type QueryCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { Clock, Journal, StateKey, StateStore } from "../ports.ts";
import type { RunId } from "../trade.ts";
import type { JournalEvent } from "../run/journal.ts";
import { journalConflict, stateConflict } from "./conflicts.ts";
import { EXPIRY_ATTRIBUTE, journalPartition, journalSortKey, STATE_SORT_KEY, statePartition } from "./dynamodb-table.ts";
import { keepForMsOf } from "./expiring-key.ts";
import { messageOf, StoreCorrupt, StoreUnavailable } from "./store-errors.ts";
import { eventOfText, textOfValue, valueOfText } from "./stored-text.ts";

export interface DynamodbStore {
  readonly journal: Journal;
  readonly state: StateStore;
}

export function dynamodbStore(options: { readonly client: DynamoDBClient; readonly tableName: string; readonly clock: Clock }): DynamodbStore {
  const table = new Table(DynamoDBDocumentClient.from(options.client), options.tableName);
  return { journal: new DynamodbJournal(table), state: new DynamodbStateStore(table, options.clock) };
}

/** A client that gives up on a silent connection: the SDK itself would wait for ever. */
export function dynamodbClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true }, maxAttempts: 4, ...config });
}

const KNOWN_RUNS_MAX = 1_000;
const DEFLATE_ABOVE_BYTES = 100_000;
const ITEM_BYTES_MAX = 400_000;

interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

interface StoredItem extends ItemKey {
  readonly text?: string;
  readonly deflated?: Uint8Array;
  readonly writer: string;
  readonly version?: number;
}

class DynamodbJournal implements Journal {
  readonly #table: Table;
  /** A run's number of events when this object last saw it; it can only have grown since. */
  readonly #knownLengths = new Map<RunId, number>();

  constructor(table: Table) {
    this.#table = table;
  }

  async read(run: RunId): Promise<readonly JournalEvent[]> {
    const items = await this.#table.query(journalPartition(run));
    const events = items.map((item, seq) => {
      if (item.sk !== journalSortKey(seq)) throw new StoreCorrupt(`run ${run} has no event ${seq}, but later ones`);
      return eventOfText(run, seq, textOf(item));
    });
    this.#know(run, events.length);
    return events;
  }

  async append(run: RunId, expectedLength: number, event: JournalEvent): Promise<void> {
    if (!(await this.#has(run, expectedLength))) throw journalConflict(run, expectedLength);
    const key = { pk: journalPartition(run), sk: journalSortKey(expectedLength) };
    const written = await this.#table.put({ ...key, ...encoded(key, JSON.stringify(event)) }, undefined);
    if (!written) throw journalConflict(run, expectedLength);
    this.#know(run, expectedLength + 1);
  }

  /** Whether at least `length` events are there. */
  async #has(run: RunId, length: number): Promise<boolean> {
    if ((this.#knownLengths.get(run) ?? 0) >= length) return true;
    return (await this.#table.get({ pk: journalPartition(run), sk: journalSortKey(length - 1) })) !== undefined;
  }

  #know(run: RunId, length: number): void {
    if (this.#knownLengths.size >= KNOWN_RUNS_MAX) this.#knownLengths.clear();
    this.#knownLengths.set(run, length);
  }
}

class DynamodbStateStore implements StateStore {
  readonly #table: Table;
  readonly #clock: Clock;

  constructor(table: Table, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  async load<V>(key: StateKey<V>): Promise<{ readonly value: V; readonly version: number } | undefined> {
    const item = await this.#table.get({ pk: statePartition(key.name), sk: STATE_SORT_KEY });
    if (!item) return undefined;
    const version = item.version ?? 0;
    return { value: valueOfText(key, textOf(item), version), version };
  }

  async save<V>(key: StateKey<V>, value: V, expectedVersion: number): Promise<void> {
    const itemKey = { pk: statePartition(key.name), sk: STATE_SORT_KEY };
    const keepForMs = keepForMsOf(key);
    const expiry = keepForMs === undefined ? {} : { [EXPIRY_ATTRIBUTE]: Math.ceil((this.#clock.now() + keepForMs) / 1000) };
    const item = { ...itemKey, ...encoded(itemKey, textOfValue(key.name, value)), version: expectedVersion + 1, ...expiry };
    const written = await this.#table.put(item, expectedVersion === 0 ? undefined : expectedVersion);
    if (!written) throw stateConflict(key.name, expectedVersion);
  }
}

class Table {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async get(key: ItemKey): Promise<StoredItem | undefined> {
    return this.#try("read from", () => this.#get(key));
  }

  /** All items of a partition in the order of their sort keys. */
  async query(pk: string): Promise<StoredItem[]> {
    const items: StoredItem[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page: QueryCommandOutput = await this.#try("read from", () =>
        this.#client.send(
          new QueryCommand({
            TableName: this.#name,
            ConsistentRead: true,
            KeyConditionExpression: "pk = :pk",
            ExpressionAttributeValues: { ":pk": pk },
            ...(from && { ExclusiveStartKey: from }),
          }),
        ),
      );
      items.push(...((page.Items ?? []) as StoredItem[]));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }

  /**
   * Puts `item` if its key holds `version`, or nothing when that is undefined. False when another's item is there.
   * @throws StoreUnavailable when the item was not written, or may still be.
   */
  async put(item: Omit<StoredItem, "writer">, version: number | undefined): Promise<boolean> {
    const writer = randomUUID();
    const condition = version === undefined ? { ConditionExpression: "attribute_not_exists(pk)" } : versionIs(version);
    try {
      await this.#client.send(new PutCommand({ TableName: this.#name, Item: { ...item, writer }, ...condition }));
      return true;
    } catch (error) {
      const stored = await this.#try("write to", () => this.#get({ pk: item.pk, sk: item.sk }));
      if (stored?.writer === writer) return true;
      const asExpected = version === undefined ? stored === undefined : stored?.version === version;
      if (!asExpected) return false;
      throw this.#unavailable("write to", error);
    }
  }

  async #get(key: ItemKey): Promise<StoredItem | undefined> {
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#name, Key: key, ConsistentRead: true }));
    return Item as StoredItem | undefined;
  }

  async #try<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#unavailable(doing, error);
    }
  }

  #unavailable(doing: string, error: unknown): StoreUnavailable {
    const kind = error instanceof Error ? `${error.name}: ` : "";
    return new StoreUnavailable(`could not ${doing} the DynamoDB table ${this.#name}: ${kind}${messageOf(error)}`, { cause: error });
  }
}

function versionIs(version: number): { ConditionExpression: string; ExpressionAttributeNames: Record<string, string>; ExpressionAttributeValues: Record<string, number> } {
  return { ConditionExpression: "#version = :version", ExpressionAttributeNames: { "#version": "version" }, ExpressionAttributeValues: { ":version": version } };
}

function encoded(key: ItemKey, text: string): { text: string } | { deflated: Uint8Array } {
  const bytes = Buffer.byteLength(text);
  if (bytes <= DEFLATE_ABOVE_BYTES) return { text };
  const deflated = deflateRawSync(text);
  if (deflated.length > ITEM_BYTES_MAX) {
    throw new StoreUnavailable(`${key.pk} ${key.sk} has ${bytes} bytes, ${deflated.length} deflated; a DynamoDB item holds ${ITEM_BYTES_MAX}`);
  }
  return { deflated };
}

function textOf(item: StoredItem): string {
  if (item.deflated) return inflateRawSync(item.deflated).toString();
  if (item.text === undefined) throw new StoreCorrupt(`the item ${item.pk} ${item.sk} has no text`);
  return item.text;
}
