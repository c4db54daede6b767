/** What the command line says and returns when something fails. */
const WRONG_INPUT = new Set(["UsageError", "ConfigInvalid", "DataInvalid", "StrategyFailed", "CalendarOutOfRange", "FeesOutOfRange", "ScheduleInvalid", "SettlementOutOfRange", "NotATradingDay", "TickSizeOutOfRange", "MarketDataMissing", "PaperRunDiffers", "AmountOutOfRange", "KeysUnavailable", "AdminSecretInvalid", "BackupRefused", "KeyFileInvalid"]);

/** The world failed and not the program, or a store is not whole: the message says all there is to say. */
const WORLD = new Set(["BrokerUnavailable", "StoreUnavailable", "StoreCorrupt", "BlobCorrupt", "StateConflict", "JournalConflict", "LeaseLost", "LogCorrupt", "CommandLogFailed", "DirectoryInUse", "VenueSnapshotInvalid"]);

/** One clear line for what the user can mend; the whole stack for what only a developer can. */
export function explainFailure(failure: unknown): { message: string; exitCode: number } {
  if (!(failure instanceof Error)) return { message: `ballast: ${String(failure)}`, exitCode: 1 };
  if (WRONG_INPUT.has(failure.name)) return { message: `ballast: ${failure.message}`, exitCode: 2 };
  if (WORLD.has(failure.name)) return { message: `ballast: ${failure.message}`, exitCode: 1 };
  return { message: `ballast: ${failure.stack ?? failure.message}`, exitCode: 1 };
}
