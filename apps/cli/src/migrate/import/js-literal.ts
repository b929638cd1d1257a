import { oneLine } from "../one-line.ts";

/** A value that stands in a file as it is: what JSON has, and in which line each part begins, where that is known. */
export type Literal =
  | { readonly kind: "scalar"; readonly value: string | number | boolean | null; readonly line: Line }
  | { readonly kind: "list"; readonly items: readonly Literal[]; readonly line: Line }
  | { readonly kind: "table"; readonly entries: readonly LiteralEntry[]; readonly line: Line };

type Line = number | undefined;

export interface LiteralEntry {
  readonly key: string;
  readonly value: Literal;
  readonly line: Line;
}

/** Why a file is no literal. */
export interface NotLiteral {
  readonly line: number;
  /** The end of a sentence: `is computed`. */
  readonly problem: string;
}

const deepest = 32;

/** Stands in a text for the folder of the file, which a JavaScript file calls `__dirname`. */
export const folderMark = "\u0002";

/**
 * Reads a JavaScript or JSON file that only holds data: `module.exports = { ... }`, `export default { ... }`, or the value alone. Nothing of
 * it is run. A file in which anything is computed is not read at all.
 */
export function readLiteral(text: string): Literal | NotLiteral {
  try {
    const reader = new Reader(text);
    reader.take(/["']use strict["'];?/y);
    // What most files with paths begin with; `path.join(__dirname, "x")` is the only use of it that is understood.
    reader.take(/(?:const|let|var)\s+path\s*=\s*require\(\s*["'](?:node:)?path["']\s*\);?/y);
    reader.take(/(?:module\.exports|exports\.default)\s*=(?!=)|export\s+default\b/y);
    const wrapped = reader.take(/\(/y) !== undefined;
    const value = reader.value(0);
    if (wrapped) reader.expect(/\)/y);
    reader.take(/;/y);
    return reader.atEnd() ? value : reader.fail();
  } catch (error) {
    if (error instanceof Unreadable) return { line: error.line, problem: error.problem };
    throw error;
  }
}

/** Thrown and caught in this file only. */
class Unreadable extends Error {
  readonly line: number;
  readonly problem: string;
  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
    this.problem = problem;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/, "");
  }

  /** What stands here, if it fits; blanks and comments before it are passed over. */
  take(what: RegExp): string | undefined {
    this.#pass(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y);
    return this.#pass(what);
  }

  expect(what: RegExp): string {
    return this.take(what) ?? this.fail();
  }

  atEnd(): boolean {
    this.take(/(?:)/y);
    return this.#at >= this.#text.length;
  }

  fail(): never {
    this.take(/(?:)/y);
    const found = /^[^\n]{0,40}/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    throw new Unreadable(this.#here(), found === "" ? "ends too early" : `holds something that is computed: ${oneLine(found)}`);
  }

  value(depth: number): Literal {
    this.take(/(?:)/y);
    const line = this.#here();
    if (depth > deepest) throw new Unreadable(line, `is nested more than ${deepest} deep`);
    if (this.take(/\{/y) !== undefined) return { kind: "table", entries: this.#entries(depth), line };
    if (this.take(/\[/y) !== undefined) return { kind: "list", items: this.#items(depth), line };
    const word = this.take(/(?:true|false|null|undefined)(?![\w$])/y);
    if (word !== undefined) return this.#ended({ kind: "scalar", value: word === "true" ? true : word === "false" ? false : null, line });
    const number = this.take(/[+-]?(?:0[xX][\da-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$])/y);
    if (number !== undefined) return this.#ended({ kind: "scalar", value: Number(number.replaceAll("_", "")), line });
    return this.#ended({ kind: "scalar", value: this.#folder() ?? this.#string() ?? this.fail(), line });
  }

  /** `__dirname`, also with texts behind it: what it is when the file is run is known without running it. */
  #folder(): string | undefined {
    const template = this.take(/`\$\{__dirname\}[^`\\$]*`/y);
    if (template !== undefined) return `${folderMark}${template.slice(13, -1)}`;
    if (this.take(/path\.(?:join|resolve)\(\s*__dirname\b/y) !== undefined) {
      let path = folderMark;
      while (this.take(/,(?!\s*\))/y) !== undefined) path += `/${this.#string() ?? this.fail()}`;
      this.expect(/,?\s*\)/y);
      return path;
    }
    if (this.take(/__dirname(?![\w$])/y) === undefined) return undefined;
    let path = folderMark;
    while (this.take(/\+/y) !== undefined) path += this.#string() ?? this.fail();
    return path;
  }

  /** Behind a scalar nothing may go on with it: `"a" + b` is computed. */
  #ended(value: Literal): Literal {
    this.take(/(?:)/y);
    if (this.#at < this.#text.length && !/[,}\]);]/.test(this.#text.charAt(this.#at))) this.fail();
    return value;
  }

  #entries(depth: number): LiteralEntry[] {
    const entries: LiteralEntry[] = [];
    while (this.take(/\}/y) === undefined) {
      this.take(/(?:)/y);
      const line = this.#here();
      const key = this.take(/[A-Za-z_$][\w$]*|\d+/y) ?? this.#string() ?? this.fail();
      this.expect(/:/y);
      entries.push({ key, value: this.value(depth + 1), line });
      if (this.take(/,/y) === undefined) {
        this.expect(/\}/y);
        break;
      }
    }
    return entries;
  }

  #items(depth: number): Literal[] {
    const items: Literal[] = [];
    while (this.take(/\]/y) === undefined) {
      items.push(this.value(depth + 1));
      if (this.take(/,/y) === undefined) {
        this.expect(/\]/y);
        break;
      }
    }
    return items;
  }

  #string(): string | undefined {
    const raw = this.take(/"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`(?:[^`\\$]|\\[\s\S]|\$(?!\{))*`/y);
    return raw?.slice(1, -1).replaceAll(/\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|(\r?\n|[\s\S]))/g, unescaped);
  }

  #pass(what: RegExp): string | undefined {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** The line at which reading stands. */
  #here(): number {
    for (; this.#counted < this.#at; this.#counted += 1) if (this.#text.charAt(this.#counted) === "\n") this.#line += 1;
    return this.#line;
  }
}

const simple: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", 0: "\0", "\n": "", "\r\n": "" };

function unescaped(all: string, long?: string, short?: string, byte?: string, char?: string): string {
  const code = long ?? short ?? byte;
  if (code !== undefined) return Number.parseInt(code, 16) <= 0x10_ffff ? String.fromCodePoint(Number.parseInt(code, 16)) : all;
  return simple[char ?? ""] ?? char ?? "";
}
