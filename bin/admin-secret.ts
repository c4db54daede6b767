/** The secret that operators' tokens are signed with: from a variable, or from a file, as secrets are given to containers. */
import { ADMIN_SECRET_VARIABLE, AdminTokens } from "../src/server/keys/admin-tokens.ts";
import { givenFile } from "./given-file.ts";
import { UsageError } from "./usage-error.ts";

export const ADMIN_SECRET_FILE_VARIABLE = `${ADMIN_SECRET_VARIABLE}_FILE`;

/** Undefined when there is no secret; then there are no tokens. */
export function adminTokens(): AdminTokens | undefined {
  const [secret, file] = [process.env[ADMIN_SECRET_VARIABLE], process.env[ADMIN_SECRET_FILE_VARIABLE]];
  if (secret !== undefined && file !== undefined) throw new UsageError(`give one of ${ADMIN_SECRET_VARIABLE} and ${ADMIN_SECRET_FILE_VARIABLE}`);
  if (secret !== undefined) return new AdminTokens(secret);
  return file === undefined ? undefined : new AdminTokens(givenFile(ADMIN_SECRET_FILE_VARIABLE, file).toString().trim());
}
