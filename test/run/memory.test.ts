import { describe, expect, test } from "vitest";
import { recall } from "../../src/run/memory.ts";
import { defineStrategy, keep, z } from "../../src/strategy.ts";
import { isoOf } from "../../src/time.ts";
import { barsOf, datasetOf, deploymentOf } from "../support/made-up-market.ts";
import { RunOnMarket } from "../support/run-on-market.ts";

const FROM = "2026-11-16";
const DATA = datasetOf({ AAA: barsOf(FROM, Array.from({ length: 10 }, () => [100, 101, 99, 100] as const)) });
const MONDAY = "2026-11-23T14:35:00.000Z";
const TUESDAY = "2026-11-24T14:35:00.000Z";

/** Remembers each instant for which it was asked. */
const diary = defineStrategy({
  name: "diary",
  description: "",
  params: z.object({}),
  schedule: "every session at open+5m",
  lookback: 1,
  memory: { schema: z.object({ asked: z.array(z.string()) }), initial: { asked: [] } },
  signal: (view, _params, { memory }) => ({ answer: keep("only remembers"), memory: { asked: [...memory.asked, isoOf(view.asOf)] } }),
});

const world = (): RunOnMarket => new RunOnMarket(deploymentOf(diary.configure({}), ["AAA"]), DATA, { from: FROM });
const remembered = async (one: RunOnMarket): Promise<unknown> => recall(one.deployment, { state: one.state });

describe("what a strategy remembers", () => {
  test("begins as its initial value, is handed to the next run and journaled by each", async () => {
    const one = world();
    expect(await remembered(one)).toEqual({ asked: [] });
    await one.call(MONDAY);
    expect(await remembered(one)).toEqual({ asked: [MONDAY] });
    await one.call(TUESDAY);
    expect(await remembered(one)).toEqual({ asked: [MONDAY, TUESDAY] });
    expect((await one.eventsOf(TUESDAY, "targets-set"))[0]!.memory).toEqual({ asked: [MONDAY, TUESDAY] });
  });

  test("is not taken back by a run that is older", async () => {
    const one = world();
    const later = "2026-11-23T15:35:00.000Z";
    expect(await one.call(later)).toBe("unchanged");
    expect(await one.call(MONDAY, later)).toBe("unchanged");
    expect(await remembered(one)).toEqual({ asked: [later] });
    expect((await one.eventsOf(MONDAY, "targets-set"))[0]!.memory).toEqual({ asked: [later, MONDAY] });
  });

  test("is kept when the process dies between the journal and the store", async () => {
    const one = world();
    const { ports } = one;
    one.ports = { ...ports, state: { load: (key) => ports.state.load(key), save: () => Promise.reject(new Error("the process died")) } };
    await expect(one.call(MONDAY)).rejects.toThrow("the process died");
    one.ports = ports;
    expect(await remembered(one)).toEqual({ asked: [] });
    await one.call(MONDAY);
    expect(await remembered(one)).toEqual({ asked: [MONDAY] });
  });

  test("is kept, too, when the run is called again only after its window", async () => {
    const one = world();
    const { ports } = one;
    one.ports = { ...ports, state: { load: (key) => ports.state.load(key), save: () => Promise.reject(new Error("the process died")) } };
    await expect(one.call(MONDAY)).rejects.toThrow("the process died");
    one.ports = ports;
    expect(await one.call(MONDAY, "2026-11-23T21:00:00.001Z")).toBe("missed");
    expect(await remembered(one)).toEqual({ asked: [MONDAY] });
  });

  test("is nothing for a strategy that declares none", async () => {
    const plain = defineStrategy({ name: "plain", description: "", params: z.object({}), schedule: "every session at open+5m", lookback: 1, signal: () => keep("nothing") });
    const one = new RunOnMarket(deploymentOf(plain.configure({}), ["AAA"]), DATA, { from: FROM });
    await one.call(MONDAY);
    expect(await remembered(one)).toBeUndefined();
    expect((await one.eventsOf(MONDAY, "targets-set"))[0]).not.toHaveProperty("memory");
  });
});
