import { readFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

/** The content of a file that an option or a variable names. */
export function givenFile(by: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(`${by}: ${file} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
