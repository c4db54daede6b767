import fastify, { type FastifyInstance } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { FaultInjector, faultPlanSchema } from "../../src/server/faults.ts";
import { installFaults } from "../../src/server/fault-hooks.ts";

function injector(plan: unknown): FaultInjector {
  return new FaultInjector(faultPlanSchema.parse(plan));
}

describe("what is drawn", () => {
  test("one seed draws the same faults again, however other requests come between", () => {
    const plan = { seed: 7, requests: [{ fault: "reset", when: "after", route: "POST /v2/orders", probability: 0.3 }] };
    const alone = injector(plan);
    const among = injector(plan);
    const drawnAlone = Array.from({ length: 200 }, () => alone.ofRequest("POST", "/v2/orders") !== undefined);
    const drawnAmong = Array.from({ length: 200 }, (_, index) => {
      for (let other = 0; other < index % 3; other += 1) among.ofRequest("GET", "/v2/account");
      return among.ofRequest("POST", "/v2/orders") !== undefined;
    });
    expect(drawnAmong).toEqual(drawnAlone);
    expect(drawnAlone.filter(Boolean).length).toBeGreaterThan(40);
    expect(drawnAlone.filter(Boolean).length).toBeLessThan(80);
  });

  test("another seed draws other faults", () => {
    const drawn = (seed: number): string => {
      const faults = injector({ seed, requests: [{ fault: "reset", when: "before", route: "* /*", probability: 0.5 }] });
      return Array.from({ length: 64 }, () => (faults.ofRequest("GET", "/v2/account") ? "x" : ".")).join("");
    };
    expect(drawn(1)).not.toBe(drawn(2));
  });

  test.each([
    ["POST /v2/orders", "POST", "/v2/orders", true],
    ["POST /v2/orders", "GET", "/v2/orders", false],
    ["POST /v2/orders", "POST", "/v2/orders/1", false],
    ["* /v2/*", "DELETE", "/v2/orders/1", true],
    ["* /v2/*", "GET", "/v1/corporate-actions", false],
    ["GET /v2/orders:by_client_order_id", "GET", "/v2/orders:by_client_order_id", true],
    ["GET /v2/a.b", "GET", "/v2/axb", false],
  ])("a rule for %s and a request %s %s: %s", (route, method, path, strikes) => {
    expect(injector({ requests: [{ fault: "html", route }] }).ofRequest(method, path) !== undefined).toBe(strikes);
  });

  test("a rule strikes no more often than it may, and the next one takes over", () => {
    const faults = injector({ requests: [{ fault: "status", status: 429, route: "* /*", times: 2 }, { fault: "html", route: "* /*" }] });
    expect(Array.from({ length: 4 }, () => faults.ofRequest("GET", "/v2/clock")?.fault)).toEqual(["status", "status", "html", "html"]);
    expect(faults.counts()).toEqual({ requests: [2, 2], stream: [] });
  });

  test.each([
    [{ requests: [{ fault: "explode", route: "* /*" }] }],
    [{ requests: [{ fault: "reset", when: "during", route: "* /*" }] }],
    [{ requests: [{ fault: "reset", when: "before", route: "orders" }] }],
    [{ requests: [{ fault: "html", route: "* /*", probability: 1.5 }] }],
    [{ requests: [{ fault: "delay", route: "* /*", ms: -1 }] }],
    [{ request: [] }],
  ])("%j is no plan", (plan) => {
    expect(faultPlanSchema.safeParse(plan).success).toBe(false);
  });
});

describe("what happens to a request", () => {
  let app: FastifyInstance;
  let handled = 0;
  afterEach(() => app.close());

  async function answering(rule: object): Promise<string> {
    handled = 0;
    app = fastify({ forceCloseConnections: true });
    installFaults(app, injector({ requests: [{ route: "* /v2/*", ...rule }] }));
    app.get("/v2/clock", async () => ({ count: (handled += 1) }));
    app.get("/sim/v1/faults", async () => ({ spared: true }));
    return app.listen({ port: 0, host: "127.0.0.1" });
  }

  test.each([
    ["before", 0],
    ["after", 1],
  ])("a reset %s leaves no answer, and the work done %i times", async (when, times) => {
    const url = await answering({ fault: "reset", when });
    await expect(fetch(`${url}/v2/clock`)).rejects.toThrow("fetch failed");
    expect(handled).toBe(times);
  });

  test.each([
    ["before", 0],
    ["after", 1],
  ])("a timeout %s holds the connection, with the work done %i times", async (when, times) => {
    const url = await answering({ fault: "timeout", when, heldMs: 600_000 });
    await expect(fetch(`${url}/v2/clock`, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/);
    expect(handled).toBe(times);
  });

  test.each([
    [{ fault: "status", status: 429, retryAfterSeconds: 2 }, 429, '{"code":42910000,"message":"rate limit exceeded"}', 0],
    [{ fault: "status", status: 503, when: "after" }, 503, '{"code":50300000,"message":"a fault that was asked for"}', 1],
    [{ fault: "malformed", when: "before" }, 200, '{"id":"', 0],
    [{ fault: "malformed" }, 200, '{"cou', 1],
    [{ fault: "delay", ms: 1 }, 200, '{"count":1}', 1],
  ])("%j answers %i %s", async (rule, status, body, times) => {
    const url = await answering(rule);
    const answer = await fetch(`${url}/v2/clock`);
    expect([answer.status, await answer.text(), handled]).toEqual([status, body, times]);
  });

  test("a page of HTML comes with status 200", async () => {
    const url = await answering({ fault: "html" });
    const answer = await fetch(`${url}/v2/clock`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html"]);
    await expect(answer.json()).rejects.toThrow(SyntaxError);
    expect(handled).toBe(1);
  });

  test("a limited client is told how long to wait", async () => {
    const url = await answering({ fault: "status", status: 429, retryAfterSeconds: 2 });
    expect((await fetch(`${url}/v2/clock`)).headers.get("retry-after")).toBe("2");
  });

  test("operators' routes are spared", async () => {
    const url = await answering({ fault: "reset", when: "before", route: "* /*" });
    expect(await (await fetch(`${url}/sim/v1/faults`)).json()).toEqual({ spared: true });
  });
});
