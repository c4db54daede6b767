/**
 * As much of S3's wire as the blob store needs, on loopback, and as strict: it takes path-style requests with a
 * signature, compares each body with the checksum that came with it, and holds to If-None-Match.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Client } from "@aws-sdk/client-s3";
import { s3Client } from "../../src/state/s3-blobs.ts";

export interface StoredObject {
  body: Buffer;
  readonly encoding: string;
}

export interface S3Server {
  readonly bucket: string;
  readonly url: string;
  /** By path, "/bucket/key". */
  readonly objects: Map<string, StoredObject>;
  /** "METHOD /path status", in the order of the answers. */
  readonly answered: string[];
  /** Answers the next requests with these statuses, whatever they ask. */
  readonly refusals: number[];
  client(maxAttempts?: number): S3Client;
  close(): Promise<void>;
}

const CODES: Readonly<Record<number, string>> = { 400: "BadDigest", 403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed", 409: "ConditionalRequestConflict", 412: "PreconditionFailed", 503: "SlowDown" };

export async function startS3(): Promise<S3Server> {
  const bucket = "ballast-blobs";
  const objects = new Map<string, StoredObject>();
  const answered: string[] = [];
  const refusals: number[] = [];
  const clients: S3Client[] = [];
  const http = createServer((request, answer) => void serve(request, answer));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  async function serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = new URL(request.url ?? "/", url).pathname;
    const status = refusals.shift() ?? judge(request, path, Buffer.concat(chunks));
    answered.push(`${request.method} ${path} ${status}`);
    const found = objects.get(path);
    if (status === 200 && request.method === "GET" && found) {
      answer.writeHead(200, { "x-amz-meta-ballast-encoding": found.encoding, "content-length": found.body.length }).end(found.body);
      return;
    }
    answer.writeHead(status, { "content-type": "application/xml" });
    answer.end(status === 200 ? "" : `<?xml version="1.0"?><Error><Code>${CODES[status]}</Code><Message>refused</Message></Error>`);
  }

  function judge({ method, headers }: IncomingMessage, path: string, body: Buffer): number {
    if (!headers.authorization?.startsWith("AWS4-HMAC-SHA256 ") || !path.startsWith(`/${bucket}/blobs/`)) return 403;
    if (method === "GET") return objects.has(path) ? 200 : 404;
    if (method !== "PUT") return 405;
    if (headers["if-none-match"] !== "*" || Number(headers["content-length"]) !== body.length) return 400;
    if (headers["x-amz-checksum-sha256"] !== createHash("sha256").update(body).digest("base64")) return 400;
    if (objects.has(path)) return 412;
    objects.set(path, { body, encoding: String(headers["x-amz-meta-ballast-encoding"]) });
    return 200;
  }

  return {
    bucket,
    url,
    objects,
    answered,
    refusals,
    client(maxAttempts = 1) {
      const client = s3Client({ endpoint: url, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" }, maxAttempts });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
