/**
 * A process of the deployed function, which serves one delivery after the other and may die.
 *
 * It is `rebalanceHandler` as AWS starts it: ballast.yaml, keys from Secrets Manager over its wire, a rate budget that it
 * shares with the other processes through the store, circuit breakers that it finds there and leaves there, the account's
 * lease, and records of what it was told. Only the store is the drawn day's own.
 */
import type { DurableExecutionInvocationInputWithClient } from "@aws/durable-execution-sdk-js";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { keysFromSecretsManager } from "../../src/aws/secrets.ts";
import { ENVIRONMENT, portsOver, type OpenVenue } from "../../src/handlers/ports-for-venue.ts";
import { rebalanceHandler, type RebalanceAnswer, type RebalanceHandler } from "../../src/handlers/rebalance.ts";
import type { CallAgain } from "../../src/aws/durable-run.ts";
import type { BlobStore, Broker, Clock } from "../../src/ports.ts";
import type { FencingStore } from "../../src/state/fence.ts";
import { isoOf } from "../../src/time.ts";
import type { Trigger } from "../../src/run/deployment.ts";
import type { DurableExecution } from "./durable-execution.ts";
import { Mortality, type Death } from "./mortality.ts";
import { mortalStore } from "./process.ts";

export interface FunctionTerms {
  /** Each strategy has a function of its own. */
  readonly strategy: string;
  /** Its own at the venue, and the name of its secret. */
  readonly keyId: string;
  readonly url: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly death: Death | undefined;
  readonly store: FencingStore & { readonly blobs?: BlobStore };
  readonly secrets: SecretsManagerClient;
  /** The text of ballast.yaml, given the name of the secret. */
  readonly config: (secret: string) => string;
  /** What a test puts between the run and the venue. */
  readonly plant: ((broker: Broker) => Broker) | undefined;
  /** What a test puts around the handler. */
  readonly around: ((handler: RebalanceHandler) => RebalanceHandler) | undefined;
  /** Lines of the log and metrics. */
  readonly output: (line: string) => void;
}

export type FunctionAnswer = RebalanceAnswer | CallAgain;

export type Ended =
  | { readonly status: "SUCCEEDED"; readonly answer: RebalanceAnswer }
  | { readonly status: "FAILED"; readonly why: unknown }
  | { readonly status: "PENDING" };

/** Longer than a request, and shorter than a minute of the machine: the clock of a day stands still while a read waits for a permit. */
const RETRY_TIME_MAX_MS = 150;

export class FunctionProcess {
  readonly keyId: string;
  readonly strategy: string;
  readonly mortality: Mortality;
  readonly #handler: RebalanceHandler;
  readonly #closers: (() => unknown)[] = [];
  isBusy = false;

  constructor(terms: FunctionTerms) {
    this.keyId = terms.keyId;
    this.strategy = terms.strategy;
    this.mortality = new Mortality(terms.death);
    const { config, clock, output, around } = terms;
    const handler = rebalanceHandler({ config: config(terms.keyId), env: {}, clock, output: { write: output }, code: { ballast: "0.0.0", sources: "chaos" }, openVenue: this.#venuesOf(terms) });
    this.#handler = around?.(handler) ?? handler;
  }

  /** Without a durable execution. @throws what the handler throws. */
  async invoke(trigger: Trigger): Promise<FunctionAnswer | "died"> {
    return (await this.#serve(eventOf(trigger))) as FunctionAnswer | "died";
  }

  /** @throws what makes Lambda invoke the same execution once more. */
  async invokeDurably(execution: DurableExecution): Promise<Ended | "died"> {
    const event: DurableExecutionInvocationInputWithClient = execution.invocation((client) => this.mortality.mortal(client));
    const ended = (await this.#serve(event)) as { readonly Status: Ended["status"]; readonly Result?: string; readonly Error?: unknown } | "died";
    if (ended === "died" || ended.Status === "PENDING") return ended === "died" ? ended : { status: "PENDING" };
    return ended.Status === "FAILED" ? { status: "FAILED", why: ended.Error } : { status: "SUCCEEDED", answer: JSON.parse(ended.Result!) as RebalanceAnswer };
  }

  async #serve(event: unknown): Promise<unknown> {
    this.isBusy = true;
    try {
      return await this.mortality.live(this.#handler(event, { awsRequestId: this.keyId, getRemainingTimeInMillis: () => 900_000 }));
    } finally {
      this.isBusy = false;
      // A dead process keeps nothing, and its timers are this one's.
      if (this.mortality.isDead) for (const close of this.#closers) close();
    }
  }

  #venuesOf({ url, clock, timeoutMs, store, secrets, plant }: FunctionTerms): OpenVenue<FencingStore> {
    const { mortality } = this;
    const keys = keysFromSecretsManager({ client: secrets, secretName: this.keyId, clock });
    const mortal = { ...mortalStore(store, mortality), ...(store.blobs && { blobs: mortality.mortal(store.blobs) }) };
    const open = portsOver(mortal, () => keys.keys(), { [ENVIRONMENT.alpacaBaseUrl]: url }, clock, { timeoutMs, retryDelayMs: 1, retryTimeMaxMs: RETRY_TIME_MAX_MS });
    return async (account) => {
      const venue = await open(account);
      this.#closers.splice(0, this.#closers.length, venue.keepBreakers);
      return { ...venue, ports: { ...venue.ports, broker: mortality.mortal(plant?.(venue.ports.broker) ?? venue.ports.broker), marketData: mortality.mortal(venue.ports.marketData) } };
    };
  }
}

export function eventOf({ deployment: { account, strategy }, scheduledAt }: Trigger): { readonly account: string; readonly strategy: string; readonly scheduledAt: string } {
  return { account, strategy: strategy.name, scheduledAt: isoOf(scheduledAt) };
}
