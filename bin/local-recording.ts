/** What local runs record with: the store's own blobs, and the code that runs here. */
import type { Recording } from "../src/replay/record-writer.ts";
import { codeVersion } from "../src/replay/code-version.ts";
import type { BlobStore, StateStore } from "../src/ports.ts";
import { isStrategyFile } from "./load-strategy.ts";

export function localRecording({ blobs, state }: { readonly blobs: BlobStore; readonly state: StateStore }, strategy: string): Recording {
  return {
    blobs,
    index: state,
    code: codeVersion(isStrategyFile(strategy) ? strategy : undefined),
    onTrouble: (run, why) => void process.stderr.write(`${run} cannot be replayed in full, its record is incomplete: ${why}\n`),
  };
}
