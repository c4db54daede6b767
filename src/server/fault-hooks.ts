/** Lets the drawn faults happen to requests. Operators' routes are spared, so that a plan can always be taken back. */
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FaultInjector, FaultRule } from "./faults.ts";

const SPARED = /^\/(sim|health|ready|metrics)(\/|$)/;
const HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>";

export function installFaults(app: FastifyInstance, faults: FaultInjector): void {
  const pending = new WeakMap<FastifyRequest, FaultRule>();

  const drawn = ({ method, url }: FastifyRequest): FaultRule | undefined => {
    const path = url.split("?")[0]!;
    return SPARED.test(path) ? undefined : faults.ofRequest(method, path);
  };

  app.addHook("onRequest", (request, reply, done) => {
    const rule = faults.plan.requests.length === 0 ? undefined : drawn(request);
    if (rule?.fault === "delay") setTimeout(done, rule.ms).unref();
    else if (rule?.when === "before") void strikeBefore(rule, request, reply);
    else {
      if (rule) pending.set(request, rule);
      done();
    }
  });

  app.addHook("onSend", (request, reply, payload: unknown, done) => {
    const rule = pending.get(request);
    if (rule) strikeAfter(rule, request, reply, payload).then((struck) => { done(null, struck); }, done);
    else done(null, payload);
  });
}

/** Answers the request itself, or never. */
async function strikeBefore(rule: FaultRule, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  switch (rule.fault) {
    case "timeout":
      reply.hijack();
      await sleep(rule.heldMs, undefined, { ref: false });
      return request.raw.socket.destroy();
    case "reset":
      reply.hijack();
      return request.raw.socket.resetAndDestroy();
    case "status":
      return reply.headers(headersOf(rule)).code(rule.status).send(bodyOf(rule));
    case "html":
      return reply.type("text/html").send(HTML);
    case "malformed":
      return reply.type("application/json").send('{"id":"');
    case "delay":
      return undefined;
  }
}

/** What has been done stays done. */
async function strikeAfter(rule: FaultRule, request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  switch (rule.fault) {
    case "timeout":
      await sleep(rule.heldMs, undefined, { ref: false });
      request.raw.socket.destroy();
      return payload;
    case "reset":
      request.raw.socket.resetAndDestroy();
      return payload;
    case "status":
      reply.headers(headersOf(rule)).code(rule.status).type("application/json");
      return JSON.stringify(bodyOf(rule));
    case "html":
      reply.code(200).type("text/html");
      return HTML;
    case "malformed":
      return typeof payload === "string" ? payload.slice(0, Math.max(1, payload.length >> 1)) : '{"id":"';
    case "delay":
      return payload;
  }
}

type StatusRule = Extract<FaultRule, { readonly fault: "status" }>;

function headersOf({ retryAfterSeconds }: StatusRule): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
}

function bodyOf({ status }: StatusRule): { readonly code: number; readonly message: string } {
  return status === 429 ? { code: 42910000, message: "rate limit exceeded" } : { code: status * 100_000, message: "a fault that was asked for" };
}
