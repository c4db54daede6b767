/**
 * The page of the market at `/`, for a browser: files of this package, read when the server starts.
 *
 * The page itself holds nothing of the market and needs no key; what it shows it asks for with the key that is typed into
 * it. It may load and call this server alone, and no script but these files.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { notFound } from "./wire-errors.ts";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HEADERS = {
  "content-security-policy": POLICY, "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin", "cache-control": "no-cache",
};

const own = (name: string): string => new URL(`./page/${name}`, import.meta.url).href;
const FILES: Readonly<Record<string, string>> = {
  "page.css": own("page.css"),
  "desk.js": own("desk.js"),
  "connection.js": own("connection.js"),
  "render.js": own("render.js"),
  "equity-chart.js": own("equity-chart.js"),
  "ladder.js": own("ladder.js"),
  "order-entry.js": own("order-entry.js"),
  "seasons.js": own("seasons.js"),
  "uplot.js": import.meta.resolve("uplot/dist/uPlot.iife.min.js"),
  "uplot.css": import.meta.resolve("uplot/dist/uPlot.min.css"),
};
const TYPES: Readonly<Record<string, string>> = { html: "text/html", css: "text/css", js: "text/javascript" };

interface PageFile {
  readonly type: string;
  readonly tag: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
}

export function pageRoutes(app: FastifyInstance): void {
  const page = fileOf("page.html", own("page.html"));
  const files = new Map(Object.entries(FILES).map(([name, url]) => [name, fileOf(name, url)]));
  app.get("/", (request, reply) => send(request, reply, page));
  app.get<{ Params: { file: string } }>("/page/:file", (request, reply) => {
    const file = files.get(request.params.file);
    if (!file) throw notFound("the page has no such file");
    return send(request, reply, file);
  });
}

function fileOf(name: string, url: string): PageFile {
  const plain = readFileSync(fileURLToPath(url));
  return { type: `${TYPES[name.split(".").at(-1)!]!}; charset=utf-8`, tag: `W/"${createHash("sha256").update(plain).digest("hex").slice(0, 32)}"`, plain, zipped: gzipSync(plain, { level: 9 }) };
}

function send(request: FastifyRequest, reply: FastifyReply, { type, tag, plain, zipped }: PageFile): FastifyReply {
  reply.headers(HEADERS).header("etag", tag).header("vary", "Origin, Accept-Encoding");
  if (request.headers["if-none-match"] === tag) return reply.code(304).send();
  reply.type(type);
  return /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") ? reply.header("content-encoding", "gzip").send(zipped) : reply.send(plain);
}
