/**
 * What `cdk synth` and `cdk deploy` run: ballast.yaml in, one stack out.
 *
 * `-c config=FILE` reads another file. `-c confirmLive=ACCOUNT` (several with commas) confirms that real money is meant.
 * A configuration that does not hold ends with its message, exit code 2 and no template.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { App } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { BallastStack } from "../lib/ballast-stack.ts";
import { bundleHandlers } from "../lib/bundle-handlers.ts";
import { parseConfig } from "../src/config.ts";
import { strategies } from "../strategies/index.ts";
import { explainFailure } from "./failure.ts";
import { UsageError } from "./usage-error.ts";

const app = new App({ autoSynth: false });
const outdir = mkdtempSync(join(tmpdir(), "ballast-"));
try {
  const file = contextText("config") ?? "ballast.yaml";
  const yaml = textOf(file);
  const config = parseConfig(yaml, strategies, basename(file));
  const confirmedLive = contextText("confirmLive")?.split(",") ?? [];
  new BallastStack(app, "Ballast", { config, confirmedLive, code: Code.fromAsset(bundleHandlers(yaml, outdir)) });
  app.synth();
} catch (failure) {
  const { message, exitCode } = explainFailure(failure);
  process.stderr.write(`${message}\n`);
  process.exitCode = exitCode;
} finally {
  rmSync(outdir, { recursive: true });
}

function contextText(name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`the configuration ${file} could not be read`, { cause });
  }
}
