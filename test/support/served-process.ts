/** `ballast serve` in a process of its own, to be stopped, killed and started again. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { ROOT } from "./command-line.ts";

export interface ServedProcess {
  readonly url: string;
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

export async function serveInProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ServedProcess> {
  const child: ChildProcess = spawn(process.execPath, [`${ROOT}/bin/ballast.ts`, "serve", ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr!.on("data", (text: Buffer) => (said += text.toString()));
    child.stdout!.on("data", (text: Buffer) => {
      const [, found] = /^serving (\S+)/m.exec(text.toString()) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${String(code)}: ${said}`)));
  });
  return {
    url,
    async end(signal) {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}
