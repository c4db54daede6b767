/**
 * Requests that Schemathesis draws from Alpaca's documents, for one account of two. BALLAST_FUZZ_FACTOR asks for so many
 * times as many. What the other has is asked for by its ids and names (another_account.py), and shown in no answer.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
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

const HOOKS = fileURLToPath(new URL(".", import.meta.url));

let market: ServedMarket;
afterEach(() => market.server.close());

/** Everything that only an account itself is shown. */
interface Belongings {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** Orders of every end, a position, watchlists and activities. */
async function endowed(account: string): Promise<Belongings> {
  const name = (what: string): string => `${account}-q7f3a-${what}`;
  const order = { symbol: "AAA", qty: "10", side: "buy", time_in_force: "gtc" };
  const did = async (method: string, path: string, body?: unknown): Promise<void> => {
    const { status } = await market.send(account, method, path, body);
    expect(status, `${method} ${path}`).toBeLessThan(300);
  };
  await did("POST", "/v2/orders", { ...order, type: "market", client_order_id: name("filled") });
  await did("DELETE", "/v2/positions/AAA?qty=4");
  await did("POST", "/v2/orders", { ...order, type: "limit", limit_price: "90", client_order_id: name("open") });
  await did("POST", "/v2/orders", { ...order, type: "limit", limit_price: "80", client_order_id: name("bracket"), order_class: "bracket", take_profit: { limit_price: "120" }, stop_loss: { stop_price: "70" } });
  await did("POST", "/v2/watchlists", { name: name("first"), symbols: ["AAA"] });
  await did("POST", "/v2/watchlists", { name: name("second"), symbols: ["AAA", "BBB"] });
  const shown = await Promise.all(["/v2/account", "/v2/orders?status=all&nested=true", "/v2/positions", "/v2/watchlists", "/v2/account/activities"].map(async (path) => JSON.stringify((await market.send(account, "GET", path)).body)));
  const everybodys = JSON.stringify((await market.send(account, "GET", "/v2/assets")).body);
  const found = (pattern: RegExp): string[] => [...new Set(shown.join(" ").match(pattern))].filter((text) => !everybodys.includes(text)).sort();
  return { ids: found(/[\da-f]{8}-[\da-f-]{27}/g), names: [...found(new RegExp(`${account}-q7f3a-\\w+`, "g")), ...found(/SIM\d+/g)] };
}

test.skipIf(python === undefined || openApiIsAbsent).each(["trading-api.json", "market-data-api.json"])("Schemathesis finds no error 500, no answer outside %s and nothing of another account (needs BALLAST_TEST_PYTHON)", { timeout: FUZZ_TIMEOUT_MS }, async (document) => {
  market = await serveMarket();
  await market.quote("99.99", "100.01");
  const anothers = await endowed("bob");
  // Six orders, two of them legs, two watchlists, two fills, the first cash, and the account itself.
  expect([anothers.ids.length, anothers.names.length]).toEqual([12, 6]);
  const anothersFile = join(scratch, "anothers.json");
  writeFileSync(anothersFile, JSON.stringify(anothers));
  const seed = process.env["FAST_CHECK_SEED"] ?? "1";
  const args = ["run", join(FOLDER, document), "--url", market.server.url, "-H", "APCA-API-KEY-ID: key-ann", "-H", "APCA-API-SECRET-KEY: secret-ann", "--include-path-regex", SERVED, "--checks", "not_a_server_error,response_schema_conformance,shows_nothing_of_another_account", "--phases", "fuzzing", "--max-examples", String(EXAMPLES), "--seed", seed];
  const env = { ...process.env, SCHEMATHESIS_HOOKS: "another_account", PYTHONPATH: HOOKS, PYTHONDONTWRITEBYTECODE: "1", BALLAST_TEST_ANOTHERS: anothersFile };
  // A failure's text has the request as a line of curl, and the seed.
  const { stdout, stderr } = await promisify(execFile)(join(dirname(python!), "schemathesis"), args, { cwd: scratch, env, maxBuffer: 1 << 26 }).catch((error: unknown) => error as { stdout: string; stderr: string });
  expect(`${stdout}${stderr}`).toMatch(/Test cases:\n\s+(\d+) generated, \1 passed/);
});
