import type { FromThread } from "./messages.ts";

/** Lines that the main thread has not taken yet; further ones are left out. */
const maxPending = 10_000;

/** The access log of one thread on its way to the main one, which writes it. Lines of one turn go in one message. */
export class AccessLines {
  readonly #post: (message: FromThread) => void;
  #lines: string[] = [];
  #pending = 0;
  #dropped = 0;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  add(line: string): void {
    if (this.#pending >= maxPending) {
      this.#dropped++;
      return;
    }
    this.#pending++;
    if (this.#lines.length === 0) queueMicrotask(() => this.#send());
    this.#lines.push(line);
  }

  /** The main thread has taken so many lines. */
  taken(lines: number): void {
    this.#pending -= lines;
  }

  #send(): void {
    this.#post({ type: "access", lines: this.#lines, dropped: this.#dropped });
    this.#lines = [];
    this.#dropped = 0;
  }
}
