import { inspect } from "node:util";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import nock from "nock";
import { afterEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/aws/secret.ts";
import { KeysUnavailable, keysFromEnvironment, keysFromSecretsManager } from "../../src/aws/secrets.ts";
import { instantOf, plusMs, type Instant } from "../../src/time.ts";

const CANARY = 'canary-"4f1d\\9';

describe("a secret", () => {
  const secret = new Secret(CANARY);

  test.each([
    ["its text", String(secret)],
    ["JSON", JSON.stringify({ deep: [{ secret }] })],
    ["inspection", inspect({ secret }, { depth: 9, showHidden: true })],
    ["a join", [secret, secret].join()],
    ["its own fields", JSON.stringify(Object.entries(secret))],
  ])("does not show in %s", (_, text) => {
    expect(text).not.toContain("canary");
  });

  test("is revealed by one method", () => {
    expect(secret.reveal()).toBe(CANARY);
  });

  test("is masked in a text that holds it plainly, escaped for JSON, twice escaped for JSON or escaped for a URL", () => {
    const text = `plain ${CANARY} json ${JSON.stringify({ CANARY })} twice ${JSON.stringify(JSON.stringify(CANARY))} url ${encodeURIComponent(CANARY)}`;
    expect(secret.maskIn(text)).toBe('plain [secret] json {"CANARY":"[secret]"} twice "\\"[secret]\\"" url [secret]');
  });

  test("cannot be empty", () => {
    expect(() => new Secret("")).toThrow(RangeError);
  });
});

describe("keys from the environment", () => {
  test("are the two variables of Alpaca's own clients", () => {
    const { keyId, secretKey } = keysFromEnvironment({ APCA_API_KEY_ID: "PK1 ", APCA_API_SECRET_KEY: "s3cret" });
    expect([keyId.reveal(), secretKey.reveal()]).toEqual(["PK1", "s3cret"]);
  });

  test.each([[{}], [{ APCA_API_KEY_ID: "PK1" }], [{ APCA_API_KEY_ID: "PK1", APCA_API_SECRET_KEY: " " }]])("are an error that names the variables when one is absent: %o", (env) => {
    expect(() => keysFromEnvironment(env)).toThrow(new KeysUnavailable("set APCA_API_KEY_ID and APCA_API_SECRET_KEY to the keys of the Alpaca account"));
  });
});

describe("keys from Secrets Manager", () => {
  let now: Instant = instantOf("2024-03-01T14:30:00Z");
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const source = () =>
    keysFromSecretsManager({
      client: new SecretsManagerClient({ region: "us-east-1", endpoint: "http://secrets.test", credentials, maxAttempts: 1 }),
      secretName: "ballast/alpaca",
      clock: { now: () => now },
    });
  const answer = (status: number, body: object, times = 1) => nock("http://secrets.test").post("/", { SecretId: "ballast/alpaca" }).times(times).reply(status, body);
  afterEach(() => nock.cleanAll());

  test("are read from a JSON object and kept for five minutes", async () => {
    const from = source();
    answer(200, { SecretString: '{"keyId":"PK1","secretKey":"old"}' });
    expect((await from.keys()).secretKey.reveal()).toBe("old");
    answer(200, { SecretString: '{"keyId":"PK1","secretKey":"new"}' });
    now = plusMs(now, 299_999);
    expect((await from.keys()).secretKey.reveal()).toBe("old");
    now = plusMs(now, 1);
    expect((await from.keys()).secretKey.reveal()).toBe("new");
  });

  test.each([
    ["no JSON", CANARY],
    ["a field too many", '{"keyId":"PK1","secretKey":"canary","x":1}'],
    ["a field too few", '{"secretKey":"canary"}'],
    ["an empty key", '{"keyId":"","secretKey":"canary"}'],
    ["nothing", undefined],
  ])("that hold %s are an error that names the secret and shows nothing of it", async (_, SecretString) => {
    answer(200, { SecretString });
    const error: unknown = await source().keys().catch((thrown: unknown) => thrown);
    expect(error).toEqual(new KeysUnavailable("the secret ballast/alpaca is not a JSON object of two texts, keyId and secretKey"));
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("canary");
  });

  test("that may not be read are an error with AWS's name for it", async () => {
    answer(400, { __type: "AccessDeniedException", message: `no ${CANARY}` });
    await expect(source().keys()).rejects.toEqual(new KeysUnavailable("the secret ballast/alpaca could not be read: AccessDeniedException"));
  });

  test("that could not be read are asked for again the next time", async () => {
    const from = source();
    answer(400, { __type: "AccessDeniedException" });
    await expect(from.keys()).rejects.toThrow(KeysUnavailable);
    answer(200, { SecretString: '{"keyId":"PK1","secretKey":"s"}' });
    expect((await from.keys()).keyId.reveal()).toBe("PK1");
  });
});
