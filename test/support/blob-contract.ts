/** What every store of blobs keeps true. `open` gives two openings of one fresh store, as two processes would have them. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { BlobStore, ContentHash } from "../../src/ports.ts";

export interface OpenedBlobs {
  readonly first: BlobStore;
  readonly second: BlobStore;
}

const NOBODYS = "00".repeat(32) as ContentHash;

export function blobContract(name: string, open: () => Promise<OpenedBlobs>): void {
  describe(`${name} keeps the contract of blobs`, () => {
    test("bytes are found by any opening under their SHA-256", async () => {
      const { first, second } = await open();
      const contentHash = await first.put(Buffer.from("abc"));
      expect(contentHash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
      expect(Buffer.from((await second.get(contentHash))!).toString()).toBe("abc");
    });

    test("a hash that nobody put is nothing", async () => {
      const { first } = await open();
      expect(await first.get(NOBODYS)).toBeUndefined();
    });

    test("the same bytes may be put any number of times, also at once", async () => {
      const { first, second } = await open();
      const bytes = Buffer.from("again and again ".repeat(1_000));
      const hashes = await Promise.all([first, second, first, second, first].map((store) => store.put(bytes)));
      expect(new Set(hashes).size).toBe(1);
      expect(bytes.equals((await second.get(hashes[0]!))!)).toBe(true);
    });

    test.each([
      ["no bytes at all", Buffer.alloc(0)],
      ["every byte there is", Buffer.from(Array.from({ length: 256 }, (_, n) => n))],
      ["two megabytes of text", Buffer.from("0123456789 ".repeat(190_000))],
      ["a megabyte that cannot be compressed", randomBytes(1_000_000)],
      ["what is gzipped already", Buffer.from("1f8b0800000000000003", "hex")],
    ])("%s survive", async (_, bytes) => {
      const { first, second } = await open();
      expect(bytes.equals((await second.get(await first.put(bytes)))!)).toBe(true);
    });

    test("what a caller does to its bytes later does not reach the store", async () => {
      const { first } = await open();
      const bytes = Buffer.from("mine");
      const contentHash = await first.put(bytes);
      bytes.fill(0);
      (await first.get(contentHash))!.fill(0);
      expect(Buffer.from((await first.get(contentHash))!).toString()).toBe("mine");
    });
  });
}
