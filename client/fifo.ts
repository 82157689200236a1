/** A queue whose `shift` does not move the rest: an array's does, and thousands of events wait here. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length || this.#head >= 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out what matches; returns how many. */
  remove(matches: (item: Item) => boolean): number {
    const before = this.size;
    this.#items = this.#items.slice(this.#head).filter((item) => !matches(item as Item));
    this.#head = 0;
    return before - this.#items.length;
  }

  *[Symbol.iterator](): Generator<Item, void, void> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as Item;
  }
}
