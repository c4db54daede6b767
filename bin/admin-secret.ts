/** The secret that operators' tokens are signed with: from a variable, or from a file, as secrets are given to containers. */
import { readFileSync } from "node:fs";
import { ADMIN_SECRET_VARIABLE, AdminTokens } from "../src/server/keys/admin-tokens.ts";
import { UsageError } from "./usage-error.ts";

export const ADMIN_SECRET_FILE_VARIABLE = `${ADMIN_SECRET_VARIABLE}_FILE`;

/** Undefined when there is no secret; then there are no tokens. */
export function adminTokens(): AdminTokens | undefined {
  const [secret, file] = [process.env[ADMIN_SECRET_VARIABLE], process.env[ADMIN_SECRET_FILE_VARIABLE]];
  if (secret !== undefined && file !== undefined) throw new UsageError(`give one of ${ADMIN_SECRET_VARIABLE} and ${ADMIN_SECRET_FILE_VARIABLE}`);
  if (secret !== undefined) return new AdminTokens(secret);
  return file === undefined ? undefined : new AdminTokens(textOf(file).trim());
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${ADMIN_SECRET_FILE_VARIABLE}: ${file} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
