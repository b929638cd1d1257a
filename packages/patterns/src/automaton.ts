import { Alphabet, type Neighbour } from "./alphabet.ts";
import { has } from "./char-set.ts";
import type { PatternLimits } from "./limits.ts";
import type { Assertion } from "./parse.ts";
import type { Program } from "./program.ts";

// A state of the deterministic automaton is a set of instructions of the program, the ones that can come next, and the kind of the
// character before. It is built when a text first leads to it:
// 1. `#visit` follows forks and those assertions that hold between the character before and the one coming;
// 2. `#step` moves every `chars` instruction reached that has the coming character; the set of where they lead is the next state;
// 3. the answer is written into a table, so that from then on one character costs one look into the table.
// Building costs at most the size of the program, so a text costs at most its length times that, whatever the pattern.
// The states kept are bounded: when there is no room, all are dropped, and the run goes on from the one just made.

const unknown = -1;
/** In the table, a state where the rest of the text decides nothing is written as this minus its number, so that a match ends there. */
const settledBase = -2;
const start = 0;

/** A program run over texts, remembering the states it came through. */
export class Automaton {
  readonly #program: Program;
  readonly #limits: PatternLimits;
  readonly #alphabet: Alphabet;
  readonly #visited: SparseSet;
  readonly #reached: SparseSet;
  readonly #numbers = new Map<string, number>();
  #sets: Uint32Array[] = [];
  #before: Neighbour[] = [];
  #results: (readonly number[] | undefined)[] = [];
  #next = new Int32Array(0);
  #cells = 0;
  #work = 0;

  constructor(program: Program, limits: PatternLimits) {
    this.#program = program;
    this.#limits = limits;
    this.#alphabet = new Alphabet(program.instructions);
    this.#visited = new SparseSet(program.instructions.length);
    this.#reached = new SparseSet(program.instructions.length);
    this.#clear();
  }

  /** Instructions looked at since the automaton was made: what building states has cost, in a unit that does not depend on the machine. */
  get work(): number {
    return this.#work;
  }

  /** States held now. */
  get states(): number {
    return this.#sets.length;
  }

  /** The patterns that match, ascending. The array is shared between calls and frozen. */
  match(text: string): readonly number[] {
    const alphabet = this.#alphabet;
    const { size, ascii } = alphabet;
    const { length } = text;
    let table = this.#next;
    let state = start;
    for (let i = 0; i < length; i++) {
      let codePoint = text.charCodeAt(i);
      if (codePoint >= 0xd800 && codePoint <= 0xdbff) {
        codePoint = text.codePointAt(i)!;
        if (codePoint > 0xffff) i++;
      }
      const letter = codePoint < 128 ? ascii[codePoint]! : alphabet.letterOf(codePoint);
      let next = table[state * size + letter]!;
      if (next < 0) {
        if (next === unknown) {
          next = this.#step(state, letter);
          table = this.#next;
        }
        if (next < 0) return this.#result(settledBase - next);
      }
      state = next;
    }
    return this.#result(state);
  }

  #result(state: number): readonly number[] {
    const known = this.#results[state];
    if (known) return known;
    this.#visit(state, "edge");
    const patterns: number[] = [];
    for (const index of this.#visited.members()) {
      const instruction = this.#program.instructions[index]!;
      if (instruction.kind === "match") patterns.push(instruction.pattern);
    }
    const result = Object.freeze(patterns.sort((a, b) => a - b));
    this.#results[state] = result;
    return result;
  }

  /** Finds where `letter` leads from `state`, in the notation of the table, and writes it there. */
  #step(state: number, letter: number): number {
    const { instructions, owners, anchored } = this.#program;
    const codePoint = this.#alphabet.sample(letter);
    const neighbour = this.#alphabet.neighbour(letter);
    this.#visit(state, neighbour);
    const found = new Set<number>();
    const reached = this.#reached;
    reached.clear();
    // A pattern that was found somewhere stays found; its other ways through the text would only make more states.
    if (anchored === "search") {
      for (const index of this.#visited.members()) {
        if (instructions[index]!.kind !== "match") continue;
        found.add(owners[index]!);
        reached.add(index);
      }
    }
    for (const index of this.#visited.members()) {
      const instruction = instructions[index]!;
      if (instruction.kind !== "chars" || !has(instruction.set, codePoint)) continue;
      if (found.size === 0 || !found.has(owners[index]!)) reached.add(instruction.next);
    }
    const set = reached.members().slice().sort();

    const table = this.#sets;
    const next = this.#number(set, neighbour);
    const settled = found.size === set.length ? settledBase - next : next;
    if (table === this.#sets) this.#next[state * this.#alphabet.size + letter] = settled;
    return settled;
  }

  /** Collects in `#visited` what can be reached from a state without passing a character, given what comes next. */
  #visit(state: number, after: Neighbour): void {
    const { instructions } = this.#program;
    const before = this.#before[state]!;
    const visited = this.#visited;
    visited.clear();
    for (const index of this.#sets[state]!) visited.add(index);
    // The list grows while it is read, so what is added is followed in its turn.
    for (let i = 0; i < visited.size; i++) {
      const instruction = instructions[visited.at(i)]!;
      if (instruction.kind === "fork") for (const target of instruction.targets) visited.add(target);
      if (instruction.kind === "assert" && holds(instruction.assertion, before, after)) visited.add(instruction.next);
    }
    this.#work += visited.size;
  }

  /** The number of a state, which is made if there is none. All states are dropped first when there is no room for another. */
  #number(set: Uint32Array, before: Neighbour): number {
    // One character for each byte: exact, and many times faster than writing the numbers out.
    const key = before + Buffer.from(set.buffer).toString("latin1");
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const cells = this.#alphabet.size + set.length;
    const { cachedStates, cachedCells } = this.#limits;
    if (this.#sets.length > 1 && (this.#sets.length >= cachedStates || this.#cells + cells > cachedCells)) this.#clear();
    const number = this.#sets.push(set) - 1;
    this.#cells += cells;
    this.#before.push(before);
    this.#numbers.set(key, number);
    this.#growTable();
    return number;
  }

  #clear(): void {
    this.#numbers.clear();
    this.#sets = [];
    this.#before = [];
    this.#results = [];
    this.#next = new Int32Array(0);
    this.#cells = 0;
    this.#number(Uint32Array.from(new Set(this.#program.entries)).sort(), this.#alphabet.start);
  }

  #growTable(): void {
    const needed = this.#sets.length * this.#alphabet.size;
    if (needed <= this.#next.length) return;
    const grown = new Int32Array(needed * 2).fill(unknown);
    grown.set(this.#next);
    this.#next = grown;
  }
}

function holds(assertion: Assertion, before: Neighbour, after: Neighbour): boolean {
  switch (assertion) {
    case "textStart":
      return before === "edge";
    case "textEnd":
      return after === "edge";
    case "lineStart":
      return before === "edge" || before === "newline";
    case "lineEnd":
      return after === "edge" || after === "newline";
    case "wordEdge":
      return (before === "word") !== (after === "word");
    case "notWordEdge":
      return (before === "word") === (after === "word");
  }
}

/** Numbers below a bound in the order they were added; emptied at no cost, whatever was in it. */
class SparseSet {
  readonly #members: Uint32Array;
  readonly #places: Uint32Array;
  #size = 0;

  constructor(bound: number) {
    this.#members = new Uint32Array(bound);
    this.#places = new Uint32Array(bound);
  }

  get size(): number {
    return this.#size;
  }

  at(place: number): number {
    return this.#members[place]!;
  }

  members(): Uint32Array {
    return this.#members.subarray(0, this.#size);
  }

  add(member: number): void {
    const place = this.#places[member]!;
    if (place < this.#size && this.#members[place] === member) return;
    this.#places[member] = this.#size;
    this.#members[this.#size++] = member;
  }

  clear(): void {
    this.#size = 0;
  }
}
