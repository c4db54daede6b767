import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryBlobStore } from "../../src/state/memory.ts";
import { S3BlobStore, s3Client } from "../../src/state/s3-blobs.ts";
import { openSqliteStore, type SqliteStore } from "../../src/state/sqlite.ts";
import { BlobCorrupt, StoreCorrupt, StoreUnavailable } from "../../src/state/store-errors.ts";
import { blobContract } from "../support/blob-contract.ts";
import { startS3, type S3Server } from "../support/s3-server.ts";

blobContract("memory", async () => {
  const store = new MemoryBlobStore();
  return { first: store, second: store };
});

describe("in SQLite", () => {
  let folder: string;
  let opened: SqliteStore[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-blobs-"));
    opened = [];
  });
  afterEach(() => {
    for (const store of opened) store.close();
    rmSync(folder, { recursive: true });
  });

  const open = (): SqliteStore => {
    opened.push(openSqliteStore(join(folder, "store.sqlite")));
    return opened.at(-1)!;
  };

  blobContract("SQLite", async () => ({ first: open().blobs, second: open().blobs }));

  test("a changed byte is noticed by its hash, and named", async () => {
    const { blobs } = open();
    const contentHash = await blobs.put(Buffer.from("abc"));
    const db = new DatabaseSync(join(folder, "store.sqlite"));
    db.prepare("UPDATE blob SET bytes = ?").run(Buffer.from("abd"));
    db.close();
    await expect(blobs.get(contentHash)).rejects.toThrow(BlobCorrupt);
    await expect(blobs.get(contentHash)).rejects.toThrow(`the bytes of ${contentHash} in ${join(folder, "store.sqlite")} have the hash a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9`);
  });
});

describe("in a bucket", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.objects.clear();
    server.answered.length = 0;
    server.refusals.length = 0;
  });

  const open = (maxAttempts?: number): S3BlobStore => new S3BlobStore({ client: server.client(maxAttempts), bucket: server.bucket });

  blobContract("S3's wire", async () => ({ first: open(), second: open() }));

  const ABC = "/ballast-blobs/blobs/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  test("an object is put once, under its hash, and never written over", async () => {
    await open().put(Buffer.from("abc"));
    await open().put(Buffer.from("abc"));
    expect(server.answered).toEqual([`PUT ${ABC} 200`, `PUT ${ABC} 412`]);
  });

  test("a large object lies there gzipped, a small one as it is", async () => {
    await open().put(Buffer.from("abc"));
    await open().put(Buffer.from("abc ".repeat(10_000)));
    const [small, large] = [...server.objects.values()];
    expect(small).toMatchObject({ encoding: "identity", body: Buffer.from("abc") });
    expect(large!.encoding).toBe("gzip");
    expect(large!.body.length).toBeLessThan(1_000);
    expect(gunzipSync(large!.body).toString()).toBe("abc ".repeat(10_000));
  });

  test("a put that meets another put of the same object is made again", async () => {
    server.refusals.push(409, 409);
    await open().put(Buffer.from("abc"));
    expect(server.answered).toEqual([`PUT ${ABC} 409`, `PUT ${ABC} 409`, `PUT ${ABC} 200`]);
  });

  test.each([
    ["a changed byte", (body: Buffer) => Buffer.from("abd".padEnd(body.length)), "have the hash"],
    ["an end that is missing", (body: Buffer) => body.subarray(0, body.length - 10), "cannot be unzipped: unexpected end of file"],
  ])("%s is noticed, and named", async (name, change, reason) => {
    const contentHash = await open().put(Buffer.from(name === "a changed byte" ? "abc" : "abc ".repeat(10_000)));
    const [object] = [...server.objects.values()];
    object!.body = change(object!.body);
    await expect(open().get(contentHash)).rejects.toThrow(BlobCorrupt);
    await expect(open().get(contentHash)).rejects.toThrow(StoreCorrupt);
    await expect(open().get(contentHash)).rejects.toThrow(reason);
  });

  test("a refusal of the server is an unavailable store, with its reason, and not an absent blob", async () => {
    const contentHash = await open().put(Buffer.from("abc"));
    server.refusals.push(403);
    await expect(open().get(contentHash)).rejects.toThrow(new StoreUnavailable(`could not get ${contentHash} from the bucket ballast-blobs: AccessDenied: refused`));
    server.refusals.push(400);
    await expect(open().put(Buffer.from("abd"))).rejects.toThrow("BadDigest: refused");
  });

  test("a server that is busy for a moment is asked again", async () => {
    server.refusals.push(503);
    const contentHash = await open(3).put(Buffer.from("abc"));
    expect(await open().get(contentHash)).toBeDefined();
  });

  test("a client without an endpoint of its own names the bucket in the host, as S3 wants it", async () => {
    const client = s3Client({ region: "us-east-1" }, {});
    expect(client).toBeInstanceOf(S3Client);
    expect(client.config.forcePathStyle).toBe(false);
    expect(s3Client({ region: "us-east-1" }, { AWS_ENDPOINT_URL_S3: server.url }).config.forcePathStyle).toBe(true);
  });
});
