/** A conditional change of one stored value: read, decide, write, and decide anew when another was faster. */
import { StateConflict, type StateKey, type StateStore } from "../ports.ts";

/** Every lost race is another's success, so as many can be lost as there are invocations at once. */
const ATTEMPTS_MAX = 100;

export interface Change<V, A> {
  /** The same object as before when there is nothing to write. */
  readonly after: V;
  readonly answer: A;
}

/** @throws StateConflict when a hundred others were faster. */
export async function changeState<V, A>(state: StateStore, key: StateKey<V>, decide: (before: V | undefined) => Change<V, A>): Promise<A> {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await state.load(key);
    const { after, answer } = decide(stored?.value);
    if (after === stored?.value) return answer;
    try {
      await state.save(key, after, stored?.version ?? 0);
      return answer;
    } catch (error) {
      if (!(error instanceof StateConflict) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
