import { fileURLToPath } from "node:url";

/** What the command line says and returns when something fails. */
const WRONG_INPUT = new Set(["UsageError", "ConfigInvalid", "DataInvalid", "StrategyFailed", "CalendarOutOfRange", "FeesOutOfRange", "ScheduleInvalid", "SettlementOutOfRange", "NotATradingDay", "TickSizeOutOfRange", "MarketDataMissing", "PaperRunDiffers", "AmountOutOfRange", "KeysUnavailable", "AdminSecretInvalid", "BackupRefused", "KeyFileInvalid"]);

/** The world failed and not the program, or a store is not whole: the message says all there is to say. */
const WORLD = new Set(["BrokerUnavailable", "StoreUnavailable", "StoreCorrupt", "BlobCorrupt", "StateConflict", "JournalConflict", "LeaseLost", "DirectoryRefused", "LogCorrupt", "CommandLogFailed", "DirectoryInUse", "VenueSnapshotInvalid"]);

/** One clear line for what the user can mend; the whole stack for what only a developer can. */
export function explainFailure(failure: unknown): { message: string; exitCode: number } {
  if (!(failure instanceof Error)) return { message: `ballast: ${String(failure)}`, exitCode: 1 };
  if (WRONG_INPUT.has(failure.name)) return { message: `ballast: ${failure.message}${failure.name === "StrategyFailed" ? placeInStrategy(failure.cause) : ""}`, exitCode: 2 };
  if (WORLD.has(failure.name)) return { message: `ballast: ${failure.message}`, exitCode: 1 };
  if (isOfTheSystem(failure)) return { message: `ballast: ${systemSentence(failure)}`, exitCode: 1 };
  return { message: `ballast: ${failure.stack ?? failure.message}`, exitCode: 1 };
}

/** The line of the strategy's own file that threw, or that called what threw. */
function placeInStrategy(cause: unknown): string {
  const frames = cause instanceof Error ? (cause.stack ?? "").split("\n").slice(1) : [];
  for (const frame of frames) {
    const [, place, line] = /(file:\/\/\S+?):(\d+):\d+\)?$/.exec(frame) ?? [];
    if (place !== undefined && !OWN.some((folder) => place.startsWith(folder)) && !place.includes("/node_modules/")) return ` (${fileURLToPath(place)}, line ${line})`;
  }
  return "";
}

const OWN = ["src", "bin", "backtest"].map((folder) => new URL(`../${folder}/`, import.meta.url).href);

/** What the operating system would not do: a file, a folder, a disk or an address, which the message names. */
function isOfTheSystem(failure: Error): failure is NodeJS.ErrnoException {
  return "syscall" in failure && typeof failure.syscall === "string" && "code" in failure && typeof failure.code === "string";
}

function systemSentence(failure: NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }): string {
  const { code, syscall, path, address, port } = failure;
  if (syscall === "listen") return `${address}:${port} ${LISTENING.get(code!) ?? `cannot be listened on: ${failure.message}`}`;
  const words = /^[A-Z0-9]+: (.*?), /.exec(failure.message)?.[1];
  return path === undefined || words === undefined ? failure.message : `${path}: ${words} (${syscall}, ${code})`;
}

const LISTENING: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "is in use: stop what listens there, or choose another --port (0 is any that is free)"],
  ["EADDRNOTAVAIL", "is no address of this machine: choose another --host"],
  ["EACCES", "may not be listened on by this user: choose a --port above 1023"],
]);
