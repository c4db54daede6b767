/** Requests that Schemathesis draws from Alpaca's documents. BALLAST_FUZZ_FACTOR asks for so many times as many. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, expect, test } from "vitest";
import { FUZZ_TIMEOUT_MS } from "../support/fuzzing.ts";
import { serveMarket, type ServedMarket } from "../support/served-market.ts";
import { FOLDER, openApiIsAbsent } from "./openapi.ts";

const python = process.env["BALLAST_TEST_PYTHON"];
const EXAMPLES = 10 * Number(process.env["BALLAST_FUZZ_FACTOR"] ?? 1);
const SERVED = "^/v2/(account|orders|positions|assets|clock|calendar|watchlists|stocks)|^/v3|^/v1/corporate";

/** Schemathesis leaves a folder of its own where it is started. */
const scratch = mkdtempSync(join(tmpdir(), "ballast-schemathesis-"));
afterAll(() => rmSync(scratch, { recursive: true }));

let market: ServedMarket;
afterEach(() => market.server.close());

test.skipIf(python === undefined || openApiIsAbsent).each(["trading-api.json", "market-data-api.json"])("Schemathesis finds no error 500 and no answer outside %s (needs BALLAST_TEST_PYTHON)", { timeout: FUZZ_TIMEOUT_MS }, async (document) => {
  market = await serveMarket();
  await market.quote("99.99", "100.01");
  const seed = process.env["FAST_CHECK_SEED"] ?? "1";
  const args = ["run", join(FOLDER, document), "--url", market.server.url, "-H", "APCA-API-KEY-ID: key-ann", "-H", "APCA-API-SECRET-KEY: secret-ann", "--include-path-regex", SERVED, "--checks", "not_a_server_error,response_schema_conformance", "--phases", "fuzzing", "--max-examples", String(EXAMPLES), "--seed", seed];
  // A failure's text has the request as a line of curl, and the seed.
  const { stdout } = await promisify(execFile)(join(dirname(python!), "schemathesis"), args, { cwd: scratch, maxBuffer: 1 << 26 }).catch((error: unknown) => error as { stdout: string });
  expect(stdout).toMatch(/Test cases:\n\s+(\d+) generated, \1 passed/);
});
