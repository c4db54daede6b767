/**
 * Single items of the table: consistent reads, conditional puts whose outcome is known, and text as an item holds it.
 *
 * A put whose answer was lost is settled by reading the item back: each put carries its own writer token, so "mine",
 * "another's" and "nobody's" are told apart, also when the SDK repeated the put by itself and met its own item.
 */
import { randomUUID } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, type QueryCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { ContentHash } from "../ports.ts";
import { messageOf, StoreCorrupt, StoreUnavailable } from "./store-errors.ts";

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export interface StoredItem extends ItemKey {
  readonly text?: string;
  readonly deflated?: Uint8Array;
  /** Where the text lies that is too large for an item. */
  readonly blob?: ContentHash;
  readonly writer: string;
  readonly version?: number;
  /** Of a place of a journal that is free: only holders of this fencing token or a later one may fill it. */
  readonly claimed?: number;
}

/** What must be under a key for a put to take place. */
export type Expected =
  | { readonly kind: "nothing" }
  | { readonly kind: "version"; readonly version: number }
  /** Nothing, or a claim; with a token, a claim by no later one. */
  | { readonly kind: "free-place"; readonly token?: number };

export class Table {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = DynamoDBDocumentClient.from(client);
    this.#name = name;
  }

  async get(key: ItemKey): Promise<StoredItem | undefined> {
    return this.#try("read from", () => this.#get(key));
  }

  /** The items of a partition in the order of their sort keys, by pages; with a range, those between its ends. */
  async *pages(pk: string, { range, newestFirst = false }: { readonly range?: readonly [string, string]; readonly newestFirst?: boolean } = {}): AsyncIterable<readonly StoredItem[]> {
    let from: Record<string, unknown> | undefined;
    do {
      const page: QueryCommandOutput = await this.#try("read from", () =>
        this.#client.send(
          new QueryCommand({
            TableName: this.#name,
            ConsistentRead: true,
            ScanIndexForward: !newestFirst,
            KeyConditionExpression: range ? "pk = :pk AND sk BETWEEN :first AND :last" : "pk = :pk",
            ExpressionAttributeValues: { ":pk": pk, ...(range && { ":first": range[0], ":last": range[1] }) },
            ...(from && { ExclusiveStartKey: from }),
          }),
        ),
      );
      yield (page.Items ?? []) as StoredItem[];
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  /**
   * Puts `item` if its key holds what is expected. Otherwise returns what is there instead.
   * @throws StoreUnavailable when the item was not written, or may still be.
   */
  async put(item: Omit<StoredItem, "writer">, expected: Expected): Promise<{ readonly written: true } | { readonly written: false; readonly found: StoredItem | undefined }> {
    const writer = randomUUID();
    try {
      await this.#client.send(new PutCommand({ TableName: this.#name, Item: { ...item, writer }, ...conditionOf(expected) }));
      return { written: true };
    } catch (error) {
      const found = await this.#try("write to", () => this.#get({ pk: item.pk, sk: item.sk }));
      if (found?.writer === writer) return { written: true };
      if (!isAsExpected(found, expected)) return { written: false, found };
      throw this.#unavailable("write to", error);
    }
  }

  async #get(key: ItemKey): Promise<StoredItem | undefined> {
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#name, Key: { pk: key.pk, sk: key.sk }, ConsistentRead: true }));
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

interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, number>;
}

function conditionOf(expected: Expected): Condition {
  switch (expected.kind) {
    case "nothing":
      return { ConditionExpression: "attribute_not_exists(pk)" };
    case "version":
      return { ConditionExpression: "#version = :version", ExpressionAttributeNames: { "#version": "version" }, ExpressionAttributeValues: { ":version": expected.version } };
    case "free-place":
      return expected.token === undefined
        ? { ConditionExpression: "attribute_not_exists(pk) OR attribute_exists(claimed)" }
        : { ConditionExpression: "attribute_not_exists(pk) OR claimed <= :token", ExpressionAttributeValues: { ":token": expected.token } };
  }
}

/** The same conditions, on an item that was read. */
function isAsExpected(found: StoredItem | undefined, expected: Expected): boolean {
  switch (expected.kind) {
    case "nothing":
      return found === undefined;
    case "version":
      return found?.version === expected.version;
    case "free-place":
      return found === undefined || (found.claimed !== undefined && found.claimed <= (expected.token ?? Infinity));
  }
}

const DEFLATE_ABOVE_BYTES = 100_000;
/** Of the 400 KB that DynamoDB counts, some are the names and the keys. */
export const ITEM_BYTES_MAX = 400_000;

/** Undefined for a text that no item can hold, also deflated. */
export function itemText(text: string): { readonly text: string } | { readonly deflated: Uint8Array } | undefined {
  if (Buffer.byteLength(text) <= DEFLATE_ABOVE_BYTES) return { text };
  const deflated = deflateRawSync(text);
  return deflated.length <= ITEM_BYTES_MAX ? { deflated } : undefined;
}

export function textOfItem(item: StoredItem): string {
  if (item.deflated) return inflateRawSync(item.deflated).toString();
  if (item.text === undefined) throw new StoreCorrupt(`the item ${item.pk} ${item.sk} has no text`);
  return item.text;
}
