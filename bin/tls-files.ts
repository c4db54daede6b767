/** A certificate and its key, tried before anything is served with them. */
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { UsageError } from "./usage-error.ts";

export function tlsFiles(certificate: string, key: string): { readonly cert: Buffer; readonly key: Buffer } {
  const pair = { cert: bytesOf("--tls-cert", certificate), key: bytesOf("--tls-key", key) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new UsageError(`--tls-cert ${certificate} and --tls-key ${key} are no certificate and its key in PEM: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return pair;
}

function bytesOf(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(`${option}: ${file} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
