import nock from "nock";
import { afterEach, expect, test } from "vitest";
import { BrokerUnavailable } from "../../src/ports.ts";
import { instantOf, sessionDateOf } from "../../src/time.ts";
import { brokerAt, SERVER } from "./alpaca-world.ts";

afterEach(() => nock.cleanAll());

const date = sessionDateOf("2024-11-29");

function venueSays(days: object): void {
  nock(SERVER).get("/v2/calendar").query({ start: "2024-11-29T00:00:00.000Z", end: "2024-11-29T00:00:00.000Z" }).reply(200, days);
}

test.each([
  ["09:30", "13:00", "2024-11-29T18:00:00Z"],
  ["0930", "1600", "2024-11-29T21:00:00Z"],
])("a session is from %s to %s New York time", async (open, close, closesAt) => {
  venueSays([{ date: "2024-11-29", open, close, session_open: "0400", session_close: "2000", settlement_date: "2024-12-02" }]);
  expect(await brokerAt().hoursOf(date)).toEqual({ open: instantOf("2024-11-29T14:30:00Z"), close: instantOf(closesAt) });
});

test("a day that the venue does not list, or lists another for, has no session", async () => {
  venueSays([]);
  expect(await brokerAt().hoursOf(date)).toBeUndefined();
  venueSays([{ date: "2024-12-02", open: "09:30", close: "16:00" }]);
  expect(await brokerAt().hoursOf(date)).toBeUndefined();
});

test.each([[[{ date: "2024-11-29", open: "9.30", close: "16:00" }]], [[{ date: "2024-02-30", open: "09:30", close: "16:00" }]], [{ message: "no" }]])("an answer that is no calendar is none: %j", async (answer) => {
  venueSays(answer);
  await expect(brokerAt().hoursOf(date)).rejects.toThrow(BrokerUnavailable);
});
