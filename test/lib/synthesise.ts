/** The CDK program as `cdk synth` runs it: in a process of its own, with cdk.json's context and the command line's. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const PROJECT = new URL("../../", import.meta.url);
const cdkJson = JSON.parse(readFileSync(new URL("cdk.json", PROJECT), "utf8")) as { readonly app: string; readonly context: Readonly<Record<string, unknown>> };

export const CDK_CONTEXT = cdkJson.context;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function synthesise(outdir: string, context: Readonly<Record<string, string>>): Promise<Ended> {
  const env = { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ ...CDK_CONTEXT, ...context }) };
  return ended(spawn(cdkJson.app, { shell: true, cwd: PROJECT, env }));
}

export async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}
