/** The world of an operator's commands: a broker and the two stores on loopback, ballast.yaml in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CANARY_KEY_ID, CANARY_SECRET, CONFIG, startLocalWorld, type LocalWorld } from "../handlers/local-world.ts";
import { ballastAt, type Ran } from "../support/command-line.ts";

export type Kept = "in a file" | "in a table";

export interface OperatorWorld extends LocalWorld {
  readonly folder: string;
  /** Which store the commands are told to use. */
  readonly kept: Kept;
  /** Runs a command in the folder. It never prints a key. */
  run(...args: readonly string[]): Promise<Ran>;
  configure(yaml: string): void;
}

export async function startOperatorWorld(kept: Kept, config = CONFIG): Promise<OperatorWorld> {
  const world = await startLocalWorld();
  const folder = mkdtempSync(join(tmpdir(), "ballast-operator-"));
  const configure = (yaml: string): void => writeFileSync(join(folder, "ballast.yaml"), yaml);
  configure(config);
  const { BALLAST_TABLE: table, ...env } = world.env;
  const keys = kept === "in a file" ? { APCA_API_KEY_ID: CANARY_KEY_ID, APCA_API_SECRET_KEY: CANARY_SECRET } : {};
  const where = kept === "in a file" ? ["--store", "store.sqlite"] : ["--table", table!];
  return {
    ...world,
    folder,
    kept,
    configure,
    async run(...args) {
      const ran = await ballastAt(world.clock.now(), [...args, ...where], { cwd: folder, env: { ...env, ...keys } });
      for (const secret of [CANARY_KEY_ID, CANARY_SECRET]) if ((ran.out + ran.err).includes(secret)) throw new Error(`a key was printed by ${args.join(" ")}`);
      return ran;
    },
    async close() {
      await world.close();
      rmSync(folder, { recursive: true });
    },
  };
}
