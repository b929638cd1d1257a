import { hash } from "node:crypto";
import type { Incoming } from "@mothership/kernel";
import { BoundedCache } from "./bounded-cache.ts";

/** What a fingerprint is made from; an `Incoming` is one. The fields as they were received, in their order and case. */
export type RequestShape = Pick<Incoming, "method" | "version" | "fields">;

/** The four parts of a JA4H fingerprint, each computed when it is first read. */
export interface FingerprintParts {
  /** Method, version, cookie or not, referer or not, number of fields, language: 12 readable characters. */
  readonly a: string;
  /** Hash of the field names. */
  readonly b: string;
  /** Hash of the cookie names. */
  readonly c: string;
  /** Hash of the cookie names and values: the same for one visitor only. */
  readonly d: string;
}

/** Stands for cookies that are not there. */
const noCookies = "000000000000";
const rememberedNameLists = 1024;
const longestRememberedList = 1024;
const nameHashes = new BoundedCache<string>(rememberedNameLists);

/**
 * The JA4H fingerprint of a request: `a_b_c_d`, in lower-case letters, digits, `_`, `-` (after the method) and `*` (of the language).
 *
 * JA4H is part of JA4+, which is patent pending and under the FoxIO License 1.1: see the README of this package.
 */
export function fingerprint(shape: RequestShape): string {
  const { a, b, c, d } = fingerprintParts(shape);
  return `${a}_${b}_${c}_${d}`;
}

/** The same in parts. Nothing is hashed for a part that nobody reads. `shape` must not change meanwhile. */
export function fingerprintParts(shape: RequestShape): FingerprintParts {
  return new LazyParts(shape);
}

class LazyParts implements FingerprintParts {
  readonly #shape: RequestShape;
  #a: string | undefined;
  #b: string | undefined;
  #c: string | undefined;
  #d: string | undefined;
  #names: readonly string[] | undefined;
  #cookies: readonly Cookie[] | undefined;

  constructor(shape: RequestShape) {
    this.#shape = shape;
  }

  get a(): string {
    this.#a ??= this.#describe();
    return this.#a;
  }

  get b(): string {
    this.#b ??= hashOfNames(this.#countedNames().join(","));
    return this.#b;
  }

  get c(): string {
    this.#c ??= hashOfCookies(this.#sortedCookies().map(({ name }) => name));
    return this.#c;
  }

  get d(): string {
    this.#d ??= hashOfCookies(this.#sortedCookies().map(({ pair }) => pair));
    return this.#d;
  }

  #describe(): string {
    const { method, version, fields } = this.#shape;
    const count = Math.min(99, this.#countedNames().length);
    return [
      methodCode(method),
      version.replace(".", ""),
      fields.has("cookie") ? "c" : "n",
      fields.has("referer") ? "r" : "n",
      String(count).padStart(2, "0"),
      languageCode(fields.get("accept-language")),
    ].join("");
  }

  /** Names of the fields in order and case, without cookies, the referer and HTTP/2's pseudo-fields. */
  #countedNames(): readonly string[] {
    if (this.#names) return this.#names;
    const { fields } = this.#shape;
    const names: string[] = [];
    for (let index = 0; index < fields.size; index++) {
      const key = fields.key(index);
      if (key !== "cookie" && key !== "referer" && !key.startsWith(":")) names.push(fields.name(index));
    }
    this.#names = names;
    return names;
  }

  #sortedCookies(): readonly Cookie[] {
    // HTTP/2 may send each cookie in a field of its own (RFC 9113, 8.2.3).
    this.#cookies ??= this.#shape.fields.all("cookie").flatMap(cookiesOf).sort(byName);
    return this.#cookies;
  }
}

interface Cookie {
  readonly name: string;
  readonly pair: string;
}

function cookiesOf(field: string): Cookie[] {
  return field
    .split(";")
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "")
    .map((piece) => {
      const equals = piece.indexOf("=");
      if (equals === -1) return { name: piece, pair: piece };
      const name = piece.slice(0, equals).trim();
      return { name, pair: `${name}=${piece.slice(equals + 1).trim()}` };
    });
}

/** Sorting is stable: cookies of one name keep the order in which they were sent. */
function byName(one: Cookie, other: Cookie): number {
  if (one.name === other.name) return 0;
  return one.name < other.name ? -1 : 1;
}

/** Its first two letters. What else a method may hold, an `_` among it, must not look like the end of a part. */
function methodCode(method: string): string {
  return method
    .slice(0, 2)
    .toLowerCase()
    .replaceAll(/[^a-z\d-]/g, "0")
    .padEnd(2, "0");
}

/** `en-US,en;q=0.5` is `enus`. What cannot stand in a language range (RFC 4647, 2.1) is left out, so that no field adds an `_` of its own. */
function languageCode(acceptLanguage = ""): string {
  const [first = ""] = acceptLanguage.toLowerCase().split(/[,;]/, 1);
  return first
    .replaceAll(/[^a-z\d*]/g, "")
    .slice(0, 4)
    .padEnd(4, "0");
}

/** Browsers are few, and so are the lists of names that they send; the rest of a fingerprint differs from visitor to visitor. */
function hashOfNames(list: string): string {
  const known = nameHashes.get(list);
  if (known !== undefined) return known;
  const made = digest(list);
  if (list.length <= longestRememberedList) nameHashes.set(list, made);
  return made;
}

function hashOfCookies(items: readonly string[]): string {
  return items.length === 0 ? noCookies : digest(items.join(","));
}

/** One character of a field is one byte on the wire, and the bytes are what is hashed. */
function digest(text: string): string {
  return hash("sha256", Buffer.from(text, "latin1"), "hex").slice(0, 12);
}
