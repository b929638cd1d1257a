import type { ControlLogLine } from "@mothership/control";

/** One line as it is kept. `stream` "lost" stands where lines are missing. */
export interface KeptLine {
  readonly name: string;
  readonly stream: "stdout" | "stderr" | "lost";
  readonly at: number;
  readonly text: string;
}

/** The latest lines, numbered from 0 on without gaps: a number keeps its line while others come and go. */
export interface LogLines {
  /** Number of the oldest line kept. */
  readonly first: number;
  /** Number that the next line gets. */
  readonly next: number;
  at(number: number): KeptLine | undefined;
}

/** Characters of a line that are kept. */
export const maxLineChars = 2000;

/** A ring of at most `capacity` lines: each that comes when it is full takes the place of the oldest. */
export class LogBuffer implements LogLines {
  readonly #capacity: number;
  #lines: KeptLine[] = [];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get first(): number {
    return Math.max(0, this.#next - this.#capacity);
  }

  get next(): number {
    return this.#next;
  }

  at(number: number): KeptLine | undefined {
    return number >= this.first && number < this.#next ? this.#lines[number % this.#capacity] : undefined;
  }

  push({ name, stream, at, text, dropped }: ControlLogLine): void {
    if (dropped > 0) this.#keep({ name, stream: "lost", at, text: `${dropped} lines lost: they came faster than they could be read` });
    this.#keep({ name, stream, at, text: text.length > maxLineChars ? shorten(text) : text });
  }

  clear(): void {
    this.#lines = [];
    this.#next = 0;
  }

  #keep(line: KeptLine): void {
    this.#lines[this.#next % this.#capacity] = line;
    this.#next++;
  }
}

/** A copy, for a slice would keep the whole line in memory. */
function shorten(text: string): string {
  return Buffer.from(`${text.slice(0, maxLineChars)}…`).toString();
}
