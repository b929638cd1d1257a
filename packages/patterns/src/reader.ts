import { PatternError } from "./errors.ts";

/** A place in the text of a pattern. */
export class PatternReader {
  readonly source: string;
  /** Offset of the next character, in UTF-16 code units. */
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  atEnd(): boolean {
    return this.at >= this.source.length;
  }

  sees(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** Passes `text` if it comes next. */
  eat(text: string): boolean {
    const seen = this.sees(text);
    if (seen) this.at += text.length;
    return seen;
  }

  /** Passes what a sticky expression matches here; its groups are the answer. */
  eatMatch(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at;
    const match = sticky.exec(this.source) ?? undefined;
    if (match) this.at += match[0].length;
    return match;
  }

  /** Passes one code point; a surrogate without its other half counts as one. */
  take(): number {
    const codePoint = this.source.codePointAt(this.at) ?? 0;
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  error(problem: string, at = this.at): PatternError {
    return new PatternError(problem, this.source, at);
  }
}
