/**
 * A blob as the stores hold it: gzipped where that makes it smaller, under the hash of the bytes that were put.
 *
 * The hash is taken again from what comes out, so a stored byte that changed, an end that is missing and a wrong
 * encoding are all noticed by whoever reads.
 */
import { hash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ContentHash } from "../ports.ts";
import { BlobCorrupt, messageOf } from "./store-errors.ts";

export type Encoding = "gzip" | "identity";

export interface PackedBlob {
  readonly encoding: Encoding;
  readonly bytes: Uint8Array;
}

const GZIP_ABOVE_BYTES = 4_096;
/** Far above any view or journal; what is larger is a mistake that is better met here than in memory. */
const BLOB_BYTES_MAX = 256_000_000;

export function contentHashOf(bytes: Uint8Array): ContentHash {
  return hash("sha256", bytes) as ContentHash;
}

/** @throws RangeError for more than 256 MB. */
export function packed(bytes: Uint8Array): PackedBlob {
  if (bytes.length > BLOB_BYTES_MAX) throw new RangeError(`a blob holds ${BLOB_BYTES_MAX} bytes at most, not ${bytes.length}`);
  if (bytes.length <= GZIP_ABOVE_BYTES) return { encoding: "identity", bytes };
  const zipped = gzipSync(bytes);
  return zipped.length < bytes.length ? { encoding: "gzip", bytes: zipped } : { encoding: "identity", bytes };
}

/** `where` names the place for the error. @throws BlobCorrupt */
export function unpacked(contentHash: ContentHash, { encoding, bytes }: { readonly encoding: string; readonly bytes: Uint8Array }, where: string): Uint8Array {
  const plain = encoding === "gzip" ? unzipped(contentHash, bytes, where) : bytes;
  const found = contentHashOf(plain);
  if (found !== contentHash) throw new BlobCorrupt(`the bytes of ${contentHash} in ${where} have the hash ${found}`);
  return plain;
}

function unzipped(contentHash: ContentHash, bytes: Uint8Array, where: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: BLOB_BYTES_MAX });
  } catch (error) {
    throw new BlobCorrupt(`the bytes of ${contentHash} in ${where} cannot be unzipped: ${messageOf(error)}`, { cause: error });
  }
}
