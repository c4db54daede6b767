import { expect, test } from "vitest";
import { soak } from "./soak.ts";

test("twenty accounts lose nothing and have nothing twice when their server is killed among their orders", { timeout: 300_000 }, async () => {
  const result = await soak({ accounts: 20, requests: 20, kills: 1, seed: 1 });
  expect(result).toMatchObject({ acknowledged: 400, lost: 0, duplicated: 0, agrees: true });
  expect(result.lookups).toBeGreaterThan(400);
});
