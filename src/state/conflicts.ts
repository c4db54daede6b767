/** The two lost races, worded alike by every store. */
import { JournalConflict, StateConflict } from "../ports.ts";

export function journalConflict(run: string, expectedLength: number): JournalConflict {
  return new JournalConflict(`run ${run} does not have exactly ${expectedLength} events: another invocation wrote, or this one skipped one`);
}

export function stateConflict(name: string, expectedVersion: number): StateConflict {
  const expected = expectedVersion === 0 ? "is there already" : `is not at version ${expectedVersion}`;
  return new StateConflict(`state "${name}" ${expected}: another invocation wrote it`);
}
