/** Ports that know nothing but what was answered: what they are asked is looked up by port, method and arguments. */
import type { Json } from "../json.ts";
import type { Broker, Clock, MarketData, Ports } from "../ports.ts";
import type { Instant } from "../time.ts";
import { encodeValue, nameOfValue } from "./recorded-values.ts";

export interface Answers {
  now(): Instant;
  answer(call: string, args: readonly Json[]): unknown;
}

export function answeringPorts(answers: Answers, journal: Ports["journal"]): Ports {
  const clock: Clock = { now: () => answers.now() };
  return {
    clock,
    marketData: answering("marketData", answers) as MarketData,
    broker: answering("broker", answers) as Broker,
    journal,
    state: {
      load: async (key) => {
        const found = answers.answer("state.load", [key.name]) as { readonly value: unknown; readonly version: number } | undefined;
        return found && { value: key.parse(found.value), version: found.version };
      },
      save: async (key, value, expectedVersion) => void answers.answer("state.save", [key.name, nameOfValue(value), expectedVersion]),
    },
  };
}

function answering(name: string, answers: Answers): object {
  return new Proxy({}, {
    get(_target, method) {
      if (typeof method !== "string") return undefined;
      return async (...args: unknown[]) => answers.answer(`${name}.${method}`, encodedArguments(args));
    },
  });
}

function encodedArguments(args: readonly unknown[]): readonly Json[] {
  return args.map((one) => encodeValue(one, () => ""));
}
