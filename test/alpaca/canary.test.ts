import { inspect } from "node:util";
import nock from "nock";
import { afterEach, expect, test } from "vitest";
import { alpacaMarketData } from "../../src/alpaca/market-data.ts";
import { createLog } from "../../src/aws/log.ts";
import type { Symbol } from "../../src/trade.ts";
import { instantOf, sessionDateOf } from "../../src/time.ts";
import { brokerAt, CANARY_KEY, CANARY_SECRET, ID, limitOrder, SERVER, wireOptions } from "./alpaca-world.ts";

afterEach(() => nock.cleanAll());

// A venue, or something before it, that gives everything back that it was sent.
const echo = (request: Request) => `<p>${CANARY_KEY} and ${CANARY_SECRET}, ${encodeURIComponent(CANARY_SECRET)}</p>${JSON.stringify([...request.headers])}`;
const headers = { "X-Request-ID": CANARY_SECRET, "Set-Cookie": CANARY_SECRET };

test.each([
  ["HTML with 200", 200, echo],
  ["JSON of another shape", 200, (request: Request) => ({ cash: CANARY_SECRET, client_order_id: CANARY_SECRET, status: echo(request) })],
  ["an error with a message", 403, (request: Request) => ({ code: CANARY_SECRET, message: echo(request) })],
  ["an error in HTML", 502, echo],
  ["a redirect", 302, echo],
  ["a 404", 404, (request: Request) => ({ code: 40410000, message: echo(request) })],
])("keys that come back in %s show in no outcome, no error and no log line", async (_, status, body) => {
  nock(SERVER).persist().get(/.*/).reply(status, body, headers);
  nock(SERVER).persist().post(/.*/).reply(status, body, headers);
  nock(SERVER).persist().delete(/.*/).reply(status, body, headers);
  const broker = brokerAt();
  const data = alpacaMarketData({ ...wireOptions(), feed: "iex", url: SERVER });
  const symbols = ["SPY" as Symbol];
  const today = sessionDateOf("2024-03-01");
  const results = await Promise.allSettled([
    broker.account(),
    broker.submit(limitOrder),
    broker.find(ID),
    broker.cancel(ID),
    data.view(symbols, 5, instantOf("2024-03-01T15:00:00Z")),
    data.quotes(symbols),
    broker.hoursOf(today),
  ]);

  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => void lines.push(line) } });
  for (const result of [...results, broker, data, wireOptions()]) log.error({ result }, "seen");
  expect(lines).toHaveLength(results.length + 3);
  const everything = [...lines, inspect([results, broker, data, wireOptions()], { depth: 20, showHidden: true }), JSON.stringify([results, broker, data]), ...results.map(stackOf)].join("\n");
  expect(everything).toContain("[secret]");
  for (const canary of [CANARY_KEY, CANARY_SECRET, encodeURIComponent(CANARY_SECRET)]) expect(everything.includes(canary)).toBe(false);
});

function stackOf(result: PromiseSettledResult<unknown>): string {
  const texts: string[] = [];
  for (let error: unknown = result.status === "rejected" ? result.reason : undefined; error instanceof Error; error = error.cause) texts.push(error.stack ?? "");
  return texts.join("\n");
}
