import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WorkedStyle } from "../../src/execution/execution.ts";
import { parseSchedule } from "../../src/rules/schedule.ts";
import type { ConfiguredStrategy } from "../../src/strategy.ts";
import fixedWeights from "../../strategies/fixed-weights.ts";
import inverseVolatility from "../../strategies/inverse-volatility.ts";
import momentum from "../../strategies/momentum.ts";
import trend from "../../strategies/trend.ts";
import { dynamodbStore } from "../../src/state/dynamodb.ts";
import { openSqliteStore } from "../../src/state/sqlite.ts";
import { instantOf } from "../../src/time.ts";
import { startDynamodb, type DynamodbServer } from "../support/dynamodb-server.ts";
import { deploymentOf } from "../support/made-up-market.ts";
import { decisions, eventsOf, expectSound, live } from "../support/worked-session.ts";

const strategies: readonly (readonly [string, ConfiguredStrategy])[] = [
  ["fixed-weights", fixedWeights.configure({ band: 0 })],
  ["inverse-volatility", inverseVolatility.configure({ days: 20 })],
  ["momentum", momentum.configure({ top: 1, days: 3, skip: 0 })],
  ["trend", trend.configure({ days: 10 })],
];
const sliced = { minutes: 9, slices: 3, capBps: 10, participationMax: 0.5 };
const styles: readonly (readonly [WorkedStyle, string])[] = [
  [{ style: "walk-the-book", steps: 3, capBps: 10, patienceMinMs: 5_000, patienceMaxMs: 10_000 }, "every session at open+5m"],
  [{ style: "twap", ...sliced }, "every session at open+5m"],
  [{ style: "vwap", ...sliced }, "every session at open+5m"],
  [{ style: "at-open" }, "every session at open-60m"],
  [{ style: "at-close" }, "every session at close-30m"],
];
const cases = styles.flatMap(([style, schedule]) => strategies.map(([name, strategy]) => [style.style, name, style, schedule, strategy] as const));

describe.each(cases)("%s for %s, killed at each of its effects in turn", (_style, _name, style, schedule, strategy) => {
  const scheduled = { ...strategy, schedule: parseSchedule(schedule) };
  const deployment = deploymentOf(scheduled, ["AAA", "BBB"], { executionStyle: style, limits: { collarBps: 200 } });

  test.each(["before", "after"] as const)("%s the effect, and redelivered at once, leaves the world as it would have been", async (when) => {
    const unharmed = await live(deployment, 0, when);
    expectSound(unharmed, "unharmed");
    expect(eventsOf(unharmed.journal, "child-planned").length).toBeGreaterThan(0);
    for (let n = 1; n <= unharmed.effects; n += 1) {
      const harmed = await live(deployment, n, when);
      expect(harmed.account, `effect ${n}`).toEqual(unharmed.account);
      expect(decisions(harmed.journal), `effect ${n}`).toEqual(decisions(unharmed.journal));
    }
  });

  test("and redelivered four minutes later, loses no fill and places no order twice", async () => {
    const { effects } = await live(deployment, 0, "after");
    for (let n = 1; n <= effects; n += 1) expectSound(await live(deployment, n, "after", 240_000), `effect ${n}`);
  });
});

/** Each effect on these stores is a write to a disk or a request: by default every so many effects, all of them with BALLAST_EVERY_EFFECT=1. */
const stride = (usual: number): number => (process.env["BALLAST_EVERY_EFFECT"] === "1" ? 1 : usual);

describe.each(cases)("%s for %s, on stores that outlive the process", (_style, _name, style, schedule, strategy) => {
  const deployment = deploymentOf({ ...strategy, schedule: parseSchedule(schedule) }, ["AAA", "BBB"], { executionStyle: style, limits: { collarBps: 200 } });
  let directory: string;
  let dynamodb: DynamodbServer;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "ballast-worked-"));
    dynamodb = await startDynamodb();
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await dynamodb.close();
  });

  test("killed at its effects over SQLite, it ends as it would have", async () => {
    const unharmed = await live(deployment, 0, "before");
    const step = stride(9);
    for (let n = 1; n <= unharmed.effects; n += step) {
      for (const when of ["before", "after"] as const) {
        const store = openSqliteStore(join(directory, `${n}-${when}.sqlite`));
        const harmed = await live(deployment, n, when, 0, store);
        store.close();
        expectSound(harmed, `effect ${n}`);
        expect(decisions(harmed.journal), `${when} effect ${n}`).toEqual(decisions(unharmed.journal));
      }
    }
  });

  test("killed at its effects over DynamoDB, it ends as it would have", async () => {
    const unharmed = await live(deployment, 0, "before");
    const step = stride(45);
    for (let n = 1; n <= unharmed.effects; n += step) {
      const tableName = `killed-${n}`;
      await dynamodb.createTable(tableName);
      const harmed = await live(deployment, n, "after", 0, dynamodbStore({ client: dynamodb.client(3), tableName, clock: { now: () => instantOf("2020-04-01T12:00:00Z") } }));
      expectSound(harmed, `effect ${n}`);
      expect(decisions(harmed.journal), `effect ${n}`).toEqual(decisions(unharmed.journal));
    }
  });
});
