import type { StateKey } from "../ports.ts";

/**
 * A key whose value is worth nothing after a time, such as the state of a circuit breaker. A store that can forget by
 * itself (DynamoDB) may drop the value that long after it was last saved; the others keep it. Never for what a decision
 * needs later: a lease's fencing token, a halt.
 */
export interface ExpiringKey<V> extends StateKey<V> {
  readonly keepForMs: number;
}

export function keepForMsOf(key: StateKey<unknown>): number | undefined {
  return "keepForMs" in key && typeof key.keepForMs === "number" ? key.keepForMs : undefined;
}
