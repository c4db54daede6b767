/**
 * The keys of a state directory: `keys.json`, replaced as a whole under a lock, so that a command line can make and
 * revoke keys while the server runs. The server looks again every second.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeDirectory } from "../../make-directory.ts";
import { DirectoryLock } from "../durable/directory-lock.ts";
import { writeDurably } from "../durable/durable-file.ts";
import { apiKeySchema, type ApiKey } from "./api-keys.ts";

class KeyFileInvalid extends Error {
  override readonly name = "KeyFileInvalid";
}

const KEY_FILE = "keys.json";
const LOOK_AGAIN_MS = 1_000;
const LOCK_WAIT_MS = 5_000;
const fileSchema = z.strictObject({ format: z.literal(1), keys: z.array(apiKeySchema) });

/** None where there is no file. @throws KeyFileInvalid */
export function readKeys(directory: string): readonly ApiKey[] {
  const path = join(directory, KEY_FILE);
  const text = contentOf(path);
  if (text === undefined) return [];
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw new KeyFileInvalid(`${path} is not a file of keys: ${z.prettifyError(parsed.error)}`);
  return parsed.data.keys;
}

/** @throws KeyFileInvalid, DirectoryInUse */
export async function changeKeys(directory: string, change: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> {
  makeDirectory(directory, 0o700);
  const lock = await DirectoryLock.within(LOCK_WAIT_MS, directory, "keys.lock");
  try {
    const keys = change(readKeys(directory));
    await writeDurably(join(directory, KEY_FILE), [`${JSON.stringify({ format: 1, keys }, undefined, 2)}\n`]);
  } finally {
    lock.release();
  }
}

/** Tells of every change until it is stopped. A file that cannot be read leaves the keys as they were. */
export function watchKeys(directory: string, onChange: (keys: readonly ApiKey[]) => void, onFailure: (error: unknown) => void): () => void {
  const path = join(directory, KEY_FILE);
  let seen = versionOf(path);
  const timer = setInterval(() => {
    const version = versionOf(path);
    if (version === seen) return;
    seen = version;
    try {
      onChange(readKeys(directory));
    } catch (error) {
      onFailure(error);
    }
  }, LOOK_AGAIN_MS).unref();
  return () => clearInterval(timer);
}

/** Each write is a new file. */
function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino}/${stats.mtimeMs}/${stats.size}` : "none";
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema's message says what is expected instead.
    return undefined;
  }
}
