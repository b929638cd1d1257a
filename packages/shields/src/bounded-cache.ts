/**
 * Remembers values by text, at most `capacity` of them, at a constant cost per look-up.
 *
 * Two generations: entries are added to the young one; when it has half the capacity it becomes the old one and what was old is dropped.
 * What is asked for again moves to the young one, so that a flood of new keys pushes out what nobody uses and little else.
 */
export class BoundedCache<V> {
  readonly #half: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(capacity: number) {
    this.#half = Math.max(1, capacity >> 1);
  }

  /** Entries that are kept, those twice that moved. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#add(key, old);
    return old;
  }

  /** Keeps `value` under a key that `get` has just not found. */
  set(key: string, value: V): void {
    // A text cut out of a message head keeps all of that head in memory for as long as it lives; a copy keeps only itself.
    const copy = Buffer.from(key, "latin1").toString("latin1");
    // Text that is no latin-1 never came off a wire, and its copy would be another text.
    if (copy === key) this.#add(copy, value);
  }

  #add(key: string, value: V): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
