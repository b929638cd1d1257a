import { type Labels, labelOf, type Sample } from "./labels.ts";
import { type Family, otherLabel } from "./registry.ts";

interface Entry {
  readonly shared: Labels;
  value: number;
}

/**
 * The values of one counter or gauge by its labels, at most `limit` of them.
 *
 * Beyond the limit a counter is summed up under labels that all say "other"; a gauge is left out, for values of different things have no
 * sum that means anything. Each such update is reported to `onDropped`, and so is a value that is no finite number.
 */
export class Series {
  readonly family: Family;
  readonly #limit: number;
  readonly #onDropped: (family: Family) => void;
  readonly #entries = new Map<string, Entry>();
  #other: Entry | undefined;

  constructor(family: Family, limit: number, onDropped: (family: Family) => void) {
    this.family = family;
    this.#limit = limit;
    this.#onDropped = onDropped;
  }

  /** For counters: adds to what is there. `labels` in the order of the family's. */
  add(labels: readonly string[], amount = 1): void {
    const entry = this.#entry(labels, amount);
    if (entry) entry.value += amount;
  }

  /** For gauges, and for counters that somebody else keeps. */
  set(labels: readonly string[], value: number): void {
    const entry = this.#entry(labels, value);
    if (entry === undefined) return;
    entry.value = entry === this.#other ? entry.value + value : value;
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#other = undefined;
  }

  /** Forgets the entries for which `keep` is false, asked with their labels in order. */
  retain(keep: (labels: readonly string[]) => boolean): void {
    for (const [key, { shared }] of this.#entries) if (!keep(Object.values(shared))) this.#entries.delete(key);
  }

  /** For counters: what was added since the last time, by labels in order; the lines stay, at 0. */
  take(): (readonly [labels: readonly string[], amount: number])[] {
    const taken: (readonly [readonly string[], number])[] = [];
    for (const entry of [...this.#entries.values(), ...(this.#other ? [this.#other] : [])]) {
      if (entry.value > 0) taken.push([Object.values(entry.shared), entry.value]);
      entry.value = 0;
    }
    return taken;
  }

  *samples(): IterableIterator<Sample> {
    yield* this.#entries.values();
    if (this.#other) yield this.#other;
  }

  #entry(labels: readonly string[], value: number): Entry | undefined {
    if (!Number.isFinite(value)) {
      this.#onDropped(this.family);
      return undefined;
    }
    const key = labels.length === 1 ? labels[0]! : labels.join("\0");
    const known = this.#entries.get(key);
    if (known) return known;
    if (this.#entries.size >= this.#limit) {
      this.#onDropped(this.family);
      if (this.family.type !== "counter") return undefined;
      this.#other ??= this.#make(() => otherLabel);
      return this.#other;
    }
    const made = this.#make((index) => labelOf(labels[index] ?? ""));
    this.#entries.set(key, made);
    return made;
  }

  #make(labelAt: (index: number) => string): Entry {
    return { shared: Object.fromEntries(this.family.labels.map((name, index) => [name, labelAt(index)])), value: 0 };
  }
}
