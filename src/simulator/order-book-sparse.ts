/**
 * Levels sorted by a key, at any distance from each other: a skip list in one typed array.
 *
 * Serves prices that are not on the ladder, and stop prices. Finding, inserting and removing take O(log n) steps. Keys
 * are unique doubles. Heights come from a small counter-fed mixer: they shape the speed, never an answer.
 */

/** Int32s of a node: its key as a double, its level, its height, then one link a tier. */
const LEVEL = 2;
const HEIGHT = 3;
const LINKS = 4;
const TIERS = 12;
/** The node before all others; offset 0 means "none". */
const FRONT = 2;
const FIRST_INTS = 64;

export class SparseLevels {
  count = 0;
  private ints = new Int32Array(FIRST_INTS);
  private keys = new Float64Array(this.ints.buffer);
  private fresh = FRONT + sizeOf(TIERS);
  /** By height, the last freed node of that height; linked by their lowest tier. */
  private readonly free = new Int32Array(TIERS + 1);
  private readonly path = new Int32Array(TIERS);
  private tiers = 1;
  private draws = 0;

  /** The level with the lowest key, or 0. */
  get first(): number {
    return this.ints[this.ints[FRONT + LINKS]! + LEVEL]!;
  }

  get firstKey(): number {
    const node = this.ints[FRONT + LINKS]!;
    return node === 0 ? Infinity : this.keys[node >> 1]!;
  }

  find(key: number): number {
    const node = this.nodeFrom(key);
    return node !== 0 && this.keys[node >> 1] === key ? this.ints[node + LEVEL]! : 0;
  }

  /** The level with the highest key under `key`, or 0. */
  levelUnder(key: number): number {
    if (this.count === 0) return 0;
    this.nodeFrom(key);
    const node = this.path[0]!;
    return node === FRONT ? 0 : this.ints[node + LEVEL]!;
  }

  /** The level with the lowest key not under `key`, or 0. */
  levelFrom(key: number): number {
    const node = this.nodeFrom(key);
    return node === 0 ? 0 : this.ints[node + LEVEL]!;
  }

  /** The level with the lowest key above `key`, which must be present, or 0. */
  levelAbove(key: number): number {
    return this.ints[this.ints[this.nodeFrom(key) + LINKS]! + LEVEL]!;
  }

  /** `key` must be absent. */
  insert(key: number, level: number): void {
    const height = this.drawHeight();
    while (this.tiers < height) this.tiers++;
    this.nodeFrom(key);
    const node = this.newNode(height);
    const ints = this.ints;
    this.keys[node >> 1] = key;
    ints[node + LEVEL] = level;
    for (let tier = 0; tier < height; tier++) {
      const before = this.path[tier]!;
      ints[node + LINKS + tier] = ints[before + LINKS + tier]!;
      ints[before + LINKS + tier] = node;
    }
    this.count++;
  }

  /** `key` must be present. */
  remove(key: number): void {
    const node = this.nodeFrom(key);
    const ints = this.ints;
    const height = ints[node + HEIGHT]!;
    for (let tier = 0; tier < height; tier++) ints[this.path[tier]! + LINKS + tier] = ints[node + LINKS + tier]!;
    ints[node + LINKS] = this.free[height]!;
    this.free[height] = node;
    this.count--;
  }

  get bytes(): number {
    return this.ints.byteLength;
  }

  /** The first node whose key is not under `key`, or 0; leaves the last node before it on every tier in `path`. */
  private nodeFrom(key: number): number {
    const { ints, keys, path } = this;
    let node = FRONT;
    let next = 0;
    for (let tier = this.tiers - 1; tier >= 0; tier--) {
      next = ints[node + LINKS + tier]!;
      while (next !== 0 && keys[next >> 1]! < key) {
        node = next;
        next = ints[node + LINKS + tier]!;
      }
      path[tier] = node;
    }
    return next;
  }

  /** A quarter of the nodes reach each next tier. */
  private drawHeight(): number {
    let bits = Math.imul(++this.draws, 0x9e3779b1);
    bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
    bits ^= bits >>> 13;
    const height = 1 + (Math.clz32(bits | 0xff) >> 1);
    return height < TIERS ? height : TIERS;
  }

  private newNode(height: number): number {
    const reused = this.free[height]!;
    if (reused !== 0) {
      this.free[height] = this.ints[reused + LINKS]!;
      return reused;
    }
    const node = this.fresh;
    this.fresh = node + sizeOf(height);
    while (this.fresh > this.ints.length) {
      const larger = new Int32Array(this.ints.length * 2);
      larger.set(this.ints);
      this.ints = larger;
      this.keys = new Float64Array(larger.buffer);
    }
    this.ints[node + HEIGHT] = height;
    return node;
  }
}

/** Even, so that every node's key is aligned. */
function sizeOf(height: number): number {
  return (LINKS + height + 1) & ~1;
}
