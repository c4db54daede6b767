import { describe, expect, test } from "vitest";
import { quantityOf } from "../../src/money.ts";
import type { Broker } from "../../src/ports.ts";
import type { Instant } from "../../src/time.ts";
import type { ClientOrderId, SubmitOutcome } from "../../src/trade.ts";
import { barsOf, datasetOf, deploymentOf, holding } from "../support/made-up-market.ts";
import { RunOnMarket } from "../support/run-on-market.ts";

const FROM = "2026-11-16";
const DATA = datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 101, 99, 100] as const)) });
const MONDAY = "2026-11-23T14:35:00.000Z";

/** A line between the run and the venue that fails in stated ways. */
interface Line {
  /** For the n-th submission, from 1: whether it reaches the venue, and whether its answer comes back. */
  readonly submission: (n: number) => "answered" | "lost-before" | "lost-after";
  /** How long the venue's books lag behind what it has accepted. */
  readonly findLagMs?: number;
}

interface Watched {
  readonly world: RunOnMarket;
  /** Ids as they were sent, and what the venue itself answered to those that arrived. */
  readonly sent: ClientOrderId[];
  readonly arrived: SubmitOutcome["kind"][];
}

function over({ submission, findLagMs = 0 }: Line): Watched {
  const sent: ClientOrderId[] = [];
  const arrived: SubmitOutcome["kind"][] = [];
  const acceptedAt = new Map<ClientOrderId, Instant>();
  const line = (venue: Broker, now: () => Instant): Broker => ({
    ...venue,
    async submit(order) {
      sent.push(order.clientOrderId);
      const fate = submission(sent.length);
      if (fate === "lost-before") return { kind: "unknown", cause: "timeout" };
      const outcome = await venue.submit(order);
      arrived.push(outcome.kind);
      if (outcome.kind === "accepted") acceptedAt.set(order.clientOrderId, now());
      return fate === "lost-after" ? { kind: "unknown", cause: "timeout" } : outcome;
    },
    async find(id) {
      const at = acceptedAt.get(id);
      return at !== undefined && now() - at < findLagMs ? undefined : venue.find(id);
    },
  });
  return { world: new RunOnMarket(deploymentOf(holding({ AAA: 0.5 }), ["AAA"]), DATA, { from: FROM, broker: line }), sent, arrived };
}

const secondsOf = (calls: readonly string[]): readonly number[] => calls.map((at) => (Date.parse(at) - Date.parse(MONDAY)) / 1_000);
const submissionsOf = async (world: RunOnMarket): Promise<readonly string[]> => (await world.eventsOf(MONDAY, "order-submitted")).map(({ outcome, at }) => `${outcome.kind} at ${(at - Date.parse(MONDAY)) / 1_000} s`);
const held = (world: RunOnMarket): unknown => world.world.exchange.account(world.deployment.account).positions.map(({ quantity }) => quantity);

describe("a submission without an answer", () => {
  test("that had arrived is found by its id, and nothing is sent again", async () => {
    const { world, sent, arrived } = over({ submission: () => "lost-after" });
    expect(await world.play(MONDAY)).toEqual({ calls: [MONDAY], outcome: "completed" });
    expect(await submissionsOf(world)).toEqual(["unknown at 0 s"]);
    expect([sent.length, arrived]).toEqual([1, ["accepted"]]);
    expect(held(world)).toEqual([quantityOf("500")]);
  });

  test("that had not arrived is asked for until half a minute has gone by, and then sent again under its id", async () => {
    const { world, sent, arrived } = over({ submission: (n) => (n === 1 ? "lost-before" : "answered") });
    const { calls, outcome } = await world.play(MONDAY);
    expect(secondsOf(calls)).toEqual([0, 1, 2, 4, 8, 16, 32]);
    expect(outcome).toBe("completed");
    expect(await submissionsOf(world)).toEqual(["unknown at 0 s", "accepted at 32 s"]);
    expect([sent.length, new Set(sent).size, arrived]).toEqual([2, 1, ["accepted"]]);
    expect(held(world)).toEqual([quantityOf("500")]);
  });

  test("that had arrived while the venue's books lag behind is sent again, and the venue knows it", async () => {
    const { world, sent, arrived } = over({ submission: () => "lost-after", findLagMs: 40_000 });
    const { calls, outcome } = await world.play(MONDAY);
    expect(secondsOf(calls)).toEqual([0, 1, 2, 4, 8, 16, 32, 64]);
    expect(outcome).toBe("completed");
    expect([sent.length, arrived]).toEqual([2, ["accepted", "duplicate"]]);
    expect(held(world)).toEqual([quantityOf("500")]);
  });

  test("is sent three times at the most; after the window the run says that it was never confirmed", async () => {
    const { world, sent, arrived } = over({ submission: () => "lost-before" });
    const { calls, outcome } = await world.play(MONDAY);
    expect(outcome).toBe("partial");
    expect(await submissionsOf(world)).toEqual(["unknown at 0 s", "unknown at 32 s", "unknown at 64 s"]);
    expect([new Set(sent).size, arrived]).toEqual([1, []]);
    expect(calls.at(-2)).toBe("2026-11-23T21:00:00.000Z");
    expect(await world.eventsOf(MONDAY, "order-ended")).toMatchObject([{ status: "not-received", filledQuantity: 0, fills: [] }]);
    expect((await world.eventsOf(MONDAY, "run-closed"))[0]!.refused).toMatchObject([{ code: "WINDOW_PASSED" }, { code: "ORDER_NOT_CONFIRMED", symbol: "AAA", clientOrderId: sent[0], submissions: 3 }]);
    expect(held(world)).toEqual([]);
  });

  test("that the venue turns away the second time ends as rejected", async () => {
    const { world, arrived } = over({ submission: (n) => (n === 1 ? "lost-before" : "answered") });
    await world.call(MONDAY);
    const { broker } = world.ports;
    world.ports = { ...world.ports, broker: { ...broker, submit: async () => ({ kind: "rejected", code: "403", message: "no" }) } };
    expect((await world.play(MONDAY, "2026-11-23T14:35:32.000Z")).outcome).toBe("partial");
    expect(await submissionsOf(world)).toEqual(["unknown at 0 s", "rejected at 32 s"]);
    expect(arrived).toEqual([]);
  });

  test("of an accepted order that the venue then does not find is not sent again; the run waits twelve hours beyond the window", async () => {
    const { world, sent } = over({ submission: () => "answered", findLagMs: Infinity });
    const { calls, outcome } = await world.play(MONDAY);
    expect(sent).toHaveLength(1);
    expect(outcome).toBe("partial");
    expect(calls.at(-1)! > "2026-11-24T09:00:00.000Z" && calls.at(-1)! < "2026-11-24T09:06:00.000Z").toBe(true);
    expect((await world.eventsOf(MONDAY, "run-closed"))[0]!.refused).toMatchObject([{ code: "WINDOW_PASSED" }, { code: "ORDER_NOT_CONFIRMED", submissions: 1 }]);
  });
});

describe("a process that dies", () => {
  const dying = (world: RunOnMarket, when: "before" | "after"): void => {
    const { broker } = world.ports;
    world.ports = {
      ...world.ports,
      broker: {
        ...broker,
        async submit(order) {
          if (when === "after") await broker.submit(order);
          throw new Error("the process died");
        },
      },
    };
  };

  test("before its submission sends it when it is called again", async () => {
    const { world, arrived } = over({ submission: () => "answered" });
    const alive = world.ports;
    dying(world, "before");
    await expect(world.call(MONDAY)).rejects.toThrow("the process died");
    world.ports = alive;
    expect(await world.call(MONDAY, "2026-11-23T14:36:00.000Z")).toBe("completed");
    expect([arrived, held(world)]).toEqual([["accepted"], [quantityOf("500")]]);
  });

  test("after its submission finds that the venue has the order", async () => {
    const { world, arrived } = over({ submission: () => "answered" });
    const alive = world.ports;
    dying(world, "after");
    await expect(world.call(MONDAY)).rejects.toThrow("the process died");
    world.ports = alive;
    expect(await world.call(MONDAY, "2026-11-23T14:36:00.000Z")).toBe("completed");
    expect([arrived, held(world)]).toEqual([["accepted", "duplicate"], [quantityOf("500")]]);
  });

  test("before its submission, and is called again after the window, sends nothing any more", async () => {
    const { world, arrived } = over({ submission: () => "answered" });
    const alive = world.ports;
    dying(world, "before");
    await expect(world.call(MONDAY)).rejects.toThrow("the process died");
    world.ports = alive;
    expect(await world.call(MONDAY, "2026-11-23T21:00:00.001Z")).toBe("missed");
    expect([arrived, held(world)]).toEqual([[], []]);
  });

  test("after its submission, and is called again after the window, reports what became of the order", async () => {
    const { world } = over({ submission: () => "answered" });
    const alive = world.ports;
    dying(world, "after");
    await expect(world.call(MONDAY)).rejects.toThrow("the process died");
    world.ports = alive;
    expect(await world.call(MONDAY, "2026-11-23T21:00:00.001Z")).toBe("partial");
    expect(await world.eventsOf(MONDAY, "order-ended")).toMatchObject([{ status: "filled", filledQuantity: quantityOf("500") }]);
    expect(await world.eventsOf(MONDAY, "order-submitted")).toEqual([]);
  });
});
