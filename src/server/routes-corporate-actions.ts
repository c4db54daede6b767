/** /v1/corporate-actions: cash dividends and splits whose ex-date has come. */
import { z } from "zod";
import type { CorporateAction } from "../rules/corporate-actions.ts";
import { dateOfEpochDay, newYorkClock, type EpochDay } from "../time.ts";
import type { Symbol } from "../trade.ts";
import { derivedUuid } from "./derived-ids.ts";
import { PrintedMarket } from "./printed-market.ts";
import type { ServerParts } from "./server-parts.ts";
import { badRequest } from "./wire-errors.ts";
import { given, parsed, wireDay, wireSymbols } from "./wire-requests.ts";

const TYPES = [
  "forward_split", "reverse_split", "unit_split", "cash_dividend", "stock_dividend", "spin_off", "cash_merger", "stock_merger", "stock_and_cash_merger",
  "name_change", "redemption", "worthless_removal", "rights_distribution", "partial_call", "reorganization",
] as const;

interface Listed {
  readonly id: string;
  readonly type: (typeof TYPES)[number];
  readonly symbol: Symbol;
  readonly action: CorporateAction;
}

export function corporateActionRoutes(parts: ServerParts): void {
  const { app, venue } = parts;
  const market = new PrintedMarket(venue);
  app.get("/v1/corporate-actions", (request, reply) => {
    const today = newYorkClock(parts.now()).day;
    const { symbols, types, start = today, end = today, ids, limit = LIMIT_DEFAULT, page_token, sort } = parsed(query, request.query, badRequest);
    const wanted = symbols ?? venue.assets.all().map(({ symbol }) => symbol);
    const all = wanted
      .flatMap((symbol) => market.actions(symbol, parts.now()).map((action) => listed(symbol, action)))
      .filter(({ id, type, action }) => (ids === undefined ? within(action, start, end) : ids.includes(id)) && (types === undefined || types.includes(type)))
      .sort((a, b) => (a.action.exDay - b.action.exDay || (a.id < b.id ? -1 : 1)) * (sort === "desc" ? -1 : 1));
    const from = page_token === undefined ? 0 : all.findIndex(({ id }) => id === page_token) + 1;
    if (page_token !== undefined && from === 0) throw badRequest("invalid page_token");
    const page = all.slice(from, from + limit);
    const grouped = Object.fromEntries(TYPES.filter((type) => page.some((one) => one.type === type)).map((type) => [`${type}s`, page.filter((one) => one.type === type).map(actionView)]));
    void reply.send({ corporate_actions: grouped, next_page_token: from + limit < all.length ? page.at(-1)!.id : null });
  });
}

const LIMIT_DEFAULT = 100;

const query = z.looseObject({
  symbols: given(wireSymbols),
  types: given(z.string().transform((text) => text.split(",")).refine((names) => names.every((name) => (TYPES as readonly string[]).includes(name)), "unknown type")),
  start: given(wireDay),
  end: given(wireDay),
  ids: given(z.string().transform((text) => text.split(","))),
  limit: given(z.coerce.number().int().min(1).max(1_000)),
  page_token: given(z.string()),
  sort: given(z.enum(["asc", "desc"])),
});

function within({ exDay }: CorporateAction, start: EpochDay, end: EpochDay): boolean {
  return exDay >= start && exDay <= end;
}

function listed(symbol: Symbol, action: CorporateAction): Listed {
  const type = action.type === "dividend" ? "cash_dividend" : action.ratio >= 1 ? "forward_split" : "reverse_split";
  return { id: derivedUuid("corporate-action", `${symbol}/${type}/${action.exDay}`), type, symbol, action };
}

/** A dividend is processed when it is paid, a split on its ex-date. No identifiers of securities are known. */
function actionView({ id, symbol, type, action }: Listed): Readonly<Record<string, unknown>> {
  const exDate = dateOfEpochDay(action.exDay);
  if (action.type === "dividend") {
    const payDate = action.payDay === undefined ? exDate : dateOfEpochDay(action.payDay);
    return { id, symbol, cusip: "", rate: action.amount, special: false, foreign: false, ex_date: exDate, record_date: exDate, payable_date: payDate, process_date: payDate };
  }
  const rates = action.ratio >= 1 ? { new_rate: action.ratio, old_rate: 1 } : { new_rate: 1, old_rate: Math.round(1e6 / action.ratio) / 1e6 };
  const identifiers = type === "forward_split" ? { cusip: "" } : { old_cusip: "", new_cusip: "" };
  return { id, symbol, ...identifiers, ...rates, ex_date: exDate, process_date: exDate };
}
