/** What a person's check of an account asks of Alpaca beyond what a run needs: permissions, the venue's clock, its calendar. */
import { trading } from "@alpacahq/alpaca-trade-api/rest";
import type { Instant, SessionDate } from "../time.ts";
import type { SessionHours } from "../trade.ts";
import { clockAnswer, permissionsAnswer, restrictionsAnswer, type PermissionsAnswer, type RestrictionsAnswer } from "./answers.ts";
import { venueSessions } from "./calendar.ts";
import { basePathOf, type TradingHost } from "./hosts.ts";
import { Wire, type WireOptions } from "./wire.ts";

export interface Checkup {
  permissions(): Promise<PermissionsAnswer>;
  /** What the account's owner has set. */
  restrictions(): Promise<RestrictionsAnswer>;
  clock(): Promise<Instant>;
  /** By date, both ends included; a day without a session is absent. */
  sessions(from: SessionDate, to: SessionDate): Promise<ReadonlyMap<SessionDate, SessionHours>>;
}

/** Every answer, or BrokerUnavailable. */
export function alpacaCheckup(options: WireOptions & { readonly host: TradingHost }): Checkup {
  const wire = new Wire(options);
  const configuration = new trading.Configuration(wire.configuration(basePathOf(options.host)));
  return {
    permissions: () => wire.read("Alpaca account", () => new trading.AccountsApi(configuration).getAccountRaw(), permissionsAnswer),
    restrictions: () => wire.read("Alpaca account configuration", () => new trading.AccountConfigurationsApi(configuration).getAccountConfigRaw(), restrictionsAnswer),
    clock: async () => (await wire.read("Alpaca clock", () => new trading.ClockApi(configuration).legacyClockRaw(), clockAnswer)).timestamp,
    sessions: (from, to) => venueSessions(wire, configuration, from, to),
  };
}
