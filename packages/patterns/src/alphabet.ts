import { type CharSet, has, newline, word } from "./char-set.ts";
import type { Instruction } from "./program.ts";

/** What an assertion needs to know of a neighbouring character; `edge` is an end of the text. */
export type Neighbour = "edge" | "word" | "newline" | "other";

/**
 * The code points grouped into letters that no instruction of a program tells apart. An automaton over letters has small tables:
 * a thousand routes in ASCII need some thirty.
 */
export class Alphabet {
  /** How many letters there are. */
  readonly size: number;
  /** The letter of each ASCII character, for the one loop that cannot afford a call. */
  readonly ascii: Uint32Array;
  /** The lowest code point of each letter, ascending. */
  readonly #lowest: Uint32Array;
  readonly #asksWord: boolean;
  readonly #asksLine: boolean;
  readonly #asksEdge: boolean;

  constructor(instructions: readonly Instruction[]) {
    const lowest = new Set([0]);
    const asked = new Set<string>();
    for (const instruction of instructions) {
      if (instruction.kind === "chars") addBounds(lowest, instruction.set);
      if (instruction.kind === "assert") asked.add(instruction.assertion);
    }
    this.#asksEdge = asked.size > 0;
    this.#asksWord = asked.has("wordEdge") || asked.has("notWordEdge");
    this.#asksLine = asked.has("lineStart") || asked.has("lineEnd");
    if (this.#asksWord) addBounds(lowest, word);
    if (this.#asksLine) addBounds(lowest, newline);
    this.#lowest = Uint32Array.from(lowest).sort();
    this.size = this.#lowest.length;
    this.ascii = Uint32Array.from({ length: 128 }, (_, codePoint) => this.letterOf(codePoint));
  }

  /** A code point that stands for all of this letter. */
  sample(letter: number): number {
    return this.#lowest[letter]!;
  }

  /** The start of the text as a neighbour, or `other` where no assertion asks: states that differ in nothing asked are one state. */
  get start(): Neighbour {
    return this.#asksEdge ? "edge" : "other";
  }

  /** What a letter is to an assertion beside it; as with the start, only what some assertion asks for. */
  neighbour(letter: number): Neighbour {
    if (this.#asksWord && has(word, this.sample(letter))) return "word";
    return this.#asksLine && has(newline, this.sample(letter)) ? "newline" : "other";
  }

  /** The letter that a code point belongs to. */
  letterOf(codePoint: number): number {
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lowest[middle]! <= codePoint) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Adds where each range begins and where what comes after it begins. */
function addBounds(bounds: Set<number>, set: CharSet): void {
  for (let i = 0; i < set.length; i++) bounds.add(set[i]! + (i % 2));
}
