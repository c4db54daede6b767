/** What a server says of itself: sentences for a terminal, or one JSON object a line. No key, secret or header is in it. */
import { createLog, type Log } from "../src/aws/log.ts";

export interface LogSettings {
  readonly logFormat: "text" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

export function serveLog({ logFormat, logLevel }: LogSettings): Log {
  return createLog({ level: logLevel, destination: { write: (line) => void process.stderr.write(logFormat === "json" ? line : `ballast: ${sentenceOf(line)}\n`) } });
}

function sentenceOf(line: string): string {
  const { msg, err, level: _level, time: _time, ...facts } = JSON.parse(line) as { readonly msg?: string; readonly err?: { readonly message?: string; readonly stack?: string } } & Readonly<Record<string, unknown>>;
  const shown = Object.entries(facts).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [`${msg ?? "an error"}${shown.length > 0 ? ` (${shown.join(", ")})` : ""}`, ...(err ? [err.stack ?? err.message ?? ""] : [])].join(": ");
}
