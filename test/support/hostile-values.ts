/** Values as nobody should send them, in the kinds that parsers stumble over. */
import fc from "fast-check";

/** Texts, for paths, queries and fields. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", " ", "\0", "A\0A", "__proto__", "constructor", "toString", "hasOwnProperty", "null", "undefined", "true", "[object Object]", "NaN", "Infinity", "-Infinity", "-0", "-1", "+1", "1e400", "1e308", "1e-7", ".5", "5.", "0x10", "1_000", "00001") },
  { weight: 2, arbitrary: fc.constantFrom("9007199254740993", "9007199.254740991", "9999999999", "9007199254.740991", "0.000000001", "0.0000000001", "123456789012345678901234567890", "٣", "１", "1,2", "💥", "\ud800", "‮AAA", "İ", "ß", "a".repeat(5_000), "%", "%00", "%zz", "..", "../../etc/passwd", "'; DROP TABLE orders;--", "<script>", "${7*7}", "AAA,AAA,AAA", ",", ",,,", "AAA ,BBB") },
  { weight: 2, arbitrary: fc.constantFrom("2026-11-24", "2026-13-45", "2026-02-30", "0000-00-00", "0001-01-01", "1883-11-18", "1969-12-31T23:59:59Z", "1989-12-31", "2030-01-01", "9999-12-31", "2026-11-24T17:00:00+99:99", "2026-11-24T17:00:60Z", "2026-11-24 17:00:00", "275760-09-13T00:00:00Z", "-271821-04-20T00:00:00Z", "1764003600", "1constructor", "1__proto__", "9999A", "0D") },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.double().map(String) },
  { weight: 1, arbitrary: fc.uuid() },
);

/** Values of JSON, where a number, a text or an object was expected. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 0.1, 1e-9, 1e-300, 1e21, 1e308, -1e308, 2 ** 53, 2 ** 31, 9_007_199, [], {}, [null], [[]], ["AAA"], { length: 1e9 }, { toString: "x", valueOf: 1 }, { then: {} }) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** A body's text, spoiled in ways that JSON.stringify never writes. */
export const spoiling: fc.Arbitrary<(json: string) => string> = fc.oneof(
  fc.constantFrom<(json: string) => string>(
    () => "",
    () => "null",
    () => '"',
    () => "NaN",
    (json) => `${json}${json}`,
    (json) => `﻿${json}`,
    (json) => `${json}\0`,
    (json) => json.replace("{", '{"__proto__":{"qty":"1","isAdmin":true},'),
    (json) => json.replace("{", '{"constructor":{"prototype":{"qty":"1"}},'),
    (json) => json.replace("{", '{"qty":"1","qty":2,"symbol":"BBB","side":"sell","name":"x",'),
    (json) => json.replaceAll('"', "'"),
    (json) => json.replaceAll(/\d+/g, "1e400"),
    (json) => json.replaceAll(/"(\d+)"/g, "NaN"),
    (json) => `${"[".repeat(50_000)}${json}${"]".repeat(50_000)}`,
    (json) => `${'{"a":'.repeat(20_000)}${json}${"}".repeat(20_000)}`,
    (json) => json.replace("{", `{"filler":"${"x".repeat(1_048_576)}",`),
    (json) => json.replace("{", `{"filler":"${"x".repeat(200_000)}",`),
    (json) => `a=${encodeURIComponent(json)}&b=2`,
  ),
  fc.nat(200).map((length) => (json: string) => json.slice(0, length)),
);

/** `valid` with some fields exchanged for nonsense, taken away or added. */
export function nearly(valid: fc.Arbitrary<Readonly<Record<string, unknown>>>): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const change = fc.tuple(fc.nat(), fc.oneof({ weight: 5, arbitrary: hostileJson }, { weight: 1, arbitrary: fc.constant(undefined) }));
  const extra = fc.tuple(hostileText, hostileJson);
  return fc.tuple(valid, fc.array(change, { maxLength: 2 }), fc.array(extra, { maxLength: 1 })).map(([body, changes, extras]) => {
    const names = Object.keys(body);
    const entries = new Map(Object.entries(body));
    for (const [index, value] of changes) if (names.length > 0) entries.set(names[index % names.length]!, value);
    for (const [name, value] of extras) entries.set(name, value);
    return Object.fromEntries(entries);
  });
}
