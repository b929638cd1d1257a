/**
 * How many requests each ship and bay has got, counted by all threads in memory that they share. A count is two words of 32 bits, of
 * which the second takes over where the first is full: what threads can add to at once is no wider.
 */
export class RequestCounts {
  readonly #counts = new Map<string, SharedArrayBuffer>();

  /** Where to count requests for these names. A name keeps its count, in a later plan too; names that are not given are forgotten. */
  memoryFor(names: Iterable<string>): ReadonlyMap<string, SharedArrayBuffer> {
    const wanted = new Set(names);
    for (const name of this.#counts.keys()) if (!wanted.has(name)) this.#counts.delete(name);
    for (const name of wanted) if (!this.#counts.has(name)) this.#counts.set(name, new SharedArrayBuffer(8));
    return new Map(this.#counts);
  }

  /** Requests since the name is there; undefined for one that gets none. */
  of(name: string): number | undefined {
    const memory = this.#counts.get(name);
    if (!memory) return undefined;
    const [low = 0, high = 0] = new Uint32Array(memory);
    return high * 2 ** 32 + low;
  }
}

/** What adds one to a count. */
export function counter(memory: SharedArrayBuffer): () => void {
  const words = new Uint32Array(memory);
  return () => {
    if (Atomics.add(words, 0, 1) === 0xffff_ffff) Atomics.add(words, 1, 1);
  };
}
