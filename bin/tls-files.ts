/** A certificate and its key, tried before anything is served with them. */
import { createSecureContext } from "node:tls";
import { givenFile } from "./given-file.ts";
import { UsageError } from "./usage-error.ts";

export function tlsFiles(certificate: string, key: string): { readonly cert: Buffer; readonly key: Buffer } {
  const pair = { cert: givenFile("--tls-cert", certificate), key: givenFile("--tls-key", key) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new UsageError(`--tls-cert ${certificate} and --tls-key ${key} are no certificate and its key in PEM: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return pair;
}
