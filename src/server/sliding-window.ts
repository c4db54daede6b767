/** The newest of what comes, the oldest first. What is forgotten at the front moves nothing behind it. */
export class SlidingWindow<T> {
  #items: T[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** From 0, the oldest. */
  at(index: number): T | undefined {
    return this.#items[this.#first + index];
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#first; index < this.#items.length; index += 1) yield this.#items[index]!;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  forgetWhile(isOver: (item: T) => boolean): void {
    while (this.size > 0 && isOver(this.#items[this.#first]!)) this.#first += 1;
    this.#reclaim();
  }

  keepNewest(sizeMax: number): void {
    this.#first = Math.max(this.#first, this.#items.length - sizeMax);
    this.#reclaim();
  }

  /** Once as much is forgotten as is kept, so that each item is moved about once. */
  #reclaim(): void {
    if (this.#first < 64 || this.#first < this.size) return;
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}
