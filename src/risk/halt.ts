/** The kill switch of an account: set and cleared by a person, asked before every step of every run. */
import { z } from "zod";
import type { AccountName, StateKey } from "../ports.ts";
import type { Instant } from "../time.ts";

export interface Halt {
  readonly halted: boolean;
  readonly why: string;
  readonly since: Instant;
}

const haltSchema = z.object({ halted: z.boolean(), why: z.string(), since: z.number() });

export function haltKey(account: AccountName): StateKey<Halt> {
  return { name: `halt/${account}`, parse: (stored) => haltSchema.parse(stored) as Halt };
}
