import { expect, test } from "vitest";
import { suite } from "./server.ts";

test("the bench of the served market takes every one of its steps, and its figures are figures", { timeout: 180_000 }, async () => {
  const figures = await suite.rehearse!(() => undefined);
  const named = new Map(figures.map((one) => [one.name, one.median]));
  for (const name of [
    "1 connection, acknowledged, p50",
    "4 connections, filled, p99",
    "a steady 200 orders/s over 4 connections, acknowledged, p99",
    "orders to constants of fastify",
    "fdatasync of 4 KiB, one after the other",
    "resident memory with 5 idle streams",
    "start with the log of 300 orders alone",
    "start with a snapshot of 300 orders",
    "the longest wait while a snapshot of 300 orders is written",
  ]) expect([name, named.get(name)]).toEqual([name, expect.any(Number)]);
  expect(figures.filter(({ median }) => !(median > 0))).toEqual([]);
});
