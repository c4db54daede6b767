/**
 * Blobs in a bucket of S3 or of a server that speaks its protocol.
 *
 * An object's key is the content hash. A put is conditional (If-None-Match), so an object is never written over, and
 * carries the checksum of what is sent, so a server that received something else refuses it. What is read is hashed
 * again (packed-blob.ts). The bucket is versioned and nothing here deletes.
 */
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client, S3ServiceException, type S3ClientConfig } from "@aws-sdk/client-s3";
import { hash } from "node:crypto";
import type { BlobStore, ContentHash } from "../ports.ts";
import { BLOB_PREFIX } from "./dynamodb-table.ts";
import { contentHashOf, packed, unpacked, type PackedBlob } from "./packed-blob.ts";
import { BlobCorrupt, messageOf, StoreUnavailable } from "./store-errors.ts";

/**
 * A client that gives up on a silent connection. With an `endpoint` buckets are paths, because a server of one's own
 * seldom has a name for each bucket; AWS_ENDPOINT_URL_S3 is such an endpoint too.
 */
export function s3Client(config: S3ClientConfig = {}, env: Readonly<Record<string, string | undefined>> = process.env): S3Client {
  const own = config.endpoint !== undefined || env["AWS_ENDPOINT_URL_S3"] !== undefined || env["AWS_ENDPOINT_URL"] !== undefined;
  return new S3Client({
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
    maxAttempts: 4,
    forcePathStyle: own,
    // The checksums that count are ours; those that the SDK adds by itself are not known to every server.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...config,
  });
}

export class S3BlobStore implements BlobStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor({ client, bucket }: { readonly client: S3Client; readonly bucket: string }) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async put(bytes: Uint8Array): Promise<ContentHash> {
    const contentHash = contentHashOf(bytes);
    const blob = packed(bytes);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#send(contentHash, blob);
        return contentHash;
      } catch (error) {
        if (statusOf(error) === 412) return contentHash; // it is there already
        // Another put of the same object is under way, and may still fail.
        if (statusOf(error) !== 409 || attempt === ATTEMPTS_MAX) throw this.#unavailable(`put ${contentHash} into`, error);
      }
    }
  }

  async get(contentHash: ContentHash): Promise<Uint8Array | undefined> {
    const where = `the bucket ${this.#bucket}`;
    try {
      const { Body, Metadata } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: keyOf(contentHash) }));
      const bytes = await Body!.transformToByteArray();
      return unpacked(contentHash, { encoding: Metadata?.[ENCODING] ?? "identity", bytes }, where);
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      if (error instanceof BlobCorrupt) throw error;
      throw this.#unavailable(`get ${contentHash} from`, error);
    }
  }

  async #send(contentHash: ContentHash, { encoding, bytes }: PackedBlob): Promise<void> {
    await this.#client.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: keyOf(contentHash),
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: "application/octet-stream",
        ChecksumSHA256: hash("sha256", bytes, "base64"),
        IfNoneMatch: "*",
        // Not Content-Encoding: a client between might unzip what that names, and the hash would no longer tell why.
        Metadata: { [ENCODING]: encoding },
      }),
    );
  }

  #unavailable(doing: string, error: unknown): StoreUnavailable {
    const kind = error instanceof Error ? `${error.name}: ` : "";
    return new StoreUnavailable(`could not ${doing} the bucket ${this.#bucket}: ${kind}${messageOf(error)}`, { cause: error });
  }
}

const ATTEMPTS_MAX = 5;
const ENCODING = "ballast-encoding";

function keyOf(contentHash: ContentHash): string {
  return `${BLOB_PREFIX}${contentHash}`;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
