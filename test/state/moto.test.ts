/** The blob store against an S3 server of another make: moto, in Python. BALLAST_TEST_PYTHON names a Python that has it. */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3BlobStore, s3Client } from "../../src/state/s3-blobs.ts";
import { BlobCorrupt } from "../../src/state/store-errors.ts";
import { blobContract } from "../support/blob-contract.ts";

const python = process.env["BALLAST_TEST_PYTHON"];

describe.skipIf(python === undefined)("against moto (needs BALLAST_TEST_PYTHON)", () => {
  let server: ChildProcess;
  let client: S3Client;
  beforeAll(async () => {
    const port = await freePort();
    server = spawn(python!, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    client = s3Client({ endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } });
    await untilReady(client);
  });
  afterAll(async () => {
    client.destroy();
    server.kill();
    await new Promise((resolve) => server.on("close", resolve));
  });

  const open = (): S3BlobStore => new S3BlobStore({ client, bucket: "blobs" });

  blobContract("moto", async () => ({ first: open(), second: open() }));

  test("the same bytes put twice are one object", async () => {
    const contentHash = await open().put(Buffer.from("once"));
    await open().put(Buffer.from("once"));
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: "blobs", Prefix: `blobs/${contentHash}` }));
    expect(Contents).toHaveLength(1);
  });

  test("an object that was written over by another is noticed by its hash", async () => {
    const contentHash = await open().put(Buffer.from("mine"));
    await client.send(new PutObjectCommand({ Bucket: "blobs", Key: `blobs/${contentHash}`, Body: "another's" }));
    await expect(open().get(contentHash)).rejects.toThrow(BlobCorrupt);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function untilReady(client: S3Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: "blobs" }));
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
