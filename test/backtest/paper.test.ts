import { describe, expect, test } from "vitest";
import { continuePaper, paperAccount } from "../../backtest/paper.ts";
import type { WorldSettings } from "../../backtest/simulated-world.ts";
import type { JournalEvent } from "../../src/run/journal.ts";
import { openSqliteStore, type SqliteStore } from "../../src/state/sqlite.ts";
import { defineStrategy, z } from "../../src/strategy.ts";
import { instantOf, type Instant } from "../../src/time.ts";
import { datasetOf, deploymentOf, holding, wanderingBars, worldSettings } from "../support/made-up-market.ts";

const FROM = "2026-11-16";
const DATA = datasetOf({ AAA: wanderingBars(FROM, 12, 1), BBB: wanderingBars(FROM, 12, 2), CCC: wanderingBars(FROM, 12, 3) });

/** Swaps its holdings in the afternoon, when orders wait for the close: runs are called again while orders are open. */
const churning = defineStrategy({
  name: "churning",
  description: "",
  params: z.object({ weight: z.number().default(0.9) }),
  schedule: "every session at close-1m",
  lookback: 1,
  memory: { schema: z.object({ count: z.number() }), initial: { count: 0 } },
  signal(view, { weight }, { memory }) {
    const symbol = view.symbols[memory.count % view.symbols.length]!;
    return { answer: [{ symbol, weight, reason: `turn ${memory.count}` }], memory: { count: memory.count + 1 } };
  },
});

const settings: WorldSettings = worldSettings(DATA, deploymentOf(churning.configure({}), DATA.symbols, { fees: "alpaca" }), FROM, 100_000, 1);
const memory = (): SqliteStore => openSqliteStore(":memory:", { synchronous: "off" });
const evening = (date: string): Instant => instantOf(`${date}T23:00:00Z`);

class Died extends Error {}

/** The store of a process that dies at its n-th call, before or after it. Nothing of the process outlives it but the store. */
function dying(store: SqliteStore, dieAt: number, when: "before" | "after"): { store: SqliteStore; calls: () => number } {
  let calls = 0;
  const wrap = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          calls += 1;
          if (calls > dieAt) throw new Died();
          if (calls === dieAt && when === "before") throw new Died();
          const result: unknown = await (value as (...all: unknown[]) => Promise<unknown>).apply(target, args);
          if (calls === dieAt) throw new Died();
          return result;
        };
      },
    });
  return { store: { ...store, journal: wrap(store.journal), state: wrap(store.state) }, calls: () => calls };
}

interface Outcome {
  readonly account: unknown;
  readonly waiting: number;
  readonly journal: unknown;
}

/** All that was written down, but for the links and for whether the venue had the order already. */
async function outcomeOf(store: SqliteStore, until: Instant): Promise<Outcome> {
  const { account, waiting } = await continuePaper(settings, store, until, () => undefined);
  const runs = await Promise.all(store.journal.runs().map((run) => store.journal.read(run)));
  const written = ({ previous: _previous, ...event }: JournalEvent): unknown => (event.type === "order-submitted" ? { ...event, outcome: "sent" } : event);
  return { account, waiting, journal: runs.map((events) => events.map(written)) };
}

describe("a paper run", () => {
  test.each(["before", "after"] as const)("goes on from the store as if nothing had been, when its process dies %s any call of the store", async (when) => {
    const until = evening("2026-11-18");
    const unharmed = memory();
    const expected = await outcomeOf(unharmed, until);
    expect(expected.waiting).toBe(0);
    expect((expected.journal as unknown[][]).flat().filter((event) => (event as JournalEvent).type === "order-ended").length).toBe(5);
    const counted = dying(memory(), Infinity, when);
    await continuePaper(settings, counted.store, until, () => undefined);
    for (let n = 1; n <= counted.calls(); n += 1) {
      const store = memory();
      await expect(continuePaper(settings, dying(store, n, when).store, until, () => undefined), `call ${n}`).rejects.toThrow(Died);
      expect(await outcomeOf(store, until), `call ${n}`).toEqual(expected);
      store.close();
    }
    unharmed.close();
  });

  test("is the same in one step, in a step a day and in a step an hour", async () => {
    const until = evening("2026-11-20");
    const whole = await outcomeOf(memory(), until);
    for (const stepMs of [86_400_000, 3_600_000]) {
      const store = memory();
      for (let at = instantOf("2026-11-16T06:00:00Z"); at < until; at = (at + stepMs) as Instant) await continuePaper(settings, store, at, () => undefined);
      expect(await outcomeOf(store, until)).toEqual(whole);
    }
  });

  test("leaves its account in the store for others to look at", async () => {
    const store = memory();
    expect(await paperAccount(settings, store)).toBeUndefined();
    const { account } = await continuePaper(settings, store, evening("2026-11-18"), () => undefined);
    expect(await paperAccount(settings, store)).toEqual(account);
  });

  test.each<[string, WorldSettings]>([
    ["parameters", worldSettings(DATA, deploymentOf(churning.configure({ weight: 0.5 }), DATA.symbols, { fees: "alpaca" }), FROM, 100_000, 1)],
    ["symbols", worldSettings(DATA, deploymentOf(churning.configure({}), ["AAA", "BBB"], { fees: "alpaca" }), FROM, 100_000, 1)],
    ["fees", worldSettings(DATA, deploymentOf(churning.configure({}), DATA.symbols), FROM, 100_000, 1)],
    ["cash", worldSettings(DATA, deploymentOf(churning.configure({}), DATA.symbols, { fees: "alpaca" }), FROM, 50_000, 1)],
    ["a first day", worldSettings(DATA, deploymentOf(churning.configure({}), DATA.symbols, { fees: "alpaca" }), "2026-11-17", 100_000, 1)],
  ])("is not continued with other %s", async (_what, other) => {
    const store = memory();
    await continuePaper(settings, store, evening("2026-11-17"), () => undefined);
    await expect(continuePaper(other, store, evening("2026-11-18"), () => undefined)).rejects.toMatchObject({ name: "PaperRunDiffers" });
  });

  test("has its file to itself, because an account remembers one strategy's holdings, budgets and halts", async () => {
    const store = memory();
    const other = worldSettings(DATA, deploymentOf(holding({ AAA: 0.5 }), DATA.symbols), FROM);
    await continuePaper(settings, store, evening("2026-11-17"), () => undefined);
    await expect(continuePaper(other, store, evening("2026-11-17"), () => undefined)).rejects.toMatchObject({
      name: "PaperRunDiffers",
      message: "the state file holds a run of churning, and a file has one strategy's account; give holding another --state file",
    });
    expect(await paperAccount(other, store)).toBeUndefined();
    await continuePaper(settings, store, evening("2026-11-18"), () => undefined);
  });
});
