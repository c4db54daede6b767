/** Blobs in the same file as the journal that names them, so that a copy of the file is a copy of everything. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BlobStore, ContentHash } from "../ports.ts";
import { contentHashOf, packed, unpacked } from "./packed-blob.ts";

export class SqliteBlobStore implements BlobStore {
  readonly #path: string;
  readonly #guarded: <T>(work: () => T) => T;
  readonly #put: StatementSync;
  readonly #get: StatementSync;

  constructor(path: string, db: DatabaseSync, guarded: <T>(work: () => T) => T) {
    this.#path = path;
    this.#guarded = guarded;
    this.#put = db.prepare("INSERT INTO blob (hash, encoding, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    this.#get = db.prepare("SELECT encoding, bytes FROM blob WHERE hash = ?");
  }

  async put(bytes: Uint8Array): Promise<ContentHash> {
    const contentHash = contentHashOf(bytes);
    const { encoding, bytes: stored } = packed(bytes);
    this.#guarded(() => this.#put.run(contentHash, encoding, stored));
    return contentHash;
  }

  async get(contentHash: ContentHash): Promise<Uint8Array | undefined> {
    const found = this.#guarded(() => this.#get.get(contentHash)) as { encoding: string; bytes: Uint8Array } | undefined;
    return found && unpacked(contentHash, found, this.#path);
  }
}
