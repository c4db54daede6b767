/** Which code runs here: the version of the package, and the content of every source file that can take part in a decision. */
import { createHash, hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CodeVersion } from "./run-record.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = ["src", "strategies"] as const;

/** `strategyFile` lies outside the project's own strategies. Reads the project's files: a bundle is told when it is made. */
export function codeVersion(strategyFile?: string): CodeVersion {
  const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { version: string };
  return { ballast: version, sources: hashOfSources(), ...(strategyFile !== undefined && { strategyFile: hash("sha256", readFileSync(strategyFile)) }) };
}

/** Over the paths and contents of all TypeScript files, in the order of their paths. */
function hashOfSources(): string {
  const digest = createHash("sha256");
  for (const folder of SOURCES) {
    const files = readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    for (const file of files.map((path) => path.replaceAll("\\", "/")).sort()) digest.update(`${folder}/${file}\0`).update(readFileSync(join(PROJECT, folder, file))).update("\0");
  }
  return digest.digest("hex");
}
