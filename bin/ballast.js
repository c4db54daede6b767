#!/usr/bin/env node
// Starts the command line on the project's own Node, whatever Node started this file. It is JavaScript because an
// older Node cannot read the rest.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const REQUIRED_MAJOR = 24;
const projectNode = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
const major = Number(process.versions.node.split(".")[0]);

if (major >= REQUIRED_MAJOR) {
  endWithLauncher();
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  await import("./ballast.ts");
} else if (existsSync(projectNode)) {
  const child = spawn(projectNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // Whoever stops this process means the other. A terminal sends its interrupt to both by itself.
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {});
  child.on("error", (error) => {
    throw error;
  });
  child.on("exit", (status, signal) => {
    process.exitCode = signal ? 1 : (status ?? 1);
  });
} else {
  process.stderr.write(`ballast needs Node ${REQUIRED_MAJOR}. This is Node ${process.versions.node}, and the project's own is not installed: run "npm ci" in the project first.\n`);
  process.exitCode = 1;
}

/** A launcher that is killed can tell nobody: its channel closes, and that is a request to end. */
function endWithLauncher() {
  if (!process.connected) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}
