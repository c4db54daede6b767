/** The real bars that lie beside the project; a test that needs them skips visibly elsewhere, and never in CI. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const SHARED_DATA = fileURLToPath(new URL("../../../shared/data", import.meta.url));

export const sharedDataIsAbsent = !existsSync(SHARED_DATA) && process.env["CI"] !== "true";
