/** Files that are there whole or not at all, also when the machine stops in the middle. */
import fs from "node:fs/promises";
import { dirname } from "node:path";

/** What a file is called until it is whole; a leftover of a stopped process may be deleted. */
export const UNFINISHED = ".unfinished";

export async function writeDurably(path: string, pieces: Iterable<string | Uint8Array>, mode = 0o600): Promise<void> {
  await makeDurably(path, async (file) => {
    for (const piece of pieces) await file.writeFile(piece);
  }, mode);
}

/** Written beside, synced, renamed over, and the directory synced: after this returns the new content stays. */
export async function makeDurably(path: string, write: (file: fs.FileHandle) => Promise<void>, mode = 0o600): Promise<void> {
  const beside = path + UNFINISHED;
  try {
    const file = await fs.open(beside, "w", mode);
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(beside, path);
  } catch (error) {
    await fs.rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await fs.open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
