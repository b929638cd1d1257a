/** Words of a key, for `shortHash`. */
export interface HashKey {
  readonly low: number;
  readonly high: number;
}

/**
 * HalfSipHash-2-4 (Aumasson and Bernstein) of a text in UTF-16LE, 64 bits in two halves: who does not know the key cannot choose names
 * that meet in one place. Made of operations on 32 bits, which is what this language is quick at.
 */
export class ShortHash {
  /** Halves of the last result. */
  low = 0;
  high = 0;
  readonly #key: HashKey;

  constructor(key: HashKey) {
    this.#key = key;
  }

  /** Computes `low` and `high`. */
  of(text: string): void {
    const { low, high } = this.#key;
    let [v0, v1, v2, v3] = [low, high ^ 0xee, 0x6c796765 ^ low, 0x74656462 ^ high];
    // Two units make a word; the last word holds what is left and the length.
    const words = (text.length >> 1) + 1;
    for (let step = 0; step < words + 2; step++) {
      const message = step < words ? wordAt(text, step, words) : 0;
      if (step < words) v3 ^= message;
      else if (step === words) v2 ^= 0xee;
      else v1 ^= 0xdd;
      for (let round = step < words ? 2 : 4; round > 0; round--) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      if (step < words) v0 ^= message;
      else if (step === words) this.low = (v1 ^ v3) >>> 0;
      else this.high = (v1 ^ v3) >>> 0;
    }
  }
}

function wordAt(text: string, index: number, words: number): number {
  const first = index * 2 < text.length ? text.charCodeAt(index * 2) : 0;
  if (index < words - 1) return first | (text.charCodeAt(index * 2 + 1) << 16);
  return first | (((text.length * 2) & 0xff) << 24);
}
