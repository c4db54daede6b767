import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigInvalid, type AccountConfig } from "../../src/config.ts";
import { portsForVenue, systemClock } from "../../src/handlers/ports-for-venue.ts";
import { priceOf, shares } from "../../src/money.ts";
import type { AccountName, ApprovedOrder, Symbol } from "../../src/trade.ts";
import { KeysUnavailable } from "../../src/aws/secrets.ts";
import { CANARY_KEY_ID, CANARY_SECRET, SECRET_NAME, startLocalWorld, type LocalWorld } from "./local-world.ts";

const paper: AccountConfig = { name: "main" as AccountName, venue: "alpaca-paper", secret: SECRET_NAME, feed: "iex", requestsPerMinute: 180, dataRequestsPerMinute: 180 };
const live: AccountConfig = { ...paper, venue: "alpaca-live" };

let world: LocalWorld;

beforeEach(async () => {
  world = await startLocalWorld();
  for (const [name, value] of Object.entries(world.env)) vi.stubEnv(name, value);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

const order = { clientOrderId: "bal-0", symbol: "SPY", side: "buy", quantity: shares(1), type: "market", priceBound: priceOf("500") } as unknown as ApprovedOrder;

const open = (account: AccountConfig, env: object = {}) => portsForVenue({ ...world.env, ...env }, world.clock)(account);

describe("an account of real money", () => {
  test.each([
    ["without a confirmation", {}],
    ["with the confirmation of another account", { BALLAST_CONFIRM_LIVE: "other" }],
    ["with a confirmation that names no account", { BALLAST_CONFIRM_LIVE: "yes" }],
  ])("is not opened %s", async (_, env) => {
    await expect(open(live, env)).rejects.toThrow(new ConfigInvalid("account main trades real money, and BALLAST_CONFIRM_LIVE does not say main: deploy it with -c confirmLive=main, or give the command --live main"));
  });

  test("is opened when both the configuration and the confirmation name it", async () => {
    const { ports } = await open(live, { BALLAST_CONFIRM_LIVE: "main" });
    expect((await ports.broker.account()).equity).toBe(100_000_000_000);
  });

  test("a paper account stays on paper whatever is confirmed", async () => {
    const { ports } = await open(paper, { BALLAST_CONFIRM_LIVE: "main", BALLAST_ALPACA_BASE_URL: undefined });
    // No test reaches a host that is not on this machine, and the refusal names the host.
    expect(await ports.broker.submit(order)).toMatchObject({ kind: "unknown", cause: expect.stringContaining("paper-api.alpaca.markets") as string });
  });
});

test.each(["https://api.alpaca.markets", "https://paper-api.alpaca.markets", "http://10.0.0.1:8080", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://[::2]", "localhost"])(
  "BALLAST_ALPACA_BASE_URL is not taken for %s",
  async (url) => {
    await expect(open(paper, { BALLAST_ALPACA_BASE_URL: url })).rejects.toThrow(new ConfigInvalid(`BALLAST_ALPACA_BASE_URL is for servers on this machine, not for ${url}`));
  },
);

test("orders, market data and keys come through the ports of a paper account", async () => {
  const { ports, secrets } = await open(paper);
  expect((await ports.marketData.quotes(["SPY" as Symbol])).get("SPY" as Symbol)?.bid).toBe(500_000_000);
  expect(secrets.map((secret) => secret.reveal())).toEqual([CANARY_KEY_ID, CANARY_SECRET]);
});

test("a secret that is not there is named, and nothing else is said", async () => {
  await expect(open({ ...paper, secret: "ballast/nowhere" })).rejects.toThrow(new KeysUnavailable("the secret ballast/nowhere could not be read: ResourceNotFoundException"));
});

test("without the name of a table there are no ports", () => {
  expect(() => portsForVenue({}, world.clock)).toThrow(new ConfigInvalid("BALLAST_TABLE must name the DynamoDB table"));
});

test("reads that kept failing are not tried again by the next process for a while", async () => {
  const { ports, keepBreakers } = await portsForVenue(world.env, systemClock)(paper);
  world.broker.failure = 503;
  await withoutPauses(Promise.allSettled(Array.from({ length: 3 }, () => ports.marketData.quotes(["SPY" as Symbol]))));
  await keepBreakers();
  world.broker.failure = undefined;
  const next = await portsForVenue(world.env, systemClock)(paper);
  await expect(next.ports.marketData.quotes(["SPY" as Symbol])).rejects.toThrow("none is tried for 30 s");
  expect((await next.ports.broker.account()).equity).toBe(100_000_000_000);
});

test("two processes share the requests of an account's minute, those for market data apart", async () => {
  const narrow = { ...paper, requestsPerMinute: 1 };
  const [first, second] = [await open(narrow), await open(narrow)];
  expect(await first.ports.broker.submit(order)).toMatchObject({ kind: "accepted" });
  await expect(second.ports.broker.submit(order)).rejects.toThrow("not sent, the 1 requests a minute of alpaca-trading/main are spent");
  expect(world.broker.submissions).toBe(1);
  expect((await second.ports.marketData.quotes(["SPY" as Symbol])).size).toBe(1);
  await expect((await open({ ...narrow, name: "other" as AccountName })).ports.broker.submit({ ...order, clientOrderId: "bal-1" } as ApprovedOrder)).resolves.toMatchObject({ kind: "accepted" });
});

/** Pauses between repetitions pass at once; the requests themselves take the time they take. */
async function withoutPauses<T>(work: Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const pending = {};
    for (;;) {
      await vi.advanceTimersByTimeAsync(500);
      const first = await Promise.race([work, setImmediate(pending)]);
      if (first !== pending) return first as T;
    }
  } finally {
    vi.useRealTimers();
  }
}
