/**
 * What a strategy remembers between runs.
 *
 * The journal holds what a run wants remembered; the store holds the newest of an account and strategy. A run that is
 * resumed late never overwrites the memory of a later one.
 */
import { z } from "zod";
import type { Json } from "../json.ts";
import type { Ports, StateKey } from "../ports.ts";
import type { Instant } from "../time.ts";
import type { Deployment } from "./deployment.ts";

interface Remembered {
  readonly scheduledAt: Instant;
  readonly memory: Json;
}

const rememberedSchema = z.object({ scheduledAt: z.number(), memory: z.json() });

function memoryKey({ account, strategy }: Deployment): StateKey<Remembered> {
  return { name: `memory/${account}/${strategy.name}`, parse: (stored) => rememberedSchema.parse(stored) as Remembered };
}

/** Undefined for a strategy that declares no memory. */
export async function recall(deployment: Deployment, { state }: Pick<Ports, "state">): Promise<Json | undefined> {
  const { parseMemory, initialMemory } = deployment.strategy;
  if (!parseMemory) return undefined;
  const stored = await state.load(memoryKey(deployment));
  return stored ? parseMemory(stored.value.memory) : initialMemory;
}

export async function remember(deployment: Deployment, scheduledAt: Instant, memory: Json, { state }: Pick<Ports, "state">): Promise<void> {
  const key = memoryKey(deployment);
  const stored = await state.load(key);
  if (stored && stored.value.scheduledAt >= scheduledAt) return;
  await state.save(key, { scheduledAt, memory }, stored?.version ?? 0);
}
