import { expect, test } from "vitest";
import type { RunId } from "../../src/trade.ts";
import { MemoryJournal, MemoryStateStore } from "../../src/state/memory.ts";
import { eventAt, storeContract } from "../support/store-contract.ts";

storeContract("memory", async () => {
  const store = { journal: new MemoryJournal(), state: new MemoryStateStore() };
  return { first: store, second: store, close: () => undefined };
});

test("runs are listed in the order of their opening", async () => {
  const journal = new MemoryJournal();
  await journal.append("b" as RunId, 0, eventAt(0));
  await journal.append("a" as RunId, 0, eventAt(0));
  await journal.append("b" as RunId, 1, eventAt(1));
  expect(journal.runs()).toEqual(["b", "a"]);
});
