import { FrameMalformedError } from "./errors.ts";
import type { HeaderPair } from "./frame.ts";

/** The members of one JSON payload, checked as they are read; what is not asked for is ignored. */
export class Members {
  readonly #frame: string;
  readonly #object: Readonly<Record<string, unknown>>;

  /** @throws {FrameMalformedError} when the bytes are no JSON object in UTF-8. */
  constructor(frame: string, payload: Uint8Array) {
    this.#frame = frame;
    this.#object = parse(frame, payload);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  text(name: string, otherwise?: string): string {
    const value = this.#value(name);
    if (value === undefined && otherwise !== undefined) return otherwise;
    return typeof value === "string" ? value : this.#fail(name, "is no string");
  }

  /** An integer from `least` to `most`. */
  integer(name: string, least: number, most: number): number {
    const value = this.#value(name);
    const good = typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
    return good ? value : this.#fail(name, `is no integer from ${least} to ${most}`);
  }

  /** A count of messages: any integer that JSON can carry exactly. */
  count(name: string): number {
    return this.integer(name, 0, Number.MAX_SAFE_INTEGER);
  }

  texts(name: string): readonly string[] {
    const value = this.#value(name);
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : this.#fail(name, "is no list of strings");
  }

  /** Pairs of header name and value; none when the member is absent. */
  pairs(name: string): readonly HeaderPair[] {
    const value = this.#value(name) ?? [];
    return Array.isArray(value) && value.every(isPair) ? value : this.#fail(name, "is no list of pairs of strings");
  }

  /** An object whose members are strings. A member called `__proto__` is a plain one: that is how JSON.parse makes it. */
  table(name: string): Readonly<Record<string, string>> {
    const value = this.#value(name);
    if (!isObject(value) || !Object.values(value).every((item) => typeof item === "string"))
      return this.#fail(name, "is no object of strings");
    // Every value was checked to be a string.
    return value as Readonly<Record<string, string>>;
  }

  #value(name: string): unknown {
    return this.has(name) ? this.#object[name] : undefined;
  }

  #fail(name: string, what: string): never {
    throw new FrameMalformedError(this.#frame, this.has(name) ? `"${name}" ${what}` : `"${name}" is missing`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(frame: string, payload: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(payload));
  } catch (error) {
    throw new FrameMalformedError(frame, "the payload is no JSON text in UTF-8", { cause: error });
  }
  if (!isObject(value)) throw new FrameMalformedError(frame, "the payload is no JSON object");
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPair(value: unknown): value is HeaderPair {
  return Array.isArray(value) && value.length === 2 && value.every((item) => typeof item === "string");
}
