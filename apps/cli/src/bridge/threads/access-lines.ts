import type { FromThread } from "./messages.ts";

/** Lines that the main thread has not taken yet, and the text in them; further ones are left out. */
const maxPending = { lines: 10_000, characters: 4 * 1024 * 1024 };

/** The access log of one thread on its way to the main one, which writes it. Lines of one turn go in one message. */
export class AccessLines {
  readonly #post: (message: FromThread) => void;
  #lines: string[] = [];
  #pending = { lines: 0, characters: 0 };
  #dropped = 0;
  #isSending = false;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  add(line: string): void {
    const pending = this.#pending;
    // Clients choose how long a line is: many long ones would be far more memory than many lines.
    if (pending.lines >= maxPending.lines || pending.characters >= maxPending.characters) {
      this.#dropped++;
      return;
    }
    pending.lines++;
    pending.characters += line.length;
    this.#lines.push(line);
    this.#sendSoon();
  }

  /** The main thread has taken so many lines with so much text. */
  taken(lines: number, characters: number): void {
    this.#pending.lines -= lines;
    this.#pending.characters -= characters;
    // No line may follow that could say so.
    if (this.#dropped > 0) this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => this.#send());
  }

  #send(): void {
    this.#isSending = false;
    this.#post({ type: "access", lines: this.#lines, dropped: this.#dropped });
    this.#lines = [];
    this.#dropped = 0;
  }
}
