/**
 * One process at a time in a directory.
 *
 * The lock is the operating system's, on a file of SQLite's: it ends with the process that holds it, however that ends,
 * so there is no stale lock to take over and no race about one. It works between processes of one machine.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const ASK_AGAIN_MS = 20;

class DirectoryInUse extends Error {
  override readonly name = "DirectoryInUse";
}

export class DirectoryLock {
  readonly #db: DatabaseSync;
  readonly #holderPath: string;

  /** Waits for others, and no longer than this. @throws DirectoryInUse */
  static async within(waitMs: number, directory: string, purpose: string): Promise<DirectoryLock> {
    for (let waited = 0; ; waited += ASK_AGAIN_MS) {
      try {
        return new DirectoryLock(directory, purpose);
      } catch (error) {
        if (!(error instanceof DirectoryInUse) || waited >= waitMs) throw error;
        await sleep(ASK_AGAIN_MS);
      }
    }
  }

  /** `purpose` names the lock; others may hold others. @throws DirectoryInUse */
  constructor(directory: string, purpose = "lock") {
    this.#holderPath = join(directory, `${purpose}.holder`);
    this.#db = new DatabaseSync(join(directory, purpose));
    try {
      this.#db.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      this.#db.close();
      if (!/locked/.test(String(error))) throw error;
      throw new DirectoryInUse(`${directory} is in use by ${holderOf(this.#holderPath)}: stop that first`, { cause: error });
    }
    writeFileSync(this.#holderPath, `process ${process.pid}\n`);
  }

  release(): void {
    rmSync(this.#holderPath, { force: true });
    this.#db.close();
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // The holder is known by the lock; its name is a courtesy.
    return "another process";
  }
}
