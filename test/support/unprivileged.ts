import { readdirSync } from "node:fs";
import { ROOT } from "./command-line.ts";

const NOBODY = 65_534;

/** As a user whom the modes of files hold back, which they do not the one that tests mostly run as in a container. */
export async function unprivileged<T>(work: () => T | Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid!(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}

/** Whether such a user can start this program where it lies. */
export async function mayStartUnprivileged(): Promise<boolean> {
  return unprivileged(() => {
    try {
      return readdirSync(ROOT).length > 0;
    } catch {
      return false;
    }
  });
}
