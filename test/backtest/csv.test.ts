import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineOfRow, readColumns, readRecords } from "../../backtest/csv.ts";
import { DataInvalid } from "../../backtest/dataset-invalid.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, empty: "forbidden" | "allowed" = "forbidden") => readColumns(bytes(text), "A.csv", "date", ["close"], empty);

describe("columns", () => {
  test.each([
    ["in any order and case, among others", "Name,CLOSE,Date\nx,1.5,2020-01-02\ny,2,2020-01-03\n"],
    ["with CRLF and a byte order mark", "\uFEFFdate,close\r\n2020-01-02,1.5\r\n2020-01-03,2\r\n"],
    ["without a newline at the end", "date,close\n2020-01-02,1.5\n2020-01-03,2"],
    ["with empty lines at the end", "date,close\n2020-01-02,1.5\n2020-01-03,2\n\n\n"],
    ["in quotes", '"date","close"\n"2020-01-02","1.5"\n"2020-01-03","2"\n'],
    ["beside a quoted text with a comma", 'note,date,close\n"a, b",2020-01-02,1.5\n"a ""c""",2020-01-03,2\n'],
    ["with blanks around the cells", "date, close\n2020-01-02, 1.5\n2020-01-03, 2 \n"],
  ])("are read %s", (_, text) => {
    const { keys, numbers } = read(text);
    expect([...keys]).toEqual([18263, 18264]);
    expect([...numbers[0]!]).toEqual([1.5, 2]);
  });

  test("a header alone has no rows", () => expect(read("date,close\n").keys.length).toBe(0));
  test("the first row of numbers is line 2", () => expect(lineOfRow(0)).toBe(2));
  test("an empty cell is NaN where a symbol may be unlisted", () => expect(read("date,close\n2020-01-02,\n", "allowed").numbers[0]![0]).toBeNaN());

  test.each([
    ["1970-01-01", 0],
    ["1969-12-31", -1],
    ["2000-02-29", 11016],
    ["1900-03-01", -25508],
    ["2020-12-31", 18627],
    ["2024-02-29", 19782],
  ])("%s is day %i", (date, day) => expect(read(`date,close\n${date},1\n`).keys[0]).toBe(day));

  test("times are minutes of the day, and whole ones", () => {
    const minutes = (text: string) => [...readColumns(bytes(text), "A.csv", "time", ["close"], "forbidden").keys];
    expect(minutes("time,close\n04:00:00,1\n15:59,2\n")).toEqual([240, 959]);
    expect(() => minutes("time,close\n04:00:30,1\n")).toThrow('A.csv line 2, column time: "04:00:30" is no minute of the day; minutes are written HH:MM or HH:MM:00');
    expect(() => minutes("time,close\n24:00,1\n")).toThrow("is no minute of the day");
  });
});

describe("numbers are the doubles that their text says", () => {
  test.each(["0.1", "-0.3", "123456789.123456", "12345678901234567890", "0.000001", "1469.250000", "1e-7", "5.", ".5", "+3", "0.30000000000000004", "2000000000000000000000.5"])(
    "%s",
    (text) => expect(read(`date,close\n2020-01-02,${text}\n`).numbers[0]![0]).toBe(Number(text)),
  );
  test("for any number that is printed", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        const text = `date,close\n${values.map((value) => `2020-01-02,${value}`).join("\n")}\n`;
        expect([...read(text).numbers[0]!].map((value) => value + 0)).toEqual(values.map((value) => value + 0));
      }),
    );
  });
  test("for any price with decimals", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 0, max: 8 }), (units, decimals) => {
        const text = (units / 10 ** decimals).toFixed(decimals);
        expect(read(`date,close\n2020-01-02,${text}\n`).numbers[0]![0]).toBe(Number(text));
      }),
    );
  });
});

describe("what is wrong is said with file, line and column", () => {
  test.each([
    ["an empty file", "", "A.csv line 1: the file is empty"],
    ["a missing column", "date,open\n2020-01-02,1\n", "A.csv line 1, column close: the column is missing; the file has date, open"],
    ["a column that is there twice", "date,close,Close\n2020-01-02,1,1\n", "A.csv line 1, column Close: two columns have this name"],
    ["a word for a number", "date,close\n2020-01-02,1\n2020-01-03,n/a\n", 'A.csv line 3, column close: "n/a" is no number'],
    ["NaN", "date,close\n2020-01-02,NaN\n", 'A.csv line 2, column close: "NaN" is no number'],
    ["infinity", "date,close\n2020-01-02,Infinity\n", 'A.csv line 2, column close: "Infinity" is no number'],
    ["a number too large for a double", "date,close\n2020-01-02,1e999\n", 'A.csv line 2, column close: "1e999" is no number'],
    ["hexadecimal", "date,close\n2020-01-02,0x10\n", 'A.csv line 2, column close: "0x10" is no number'],
    ["a decimal comma", "date,close\n2020-01-02,1,5\n", "A.csv line 2: the line has 3 fields, the header has 2"],
    ["an empty cell", "date,close\n2020-01-02,\n", "A.csv line 2, column close: the cell is empty"],
    ["a lone minus", "date,close\n2020-01-02,-\n", 'A.csv line 2, column close: "-" is no number'],
    ["a missing field", "date,close\n2020-01-02,1\n2020-01-03\n", "A.csv line 3: the line has 1 fields, the header has 2"],
    ["an empty line between rows", "date,close\n2020-01-02,1\n\n2020-01-03,1\n", "A.csv line 3: the line has 1 fields, the header has 2"],
    ["an American date", "date,close\n01/02/2020,1\n", 'A.csv line 2, column date: "01/02/2020" is no date; dates are written YYYY-MM-DD'],
    ["a day that the month does not have", "date,close\n2019-02-29,1\n", 'A.csv line 2, column date: "2019-02-29" is no date'],
    ["a month that does not exist", "date,close\n2019-13-01,1\n", 'A.csv line 2, column date: "2019-13-01" is no date'],
    ["a date with a time", "date,close\n2020-01-02T00:00,1\n", 'A.csv line 2, column date: "2020-01-02T00:00" is no date'],
  ])("%s", (_, text, message) => {
    expect(() => read(text)).toThrow(DataInvalid);
    expect(() => read(text)).toThrow(message);
  });
  test("the word NaN is no empty cell", () => expect(() => read("date,close\n2020-01-02,NaN\n", "allowed")).toThrow('"NaN" is no number'));
  test("the place is there to be read, and the cause is kept", () => {
    let thrown: unknown;
    try {
      read("date,close\n2019-02-29,1\n");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "DataInvalid", place: { file: "A.csv", line: 2, column: "date" } });
    expect((thrown as Error).cause).toBeInstanceOf(RangeError);
  });
});

describe("records of text", () => {
  test("have their line and their fields by name", () => {
    const records = readRecords(bytes('Symbol,Note\nA,"x, ""y"""\nB,\n'), "B.csv", ["symbol"]);
    expect(records.map(({ line, fields }) => [line, fields.get("symbol"), fields.get("note")])).toEqual([
      [2, "A", 'x, "y"'],
      [3, "B", ""],
    ]);
  });
  test.each([
    ["a missing column", "a,b\n1,2\n", "B.csv line 1, column symbol: the column is missing"],
    ["a short line", "symbol,b\n1\n", "B.csv line 2: the line has 1 fields, the header has 2"],
    ["an open quote", 'symbol,b\n"1,2\n', "B.csv line 2: the quotes do not match"],
  ])("%s is an error", (_, text, message) => expect(() => readRecords(bytes(text), "B.csv", ["symbol"])).toThrow(message));
});
