import { expect, test } from "vitest";
import { createLog, type Log } from "../../src/aws/log.ts";
import { Secret } from "../../src/aws/secret.ts";

const CANARY = 'canary-"4f1d\\9';

function logged(write: (log: Log) => void, secrets: readonly Secret[] = [new Secret(CANARY)]): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level: "debug", secrets, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line is one JSON object with the level's name, the time, the fields and the message", () => {
  const [line] = logged((log) => log.info({ run: "a", orders: 3 }, "closed"));
  expect(line).toEqual({ level: "info", time: expect.any(Number) as number, run: "a", orders: 3, msg: "closed" });
});

test("a level below the chosen one writes nothing", () => {
  const lines: string[] = [];
  createLog({ destination: { write: (line) => void lines.push(line) } }).debug("quiet");
  expect(lines).toEqual([]);
});

test.each(["keyId", "secretKey", "secret_key", "APCA-API-SECRET-KEY", "Authorization", "password", "apiKey", "SecretString", "accessToken", "secretAccessKey"])(
  "a field named %s is masked at any depth",
  (name) => {
    const [line] = logged((log) => log.info({ [name]: "v", a: { b: [{ c: { [name]: { nested: "v" } } }] }, map: new Map([[name, "v"]]) }), []);
    expect(line).toMatchObject({ [name]: "[secret]", a: { b: [{ c: { [name]: "[secret]" } }] }, map: { [name]: "[secret]" } });
  },
);

test("fields whose names only resemble those are left alone", () => {
  const [line] = logged((log) => log.info({ keyboard: "k", secretary: "s", tokens: 3, stateKey: "lease/a" }));
  expect(line).toMatchObject({ keyboard: "k", secretary: "s", tokens: 3, stateKey: "lease/a" });
});

test.each<[string, (log: Log) => void]>([
  ["a message", (log) => log.info(`key ${CANARY}`)],
  ["a message's arguments", (log) => log.info("key %s and %j", CANARY, { deep: CANARY })],
  ["a field", (log) => log.info({ a: [{ b: CANARY }] })],
  ["a field's name", (log) => log.info({ [CANARY]: 1 })],
  ["an error", (log) => log.error(new Error(`said ${CANARY}`))],
  ["an error's cause", (log) => log.error({ err: new Error("outer", { cause: new Error(CANARY, { cause: { CANARY } }) }) }, "failed")],
  ["an error's fields", (log) => log.error({ error: Object.assign(new Error("x"), { response: { headers: { CANARY } } }) })],
  ["a child's fields", (log) => log.child({ header: CANARY, secretKey: "canary" }).info("x")],
  ["JSON within a text", (log) => log.info({ body: JSON.stringify({ CANARY }) })],
  ["a secret itself", (log) => log.info({ given: new Secret(CANARY) })],
])("a known secret does not show in %s", (_, write) => {
  const lines = logged(write);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain("canary");
  expect(JSON.stringify(lines)).toContain("[secret]");
});

test("an error keeps its name, message, stack, fields and cause", () => {
  const [line] = logged((log) => log.error({ err: Object.assign(new TypeError("outer", { cause: new Error("inner") }), { status: 403 }) }, "failed"));
  expect(line).toMatchObject({ level: "error", msg: "failed", err: { name: "TypeError", message: "outer", status: 403, cause: { name: "Error", message: "inner" } } });
  expect((line!["err"] as { stack: string }).stack).toContain("log.test.ts");
});

test("what cannot be written as it is, is written in short", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const shared = { n: 1 };
  const [line] = logged((log) => log.info({ circle, both: [shared, shared], big: 5n, bytes: new Float64Array(2), at: new Date(0), set: new Set([1]) }));
  expect(line).toMatchObject({ circle: { self: "[circular]" }, both: [{ n: 1 }, { n: 1 }], big: "5", bytes: "[16 bytes]", at: "1970-01-01T00:00:00.000Z", set: [1] });
});
