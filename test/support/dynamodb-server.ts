/** DynamoDB's wire in this process: dynalite on loopback, and in front of it a proxy that can lose answers. */
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { dynamodbClient } from "../../src/state/dynamodb.ts";
import { PARTITION_KEY, SORT_KEY } from "../../src/state/dynamodb-table.ts";

/** What happens to a request: it is served, it is served and its answer is lost, or it is lost itself. */
export type Fate = "serve" | "lose-answer" | "lose-request";

export interface DynamodbServer {
  /** A client whose requests pass the proxy. */
  client(maxAttempts?: number): DynamoDBClient;
  createTable(name: string): Promise<void>;
  /** Decides on each request by its operation, such as "PutItem"; everything is served until it is set. */
  fateOf: (operation: string) => Fate;
  close(): Promise<void>;
}

export async function startDynamodb(): Promise<DynamodbServer> {
  const backend = await listening(dynalite({ createTableMs: 0 }));
  const proxy = await listening(
    createServer((incoming, answer) => {
      const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
      const fate = server.fateOf(operation);
      if (fate === "lose-request") {
        answer.socket?.destroy();
        return;
      }
      forward(incoming, portOf(backend), (served) => {
        if (fate === "lose-answer") {
          served.resume().on("end", () => answer.socket?.destroy());
          return;
        }
        answer.writeHead(served.statusCode ?? 500, served.headers);
        served.pipe(answer);
      });
    }),
  );
  const clients: DynamoDBClient[] = [];
  const server: DynamodbServer = {
    fateOf: () => "serve",
    client(maxAttempts = 1) {
      const credentials = { accessKeyId: "local", secretAccessKey: "local" };
      const client = dynamodbClient({ endpoint: `http://127.0.0.1:${portOf(proxy)}`, region: "us-east-1", credentials, maxAttempts });
      clients.push(client);
      return client;
    },
    async createTable(name) {
      await server.client(3).send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: "PAY_PER_REQUEST",
          KeySchema: [
            { AttributeName: PARTITION_KEY, KeyType: "HASH" },
            { AttributeName: SORT_KEY, KeyType: "RANGE" },
          ],
          AttributeDefinitions: [
            { AttributeName: PARTITION_KEY, AttributeType: "S" },
            { AttributeName: SORT_KEY, AttributeType: "S" },
          ],
        }),
      );
    },
    async close() {
      for (const client of clients) client.destroy();
      await Promise.all([closed(proxy), closed(backend)]);
    },
  };
  return server;
}

function forward(incoming: IncomingMessage, port: number, served: (answer: IncomingMessage) => void): void {
  incoming.pipe(request({ host: "127.0.0.1", port, method: incoming.method, path: incoming.url, headers: incoming.headers }, served));
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
