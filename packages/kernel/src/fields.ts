import { MothershipError } from "./error.ts";

/** A field name or value that cannot stand in a message head (RFC 9110, 5.1 and 5.5). */
export class FieldError extends MothershipError {
  readonly code = "MS_FIELD_INVALID";
  constructor(what: "name" | "value", text: string) {
    super(`${JSON.stringify(text.slice(0, 80))} cannot be the ${what} of a header field`);
    this.name = "FieldError";
  }
}

const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
// Visible characters, tab, space and the bytes above ASCII, each one character (latin-1), as they travel.
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The header or trailer fields of one message: pairs in the order and case in which they were sent, repeats included.
 *
 * The one list that is decided on and forwarded. Beside each name stands its lower-case key, made once, and all look-ups go by key.
 * Values are latin-1 text: one character is one byte on the wire.
 */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  // name, key, value of each field in turn: one array to allocate and to walk.
  #list: string[] = [];

  /** @throws {FieldError} for the first pair that could not be sent. */
  static from(pairs: Iterable<readonly [string, string]>): Fields {
    const fields = new Fields();
    for (const [name, value] of pairs) fields.append(name, value);
    return fields;
  }

  get size(): number {
    return this.#list.length / 3;
  }

  /** Name of the field at `index` (from 0), as sent. */
  name(index: number): string {
    return this.#list[index * 3]!;
  }

  /** Lower-case name of the field at `index`. */
  key(index: number): string {
    return this.#list[index * 3 + 1]!;
  }

  value(index: number): string {
    return this.#list[index * 3 + 2]!;
  }

  /** The first value under a lower-case name, or undefined. */
  get(key: string): string | undefined {
    const list = this.#list;
    for (let at = 1; at < list.length; at += 3) if (list[at] === key) return list[at + 1];
    return undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Every value under a lower-case name, in order. */
  all(key: string): string[] {
    const list = this.#list;
    const found: string[] = [];
    for (let at = 1; at < list.length; at += 3) if (list[at] === key) found.push(list[at + 1]!);
    return found;
  }

  /** Adds a field at the end. @throws {FieldError} when it could not be sent. */
  append(name: string, value: string): this {
    check(name, value);
    this.#list.push(name, name.toLowerCase(), value);
    return this;
  }

  /** Adds a field that a parser has already checked; `key` is its lower-case name. Never for text from configuration or guests. */
  appendParsed(name: string, key: string, value: string): void {
    this.#list.push(name, key, value);
  }

  /** Leaves one field of this name: at the place of the first, or at the end. @throws {FieldError} when it could not be sent. */
  set(name: string, value: string): this {
    check(name, value);
    const key = name.toLowerCase();
    const at = this.#find(key);
    this.delete(key);
    this.#list.splice(at, 0, name, key, value);
    return this;
  }

  /** Removes every field under a lower-case name. */
  delete(key: string): this {
    if (this.has(key)) this.#list = this.#list.filter((_, at, list) => list[at - (at % 3) + 1] !== key);
    return this;
  }

  copy(): Fields {
    const fields = new Fields();
    fields.#list = this.#list.slice();
    return fields;
  }

  /** Where the first field of this key begins in the list; its length when there is none. */
  #find(key: string): number {
    const list = this.#list;
    let at = 0;
    while (at < list.length && list[at + 1] !== key) at += 3;
    return at;
  }

  *[Symbol.iterator](): IterableIterator<readonly [string, string]> {
    for (let at = 0; at < this.#list.length; at += 3) yield [this.#list[at]!, this.#list[at + 2]!];
  }
}

function check(name: string, value: string): void {
  if (!token.test(name)) throw new FieldError("name", name);
  if (!fieldValue.test(value)) throw new FieldError("value", value);
}
