import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/no-network.ts", "test/support/fixed-seed.ts"],
    testTimeout: 60_000,
    // Some build what is deployed before their first test.
    hookTimeout: 60_000,
    coverage: { provider: "v8", include: ["src/**", "backtest/**", "strategies/**", "lib/**"], reporter: ["text-summary", "json-summary"] },
  },
});
