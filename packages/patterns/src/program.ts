import { anyChar, type CharSet } from "./char-set.ts";
import { PatternError } from "./errors.ts";
import type { PatternLimits } from "./limits.ts";
import { type Assertion, type PatternNode, parsePattern } from "./parse.ts";

/** One step of a non-deterministic automaton. `next` and `targets` are indices of other instructions. */
export type Instruction =
  | { readonly kind: "chars"; readonly set: CharSet; readonly next: number }
  | { readonly kind: "assert"; readonly assertion: Assertion; readonly next: number }
  | { readonly kind: "fork"; targets: readonly number[] }
  | { readonly kind: "match"; readonly pattern: number };

/** Where in the text a pattern has to match: all of it, or any part. */
export type Anchoring = "whole" | "search";

/** Many patterns as one non-deterministic automaton (Thompson's construction). */
export class Program {
  readonly instructions: Instruction[] = [];
  /** The pattern that each instruction belongs to. */
  readonly owners: number[] = [];
  /** The instruction each pattern begins with. */
  readonly entries: number[] = [];
  readonly anchored: Anchoring;
  readonly #limits: PatternLimits;
  #setSize = 0;
  #programSize = 0;
  #source = "";
  #at = 0;

  constructor(anchored: Anchoring, limits: PatternLimits) {
    this.anchored = anchored;
    this.#limits = limits;
  }

  /** Adds the next pattern. @throws {PatternError} */
  add(source: string): void {
    const node = parsePattern(source, this.#limits);
    this.#source = source;
    this.#at = 0;
    this.#programSize = 0;
    let entry = this.#compile(node, this.#emit({ kind: "match", pattern: this.entries.length }));
    if (this.anchored === "search") {
      const rest = entry;
      entry = this.#loop((loop) => [rest, this.#emit({ kind: "chars", set: anyChar, next: loop })]);
    }
    this.entries.push(entry);
  }

  /** Compiles from the end to the start, so that the instruction which follows is always known. Answers where `node` begins. */
  #compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "chars":
        return this.#emit({ kind: "chars", set: node.set, next });
      case "assert":
        return this.#emit({ kind: "assert", assertion: node.assertion, next });
      case "sequence":
        return node.parts.reduceRight((following, part) => this.#compile(part, following), next);
      case "choice":
        return this.#emit({ kind: "fork", targets: node.branches.map((branch) => this.#compile(branch, next)) });
      case "repeat":
        return this.#repeat(node, next);
    }
  }

  #repeat({ body, min, max, at }: PatternNode & { kind: "repeat" }, next: number): number {
    const outer = this.#at;
    this.#at = at;
    let entry = next;
    let copies = min;
    if (max === Number.POSITIVE_INFINITY) {
      let first = next;
      const loop = this.#loop((start) => {
        first = this.#compile(body, start);
        return [first, next];
      });
      // Where the body has to match at least once, the loop's own copy is that one.
      entry = min === 0 ? loop : first;
      copies = Math.max(0, min - 1);
    } else {
      for (let i = min; i < max; i++) {
        const optional = this.#compile(body, entry);
        if (optional === entry) break;
        entry = this.#emit({ kind: "fork", targets: [optional, next] });
      }
    }
    for (let i = 0; i < copies; i++) {
      const copy = this.#compile(body, entry);
      // An empty body compiles to nothing, and may be nested in counts that multiply.
      if (copy === entry) break;
      entry = copy;
    }
    this.#at = outer;
    return entry;
  }

  #loop(targets: (loop: number) => readonly number[]): number {
    const fork: Instruction = { kind: "fork", targets: [] };
    const loop = this.#emit(fork);
    fork.targets = targets(loop);
    return loop;
  }

  #emit(instruction: Instruction): number {
    const size = sizeOf(instruction);
    this.#programSize += size;
    this.#setSize += size;
    const { programSize, setSize } = this.#limits;
    if (this.#programSize > programSize)
      throw new PatternError(
        `The pattern compiles to more than ${programSize} instructions; write smaller repetitions`,
        this.#source,
        this.#at,
      );
    if (this.#setSize > setSize)
      throw new PatternError(
        `The patterns up to this one compile to more than ${setSize} instructions; write fewer`,
        this.#source,
        this.#at,
      );
    this.owners.push(this.entries.length);
    return this.instructions.push(instruction) - 1;
  }
}

function sizeOf(instruction: Instruction): number {
  if (instruction.kind === "chars") return Math.max(1, instruction.set.length / 2);
  if (instruction.kind === "fork") return Math.max(1, instruction.targets.length);
  return 1;
}
