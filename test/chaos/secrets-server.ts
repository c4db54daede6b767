/** Secrets Manager's wire on loopback: each secret holds a key of its own name, and now and then there is no answer. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Chance } from "./chance.ts";

export interface SecretsServer {
  readonly client: SecretsManagerClient;
  readonly struck: () => number;
  /** From now on every request is served. */
  calm(): void;
  close(): Promise<void>;
}

export async function startSecretsServer(secretKey: string, faultProbability: number, chance: Chance): Promise<SecretsServer> {
  let struck = 0;
  let probability = faultProbability;
  const server = await listening(
    createServer((request, answer) => {
      let text = "";
      request.on("data", (chunk) => (text += String(chunk)));
      request.on("end", () => {
        if (chance.happens(probability)) {
          struck += 1;
          answer.writeHead(500, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify({ __type: "InternalServiceError" }));
          return;
        }
        const { SecretId } = JSON.parse(text) as { SecretId: string };
        answer.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify({ Name: SecretId, SecretString: JSON.stringify({ keyId: SecretId, secretKey }) }));
      });
    }),
  );
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new SecretsManagerClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" }, maxAttempts: 1 });
  return {
    client,
    struck: () => struck,
    calm: () => void (probability = 0),
    close() {
      client.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
