/**
 * The quick way from a price to its level: an array over a window of ticks, with a bitmap in three tiers over it.
 *
 * The window holds 1,024 to 32,768 ticks; `moveTo` sets it, and whoever moves it puts the levels back. A price belongs
 * to the ladder when it lies in the window and on the tick grid. A bit of the lowest tier stands for a tick with a
 * level, a bit of the upper tiers for a word below that is not zero, so the nearest level under a price is found with
 * three `clz32` at most, however far it is.
 */

/** In the place of an index. */
export const OFF_LADDER = -1;
export const LADDER_TICKS_MAX = 32_768;
const FIRST_TICKS = 1024;

export class Ladder {
  readonly tickSize: number;
  /** The price of the lowest tick of the window, on the grid; may be negative. */
  base = 0;
  ticks = FIRST_TICKS;
  private readonly ticksPerUnit: number;
  /** Prices from `base` to here are in the window. */
  private span: number;
  private levels = new Int32Array(FIRST_TICKS);
  private readonly low = new Int32Array(LADDER_TICKS_MAX >> 5);
  private readonly middle = new Int32Array(LADDER_TICKS_MAX >> 10);
  private high = 0;

  constructor(tickSize: number) {
    this.tickSize = tickSize;
    this.ticksPerUnit = 1 / tickSize;
    this.span = (FIRST_TICKS - 1) * tickSize;
  }

  get isEmpty(): boolean {
    return this.high === 0;
  }

  /** The index of `price`, or OFF_LADDER when it is outside the window or between two ticks. */
  indexOf(price: number): number {
    const offset = price - this.base;
    if (!(offset >= 0 && offset <= this.span)) return OFF_LADDER;
    const index = (offset * this.ticksPerUnit + 0.5) | 0;
    return index * this.tickSize === offset ? index : OFF_LADDER;
  }

  isOnGrid(price: number): boolean {
    return price % this.tickSize === 0;
  }

  at(index: number): number {
    return this.levels[index]!;
  }

  set(index: number, level: number): void {
    this.levels[index] = level;
    this.low[index >> 5]! |= 1 << index;
    this.middle[index >> 10]! |= 1 << (index >> 5);
    this.high |= 1 << (index >> 10);
  }

  remove(index: number): void {
    this.levels[index] = 0;
    if ((this.low[index >> 5]! &= ~(1 << index)) !== 0) return;
    if ((this.middle[index >> 10]! &= ~(1 << (index >> 5))) !== 0) return;
    this.high &= ~(1 << (index >> 10));
  }

  /** The highest level whose price is under `price`, or 0. */
  levelUnder(price: number): number {
    const ticksUp = Math.ceil((price - this.base) / this.tickSize);
    if (ticksUp <= 0) return 0;
    return this.levelUnderIndex(ticksUp < this.ticks ? ticksUp : this.ticks);
  }

  levelUnderIndex(index: number): number {
    const under = this.bitUnder(index);
    return under < 0 ? 0 : this.levels[under]!;
  }

  get lowest(): number {
    const high = lowestBit(this.high);
    const middle = (high << 5) | lowestBit(this.middle[high]!);
    return this.levels[(middle << 5) | lowestBit(this.low[middle]!)]!;
  }

  get highest(): number {
    return this.levels[this.bitUnder(this.ticks)]!;
  }

  get bytes(): number {
    return this.levels.byteLength + this.low.byteLength + this.middle.byteLength;
  }

  /** Empties the ladder and sets a window of `ticks`, a power of two, from `base` on. */
  moveTo(base: number, ticks: number): void {
    this.base = base;
    this.span = (ticks - 1) * this.tickSize;
    if (ticks === this.ticks) this.levels.fill(0);
    else this.levels = new Int32Array(ticks);
    this.ticks = ticks;
    this.low.fill(0);
    this.middle.fill(0);
    this.high = 0;
  }

  private bitUnder(index: number): number {
    let word = index >> 5;
    let bits = word < this.low.length ? this.low[word]! & ((1 << index) - 1) : 0;
    if (bits === 0) {
      let group = word >> 5;
      bits = group < this.middle.length ? this.middle[group]! & ((1 << word) - 1) : 0;
      if (bits === 0) {
        bits = group > 31 ? this.high : this.high & ((1 << group) - 1);
        if (bits === 0) return -1;
        group = 31 - Math.clz32(bits);
        bits = this.middle[group]!;
      }
      word = (group << 5) | (31 - Math.clz32(bits));
      bits = this.low[word]!;
    }
    return (word << 5) | (31 - Math.clz32(bits));
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
