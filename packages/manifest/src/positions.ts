/**
 * Where each key and value of a TOML text stands.
 *
 * The parser gives values without positions, so this scan walks the same text once more and notes offsets. It runs on text that the
 * parser has accepted, so that it is no deeper than the parser allows, and checks nothing itself; on other text it ends as well, with
 * places that mean little.
 */

/** Keys and indexes from the root to one value. */
export type Path = readonly (string | number)[];

/** Offsets in the text, in UTF-16 units. */
export interface Place {
  /** First character of the key; of the value itself for an element of an inline array. */
  readonly key: number;
  /** First character of the value; of the `[` for a table with a header. */
  readonly start: number;
  /** Behind the last character of the value, or of the header. */
  readonly end: number;
}

interface Node {
  key: number;
  start: number;
  end: number;
  fields: Map<string, Node> | undefined;
  items: Node[] | undefined;
}

/** The places of one text. */
export class Positions {
  readonly #root: Node;
  #lineStarts: readonly number[] | undefined;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#root = scan(text);
  }

  /** The place of exactly this path, or undefined. */
  exact(path: Path): Place | undefined {
    const { node, depth } = this.#walk(path);
    return depth === path.length ? node : undefined;
  }

  /** The place of this path, or of the nearest table or list around it that is in the text. */
  nearest(path: Path): Place {
    return this.#walk(path).node;
  }

  /** Line and column of an offset, both from 1; the column counts UTF-16 units, as editors do. */
  lineColumn(offset: number): { readonly line: number; readonly column: number } {
    this.#lineStarts ??= lineStarts(this.#text);
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }

  #walk(path: Path): { readonly node: Node; readonly depth: number } {
    let node = this.#root;
    let depth = 0;
    for (const step of path) {
      const next = typeof step === "number" ? node.items?.[step] : node.fields?.get(step);
      if (!next) break;
      node = next;
      depth++;
    }
    return { node, depth };
  }
}

/** Offset of the first character of each line. */
function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

interface Key {
  readonly name: string;
  readonly offset: number;
}

function scan(text: string): Node {
  const cursor = new Cursor(text);
  const root = newNode(0, 0, 0);
  let table = root;
  for (cursor.skipBlank(); !cursor.done; cursor.skipBlank()) {
    if (cursor.peek() === "[") {
      const start = cursor.at;
      const list = text[start + 1] === "[";
      cursor.at += list ? 2 : 1;
      const keys = cursor.keys("]");
      cursor.at += list ? 2 : 1;
      table = openTable(root, keys, list, start, cursor.at);
    } else {
      assign(cursor, table);
    }
    cursor.skipLine();
  }
  return root;
}

function newNode(key: number, start: number, end: number): Node {
  return { key, start, end, fields: undefined, items: undefined };
}

/** The last table of a list of tables, or the node itself: what a header that passes through it means. */
function current(node: Node): Node {
  return node.items?.at(-1) ?? node;
}

function child(parent: Node, { name, offset }: Key): Node {
  parent.fields ??= new Map();
  let node = parent.fields.get(name);
  if (!node) {
    node = newNode(offset, offset, offset);
    parent.fields.set(name, node);
  }
  return node;
}

function openTable(root: Node, keys: readonly Key[], list: boolean, start: number, end: number): Node {
  let node = root;
  for (const key of keys) node = child(current(node), key);
  const key = keys.at(-1)?.offset ?? start;
  if (list) {
    const item = newNode(key, start, end);
    if (!node.items) {
      node.items = [];
      Object.assign(node, { start, end });
    }
    node.items.push(item);
    return item;
  }
  // A table that earlier lines only implied gets its own header's place.
  return Object.assign(node, { key, start, end });
}

function assign(cursor: Cursor, table: Node): void {
  const keys = cursor.keys("=");
  let node = table;
  for (const key of keys) node = child(node, key);
  cursor.at++;
  cursor.skipSpace();
  readValue(cursor, node);
}

function readValue(cursor: Cursor, node: Node): void {
  node.start = cursor.at;
  const first = cursor.peek();
  if (first === '"' || first === "'") cursor.skipString();
  else if (first === "[") readArray(cursor, node);
  else if (first === "{") readInlineTable(cursor, node);
  else cursor.skipScalar();
  node.end = cursor.at;
}

function readArray(cursor: Cursor, node: Node): void {
  node.items = [];
  cursor.at++;
  for (cursor.skipBlank(); !cursor.done && cursor.peek() !== "]"; cursor.skipSeparator()) {
    const item = newNode(cursor.at, cursor.at, cursor.at);
    node.items.push(item);
    readValue(cursor, item);
  }
  cursor.at++;
}

function readInlineTable(cursor: Cursor, node: Node): void {
  cursor.at++;
  for (cursor.skipBlank(); !cursor.done && cursor.peek() !== "}"; cursor.skipSeparator()) assign(cursor, node);
  cursor.at++;
}

const space = /[ \t]*/y;
const bareKey = /[^\s.=\]"'#]+/y;
const scalar = /[^,\]}#\n]*/y;
const restOfLine = /[^\n]*/y;
const blank = /[ \t\r\n]*/y;

class Cursor {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith("\uFEFF")) this.at = 1;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string | undefined {
    return this.text[this.at];
  }

  skipSpace(): void {
    this.#skip(space);
  }

  /** Past blank space, line ends and comments. */
  skipBlank(): void {
    this.#skip(blank);
    while (this.peek() === "#") {
      this.#skip(restOfLine);
      this.#skip(blank);
    }
  }

  skipLine(): void {
    this.#skip(restOfLine);
  }

  /** Past the comma behind an element, if there is one, and what is blank around it. */
  skipSeparator(): void {
    this.skipBlank();
    if (this.peek() === ",") this.at++;
    this.skipBlank();
  }

  /** Past a number, boolean or date; always moves, so that text which is no TOML ends too. */
  skipScalar(): void {
    const start = this.at;
    this.#skip(scalar);
    while (this.at > start && /\s/.test(this.text[this.at - 1]!)) this.at--;
    if (this.at === start) this.at++;
  }

  /** The parts of a dotted key; stops at `end`. */
  keys(end: string): readonly Key[] {
    const keys: Key[] = [];
    for (;;) {
      this.skipSpace();
      const offset = this.at;
      const first = this.peek();
      if (first === '"' || first === "'") {
        this.skipString();
        const inner = this.text.slice(offset + 1, this.at - 1);
        keys.push({ name: first === "'" ? inner : unescaped(inner), offset });
      } else {
        this.#skip(bareKey);
        keys.push({ name: this.text.slice(offset, this.at), offset });
      }
      this.skipSpace();
      if (this.peek() !== ".") break;
      this.at++;
    }
    if (this.peek() !== end && this.at < this.text.length && this.text[this.at] !== "\n") this.#skipTo(end);
    return keys;
  }

  skipString(): void {
    const quote = this.peek()!;
    const long = quote.repeat(3);
    if (this.text.startsWith(long, this.at)) {
      this.at += 3;
      this.#skipToClose(long, quote === '"');
      // One or two quotes may stand right before the closing three.
      for (let extra = 0; extra < 2 && this.peek() === quote; extra++) this.at++;
    } else {
      this.at++;
      this.#skipToClose(quote, quote === '"');
    }
  }

  #skipToClose(close: string, escapes: boolean): void {
    while (!this.done && !this.text.startsWith(close, this.at)) this.at += escapes && this.peek() === "\\" ? 2 : 1;
    this.at += close.length;
  }

  #skipTo(end: string): void {
    const at = this.text.indexOf(end, this.at);
    const line = this.text.indexOf("\n", this.at);
    this.at = at !== -1 && (line === -1 || at < line) ? at : line === -1 ? this.text.length : line;
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.at;
    pattern.test(this.text);
    this.at = Math.max(this.at, pattern.lastIndex);
  }
}

const short: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001b" };

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|(.))/g, (_, ...groups: (string | undefined)[]) => {
    const digits = groups[0] ?? groups[1] ?? groups[2];
    if (digits === undefined) return short[groups[3] ?? ""] ?? groups[3] ?? "";
    const code = Number.parseInt(digits, 16);
    return code <= 0x10_ffff ? String.fromCodePoint(code) : "";
  });
}
