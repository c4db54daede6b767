/** Ports of a process that dies. */
import type { Ports } from "../../src/ports.ts";

export class Crash extends Error {}

/** Ports that die once, before or after their n-th effect. Reads count too: a process may die there as well. */
export function mortal(ports: Ports, dieAt: number, when: "before" | "after"): { ports: Ports; effects: () => number } {
  let effects = 0;
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          effects += 1;
          const dies = effects === dieAt;
          if (dies && when === "before") throw new Crash();
          const result: unknown = await (value as (...all: unknown[]) => Promise<unknown>).apply(target, args);
          if (dies) throw new Crash();
          return result;
        };
      },
    });
  const { marketData, broker, journal, state, clock } = ports;
  return { ports: { clock, marketData: wrap(marketData), broker: wrap(broker), journal: wrap(journal), state: wrap(state) }, effects: () => effects };
}
