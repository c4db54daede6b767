/**
 * Journal and state in one DynamoDB table (dynamodb-table.ts): the store of a deployment.
 *
 * Every write is one conditional put of one item (dynamodb-items.ts), every read is consistent. Events and values are
 * deflated where that lets an item hold them; events that are larger still go to the bucket, where one is given.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { BlobStore, Clock, StateKey, StateStore } from "../ports.ts";
import { stateConflict } from "./conflicts.ts";
import { ITEM_BYTES_MAX, itemText, Table, textOfItem } from "./dynamodb-items.ts";
import { DynamodbJournal } from "./dynamodb-journal.ts";
import { EXPIRY_ATTRIBUTE, STATE_SORT_KEY, statePartition } from "./dynamodb-table.ts";
import { keepForMsOf } from "./expiring-key.ts";
import { FenceCheck, type FencingStore } from "./fence.ts";
import { StoreUnavailable } from "./store-errors.ts";
import { textOfValue, valueOfText } from "./stored-text.ts";

export interface DynamodbStore extends FencingStore {
  readonly journal: DynamodbJournal;
  readonly state: StateStore;
}

interface DynamodbOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  /** For events that no item can hold. */
  readonly blobs?: BlobStore;
}

export function dynamodbStore({ client, tableName, clock, blobs }: DynamodbOptions): DynamodbStore {
  const table = new Table(client, tableName);
  const state = new DynamodbStateStore(table, clock);
  return {
    journal: new DynamodbJournal(table, blobs),
    state,
    fencedBy(fence) {
      const check = new FenceCheck(state, fence);
      return {
        journal: new DynamodbJournal(table, blobs, check),
        state: {
          load: (key) => state.load(key),
          async save(key, value, expectedVersion) {
            await check.check();
            await state.save(key, value, expectedVersion);
          },
        },
      };
    },
  };
}

/** A client that gives up on a silent connection: the SDK itself would wait for ever. */
export function dynamodbClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true }, maxAttempts: 4, ...config });
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
    return { value: valueOfText(key, textOfItem(item), version), version };
  }

  async save<V>(key: StateKey<V>, value: V, expectedVersion: number): Promise<void> {
    const keepForMs = keepForMsOf(key);
    const expiry = keepForMs === undefined ? {} : { [EXPIRY_ATTRIBUTE]: Math.ceil((this.#clock.now() + keepForMs) / 1000) };
    const held = itemText(textOfValue(key.name, value));
    if (!held) throw new StoreUnavailable(`state "${key.name}" is too large: a DynamoDB item holds ${ITEM_BYTES_MAX} bytes, deflated`);
    const item = { pk: statePartition(key.name), sk: STATE_SORT_KEY, ...held, version: expectedVersion + 1, ...expiry };
    const { written } = await this.#table.put(item, expectedVersion === 0 ? { kind: "nothing" } : { kind: "version", version: expectedVersion });
    if (!written) throw stateConflict(key.name, expectedVersion);
  }
}
