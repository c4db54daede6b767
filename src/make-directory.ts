import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The file system takes no directories; every other reason is the operating system's own error. */
class DirectoryRefused extends Error {
  override readonly name = "DirectoryRefused";
}

/**
 * Makes a directory and those above it that are missing. One that is there stays as it is.
 *
 * Node's own recursive mkdir tries for ever where a file system answers "no such file" below a directory that exists, as
 * /proc does. @throws DirectoryRefused, and what the operating system says
 */
export function makeDirectory(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) makeOne(directory, mode);
  // The system's own words for what is there and is no directory.
  if (!statSync(path).isDirectory()) mkdirSync(path);
}

function makeOne(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process was faster.
    if (code === "EEXIST") return;
    if (code === "ENOENT") throw new DirectoryRefused(`the directory ${directory} cannot be made: ${dirname(directory)} takes no new directories`, { cause: error });
    throw error;
  }
}
