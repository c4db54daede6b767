/**
 * The log: one JSON object a line on standard output, written as it happens, with nothing secret in it.
 *
 * Two nets. Fields whose names are on the deny list are masked at any depth, in arrays, errors and their causes too
 * (pino's own redaction takes exact paths only). And the finished line is searched for the known secrets, wherever and
 * in whatever form they got into it.
 */
import { pino, type Bindings, type DestinationStream, type Level, type Logger } from "pino";
import { MASK, type Secret } from "./secret.ts";

export type Log = Logger;

export interface LogOptions {
  readonly level?: Level;
  /** Read for every line: keys that are fetched later may be added to the array. */
  readonly secrets?: readonly Secret[];
  readonly destination?: DestinationStream;
}

export function createLog(options: LogOptions = {}): Log {
  const secrets = options.secrets ?? [];
  const log = pino(
    {
      level: options.level ?? "info",
      base: null,
      formatters: { level: (label) => ({ level: label }), log: maskedFields },
      // Errors are taken apart by `masked`, not by pino's serializers, which would run after it.
      serializers: { err: (value: unknown) => value, error: (value: unknown) => value },
      hooks: { streamWrite: (line) => secrets.reduce((text, secret) => secret.maskIn(text), line) },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
  // pino formats the fields of the root alone; a child inherits this method from the log that it was made by.
  const child: (this: Log, fields: Bindings) => Log = Reflect.get(log, "child");
  return Object.assign(log, {
    child(this: Log, fields: Bindings): Log {
      return child.call(this, maskedFields(fields));
    },
  });
}

/** Compared without case, dashes and underscores: "APCA-API-SECRET-KEY", "secretKey" and "secret_key" are one. */
const DENIED = /^(apcaapi(keyid|secretkey)|keyid|secret|secretkey|secretstring|apikey|password|passphrase|token|accesstoken|sessiontoken|secretaccesskey|accesskeyid|authorization|cookie|credentials)$/;

const DEPTH_MAX = 12;

function maskedFields(fields: object): Record<string, unknown> {
  return masked(fields, 0, new Set()) as Record<string, unknown>;
}

function masked(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "[circular]";
  if (depth > DEPTH_MAX) return "[deep]";
  const within = new Set(above).add(value);
  const inside = (child: unknown): unknown => masked(child, depth + 1, within);
  if (Array.isArray(value)) return value.map(inside);
  if (value instanceof Map) return inside(Object.fromEntries(value));
  if (value instanceof Set) return inside([...value]);
  if (value instanceof Error) return fieldsOf(partsOf(value), inside);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return inside((value.toJSON as () => unknown)());
  return fieldsOf(value, inside);
}

function fieldsOf(value: object, inside: (child: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, DENIED.test(name.toLowerCase().replaceAll(/[-_]/g, "")) ? MASK : inside(child)]));
}

/** An error's own fields and the ones that are not enumerable. */
function partsOf(error: Error): object {
  const { name, message, stack, cause } = error;
  return { ...Object.fromEntries(Object.entries(error)), name, message, stack, cause };
}
