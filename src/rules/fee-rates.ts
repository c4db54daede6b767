/**
 * The regulatory fees on US equity trades by trade date: SEC Section 31, FINRA's Trading Activity Fee (TAF) and the
 * Consolidated Audit Trail (CAT), from 1990 to the end of 2026.
 *
 * Every row names its source; "from memory" marks what was not looked up. Rates are chosen by trade date; where a rate
 * was announced by charge date the difference is the settlement cycle. A day outside a table throws `FeesOutOfRange`,
 * unless whoever asks takes the newest rate for a day behind it.
 */
import { moneyOf, type Money } from "../money.ts";
import { dateOfEpochDay, epochDayOf, sessionDateOf, type EpochDay } from "../time.ts";

export class FeesOutOfRange extends RangeError {
  override readonly name = "FeesOutOfRange";
}

/** The share of a sale's proceeds that is due, as a fraction of integers. */
interface Section31Rate {
  readonly numerator: number;
  readonly denominator: number;
}

interface TafRate {
  /** Billionths of a dollar for each share sold. */
  readonly nanoDollarsPerShare: number;
  readonly capPerTrade: Money;
}

interface CatRate {
  /** Billionths of a dollar for each share bought or sold. */
  readonly nanoDollarsPerShare: number;
}

/** Of a day behind a table's last: an error, or the rate that the table has last. */
export type BehindTable = "refuse" | "newest";

export function section31RateOn(day: EpochDay, behind: BehindTable = "refuse"): Section31Rate {
  return rateOn("SEC Section 31 fee", section31, day, behind);
}

export function tafRateOn(day: EpochDay, behind: BehindTable = "refuse"): TafRate {
  return rateOn("FINRA trading activity fee", taf, day, behind);
}

export function catRateOn(day: EpochDay, behind: BehindTable = "refuse"): CatRate {
  return rateOn("Consolidated Audit Trail fee", cat, day, behind);
}

interface Row<Rate> {
  readonly from: EpochDay;
  readonly rate: Rate;
}

interface Table<Rate> {
  /** Oldest first; each row holds until the next. */
  readonly rows: readonly Row<Rate>[];
  readonly lastDay: EpochDay;
}

function rateOn<Rate>(fee: string, table: Table<Rate>, day: EpochDay, behind: BehindTable): Rate {
  const { rows, lastDay } = table;
  if (day <= lastDay || behind === "newest") for (let i = rows.length - 1; i >= 0; i -= 1) if (rows[i]!.from <= day) return rows[i]!.rate;
  throw unknownRate(fee, table, day);
}

function unknownRate<Rate>(fee: string, { rows, lastDay }: Table<Rate>, day: EpochDay): FeesOutOfRange {
  const covered = `${dateOfEpochDay(rows[0]!.from)} to ${dateOfEpochDay(lastDay)}`;
  return new FeesOutOfRange(`no ${fee} is known for ${dateOfEpochDay(day)}, the table covers ${covered}; choose another fee schedule (--fees none or --fees ib) or extend the table`);
}

const dayOf = (date: string): EpochDay => epochDayOf(sessionDateOf(date));

export const LAST_FEE_DAY = dayOf("2026-12-31");

/** Dollars per million of proceeds, with two decimals. */
function perMillion(from: string, dollars: number): Row<Section31Rate> {
  return { from: dayOf(from), rate: { numerator: Math.round(dollars * 100), denominator: 100_000_000 } };
}

/**
 * Until 1996 Section 31 covered sales of exchange-listed securities only; the table does not know where a stock was
 * listed and charges all alike.
 */
const section31: Table<Section31Rate> = {
  rows: [
    { from: dayOf("1990-01-01"), rate: { numerator: 1, denominator: 30_000 } }, // 1/300 of one per cent, the statutory rate before the fee relief act; traderstatus.com/?p=1215 (0.0000333)
    perMillion("2001-12-28", 15), // SEC Fee Rate Advisory #8, 2002-01-16
    perMillion("2002-04-01", 30.1), // traderstatus.com/?p=1215, compiled from the SEC's advisories
    perMillion("2003-03-22", 25.2), // SEC Fee Rate Advisory #12 for fiscal 2003
    perMillion("2003-04-01", 46.8), // the same
    perMillion("2004-02-22", 39), // traderstatus.com/?p=1215
    perMillion("2004-04-01", 23.4), // the same
    perMillion("2005-01-07", 32.9), // the same
    perMillion("2005-04-01", 41.8), // the same
    perMillion("2005-12-22", 30.7), // the same; still in force on 2006-11-17 by SEC press release 2006-194
    perMillion("2007-03-17", 15.3), // rate: SEC press release 2007-89; day from memory, 30 days after the appropriation of 2007-02-15
    perMillion("2008-01-25", 11), // rate: SEC press release 2007-89; day from memory, 30 days after the appropriation of 2007-12-26
    perMillion("2008-04-01", 5.6), // FINRA Information Notice 2008-03-10
    perMillion("2009-04-10", 25.7), // rate: SEC press release 2009-100; day from memory, 30 days after the appropriation of 2009-03-11
    perMillion("2010-01-15", 12.7), // SEC press release 2009-270
    perMillion("2010-04-01", 16.9), // FINRA Information Notice 2010-03-10
    perMillion("2011-01-21", 19.2), // SEC press release 2010-255
    perMillion("2012-02-21", 18), // SEC Fee Rate Advisory #5 for fiscal 2012
    perMillion("2012-04-01", 22.4), // day: NYSE Information Memo 12-7; rate: SEC press release 2012-232
    perMillion("2013-05-25", 17.4), // BATS fee filing of May 2013 (Wall Street Letter XLV 16)
    perMillion("2014-03-18", 22.1), // FINRA Information Notice 2014-03-03
    perMillion("2015-02-14", 18.4), // from memory
    perMillion("2016-02-16", 21.8), // traderstatus.com; FINRA Information Notice 2016-03-15 has the rate
    perMillion("2017-07-04", 23.1), // traderstatus.com
    perMillion("2018-05-22", 13), // FINRA Information Notice 2018-05-07
    perMillion("2019-04-16", 20.7), // traderstatus.com
    perMillion("2020-02-18", 22.1), // FINRA Information Notice 2020-02-03
    perMillion("2021-02-25", 5.1), // SEC press release 2021-8
    perMillion("2022-05-14", 22.9), // traderstatus.com
    perMillion("2023-02-27", 8), // traderstatus.com
    perMillion("2024-05-22", 27.8), // traderstatus.com
    perMillion("2025-05-14", 0), // FINRA Information Notice 2025-04-24
    perMillion("2026-04-04", 20.6), // SEC Order 34-104909; in force until 60 days after the appropriation for fiscal 2027
  ],
  lastDay: LAST_FEE_DAY,
};

function tafRow(from: string, nanoDollarsPerShare: number, cap: string): Row<TafRate> {
  return { from: dayOf(from), rate: { nanoDollarsPerShare, capPerTrade: moneyOf(cap) } };
}

const taf: Table<TafRate> = {
  rows: [
    tafRow("1990-01-01", 0, "0"), // the fee began on 2002-10-01
    tafRow("2002-10-01", 50_000, "5"), // start: NASD Notice to Members 02-63; rate: Traders Magazine 2003-09-30
    tafRow("2003-09-01", 100_000, "10"), // NASD Notice to Members 03-43; Traders Magazine 2003-09-30
    tafRow("2004-11-01", 75_000, "3.75"), // day: NASD Notice to Members 04-84; rate: FINRA Regulatory Notice 11-27
    tafRow("2011-07-01", 90_000, "4.50"), // FINRA Regulatory Notice 11-27
    tafRow("2012-03-01", 95_000, "4.75"), // FINRA Regulatory Notice 12-06
    tafRow("2012-07-01", 119_000, "5.95"), // rate: SR-FINRA-2020-032; day from memory
    tafRow("2022-01-01", 130_000, "6.49"), // SR-FINRA-2020-032, as are the next two
    tafRow("2023-01-01", 145_000, "7.27"),
    tafRow("2024-01-01", 166_000, "8.30"),
    tafRow("2026-01-01", 195_000, "9.79"), // SR-FINRA-2024-019
    tafRow("2026-10-01", 0, "0"), // holiday to the end of 2026: SR-FINRA-2026-021, 91 FR 60435; not known whether every broker passes it on
    tafRow("2027-01-01", 195_000, "9.79"), // SR-FINRA-2026-020
  ],
  lastDay: dayOf("2028-12-31"),
};

function catRow(from: string, nanoDollarsPerShare: number): Row<CatRate> {
  return { from: dayOf(from), rate: { nanoDollarsPerShare } };
}

/** What a customer of Alpaca is charged, all parts together. Before July 2025 the parts are known better than the days. */
const cat: Table<CatRate> = {
  rows: [
    catRow("1990-01-01", 0), // the fee began in September 2024
    catRow("2024-09-01", 35_000), // CAT Fee 2024-1; catnmsplan.com FAQ V6
    catRow("2024-10-01", 48_000), // with Historical CAT Assessment 1, 0.000013; the same
    catRow("2025-01-01", 53_000), // alpaca.markets/support/regulatory-fees; Alpaca's documentation had 0.000046 for a part of these months, the higher is taken
    catRow("2025-07-01", 26_500), // rate: the same page; day: CAT Fee 2025-2, Release 34-103379
    catRow("2025-12-01", 0), // paused after the invoice of December 2025, which bills November
    catRow("2026-05-01", 3_000), // Alpaca's fee schedule of 2026-09-17: CAT Fee 2026-1 and Historical Assessment 1A
  ],
  lastDay: LAST_FEE_DAY,
};
