/** Numbers by place, kept outside of the heap's objects: an array would hold each that is no small integer as an object of its own. */
const FIRST_PLACES = 64;

export class NumberColumn {
  #numbers = new Float64Array(FIRST_PLACES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(place: number): number {
    return this.#numbers[place]!;
  }

  /** Places between the last and a later one become 0. */
  put(place: number, number: number): void {
    if (place >= this.#numbers.length) this.#grow(place + 1);
    this.#numbers[place] = number;
    if (place >= this.#length) this.#length = place + 1;
  }

  push(number: number): void {
    this.put(this.#length, number);
  }

  #grow(places: number): void {
    const numbers = new Float64Array(Math.max(this.#numbers.length * 2, places));
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
