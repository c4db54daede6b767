/**
 * Where the broker's keys come from: AWS Secrets Manager when deployed, two environment variables when local.
 *
 * The text of a secret appears in no error: a parser's message quotes what it could not parse, so it is not kept.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import type { Clock } from "../ports.ts";
import type { Instant } from "../time.ts";
import { Secret, type AlpacaKeys } from "./secret.ts";

export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

export interface KeySource {
  /** @throws KeysUnavailable */
  keys(): Promise<AlpacaKeys>;
}

const KEPT_MS = 5 * 60_000;

const storedKeys = z.strictObject({ keyId: z.string().trim().min(1), secretKey: z.string().trim().min(1) });

/** Keys are kept for five minutes, so that a rotated secret is taken up without a deployment. */
export function keysFromSecretsManager(options: { readonly client: SecretsManagerClient; readonly secretName: string; readonly clock: Clock }): KeySource {
  const { client, secretName, clock } = options;
  let kept: { readonly keys: AlpacaKeys; readonly until: Instant } | undefined;
  return {
    async keys() {
      if (kept && clock.now() < kept.until) return kept.keys;
      const keys = keysOfText(secretName, await textOf(client, secretName));
      kept = { keys, until: (clock.now() + KEPT_MS) as Instant };
      return keys;
    },
  };
}

/** @throws KeysUnavailable when APCA_API_KEY_ID or APCA_API_SECRET_KEY is absent. */
export function keysFromEnvironment(env: Readonly<Record<string, string | undefined>>): AlpacaKeys {
  const keyId = env["APCA_API_KEY_ID"]?.trim() ?? "";
  const secretKey = env["APCA_API_SECRET_KEY"]?.trim() ?? "";
  if (keyId === "" || secretKey === "") throw new KeysUnavailable("set APCA_API_KEY_ID and APCA_API_SECRET_KEY to the keys of the Alpaca account");
  return { keyId: new Secret(keyId), secretKey: new Secret(secretKey) };
}

async function textOf(client: SecretsManagerClient, secretName: string): Promise<string> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretName }));
    return SecretString ?? "";
  } catch (error) {
    throw new KeysUnavailable(`the secret ${secretName} could not be read: ${error instanceof Error ? error.name : "unknown error"}`);
  }
}

function keysOfText(secretName: string, text: string): AlpacaKeys {
  const result = storedKeys.safeParse(jsonOf(text));
  if (!result.success) throw new KeysUnavailable(`the secret ${secretName} is not a JSON object of two texts, keyId and secretKey`);
  return { keyId: new Secret(result.data.keyId), secretKey: new Secret(result.data.secretKey) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // as wrong as JSON of another shape
  }
}
