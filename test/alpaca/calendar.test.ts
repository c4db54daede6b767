import nock from "nock";
import { afterEach, expect, test } from "vitest";
import { calendarDifferences } from "../../src/alpaca/calendar.ts";
import { compatibleServer } from "../../src/alpaca/hosts.ts";
import { BrokerUnavailable } from "../../src/ports.ts";
import { epochDayOf, instantOf, sessionDateOf } from "../../src/time.ts";
import { SERVER, wireOptions } from "./alpaca-world.ts";

afterEach(() => nock.cleanAll());

const day = (date: string) => epochDayOf(sessionDateOf(date));
const options = () => ({ ...wireOptions(), host: compatibleServer(SERVER) });
const hours = (open: string, close: string) => ({ open: instantOf(open), close: instantOf(close) });

/** Thanksgiving week of 2024: closed on Thursday, half a day on Friday. */
const week = [
  { date: "2024-11-25", open: "09:30", close: "16:00", session_open: "0400", session_close: "2000", settlement_date: "2024-11-26" },
  { date: "2024-11-26", open: "09:30", close: "16:00" },
  { date: "2024-11-27", open: "09:30", close: "16:00" },
  { date: "2024-11-29", open: "09:30", close: "13:00" },
];

function venueSays(days: object): void {
  nock(SERVER).get("/v2/calendar").query({ start: "2024-11-25T00:00:00.000Z", end: "2024-11-29T00:00:00.000Z" }).reply(200, days);
}

test("calendars that agree have no difference", async () => {
  venueSays(week);
  expect(await calendarDifferences(options(), day("2024-11-25"), day("2024-11-29"))).toEqual([]);
});

test("sessions that only one side has and other hours are differences, in the order of their dates", async () => {
  venueSays([week[3]!, { date: "2024-11-28", open: "0930", close: "1600" }, { date: "2024-11-27", open: "09:30", close: "14:00" }, week[0]!, { date: "2024-12-02", open: "09:30", close: "16:00" }]);
  expect(await calendarDifferences(options(), day("2024-11-25"), day("2024-11-29"))).toEqual([
    { date: "2024-11-26", ours: hours("2024-11-26T14:30:00Z", "2024-11-26T21:00:00Z"), venue: undefined },
    { date: "2024-11-27", ours: hours("2024-11-27T14:30:00Z", "2024-11-27T21:00:00Z"), venue: hours("2024-11-27T14:30:00Z", "2024-11-27T19:00:00Z") },
    { date: "2024-11-28", ours: undefined, venue: hours("2024-11-28T14:30:00Z", "2024-11-28T21:00:00Z") },
  ]);
});

test.each([[[{ date: "2024-11-25", open: "9.30", close: "16:00" }]], [[{ date: "2024-02-30", open: "09:30", close: "16:00" }]], [{ message: "no" }]])("an answer that is no calendar is none: %j", async (answer) => {
  venueSays(answer);
  await expect(calendarDifferences(options(), day("2024-11-25"), day("2024-11-29"))).rejects.toThrow(BrokerUnavailable);
});
