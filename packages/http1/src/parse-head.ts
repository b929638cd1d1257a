import { Fields } from "@mothership/kernel";
import { COLON, CR, isToken, LF, SP, skipTarget, skipToken, skipValue, TAB } from "./bytes.ts";
import { hashStep, type KnownName, knownName, methodAt, role, roleOf } from "./names.ts";
import { type RefusalName, refusals } from "./refusals.ts";
import type { HeadLimits, Refusal } from "./types.ts";

/*
 * Bytes to heads. A parse always starts at the first byte of a head and reads strictly from left to right, so what it says of a
 * head depends on its bytes alone and not on how they were cut. Lines are only measured while they are read; strings are made
 * once the head is complete, out of one slice of it.
 */

/** The fields that the wire itself lives by, picked out while a head is parsed. Several lines of one list field are joined by commas. */
export interface WireFields {
  hosts: number;
  host: string;
  lengths: number;
  length: string;
  encodings: number;
  encoding: string;
  connection: string;
  upgrade: string;
  /** Undefined without the field: an empty expectation is one that we do not know. */
  expect: string | undefined;
  te: string;
  keepAlive: string;
  /** A field that may stand once in a request stands twice. */
  repeated: boolean;
  /** A name that upstreams who turn its dots and underscores into hyphens would take for a framing field. */
  disguised: boolean;
}

/** A request head as it stands on the wire: well-formed, its meaning not yet checked. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** HTTP/1.0 or 1.1. */
  readonly minor: 0 | 1;
  readonly fields: Fields;
  readonly wire: WireFields;
}

/** A response head as it stands on the wire; the reason phrase is dropped. */
export interface StatusHead {
  readonly status: number;
  readonly minor: 0 | 1;
  readonly fields: Fields;
  readonly wire: WireFields;
}

const maxMethodBytes = 32;
const zero = 0x30;
const protocol = Buffer.from("HTTP/", "latin1");

// Common gateways hand fields to programs as variables (RFC 3875, 4.1.18) and so cannot tell these from the real ones.
const disguised = /^(?:content[-_.]+length|transfer[-_.]+encoding)$/;

// Where the names and values of the head in hand lie: four numbers a field. One head is parsed at a time in a process.
const spans: number[] = [];
const knowns: (KnownName | undefined)[] = [];

/** Parses heads under one set of limits. Nothing is kept between two calls but the outcome of the last. */
export class HeadParser {
  /** Index behind the head, after a head was returned. */
  end = 0;
  /** Why there is no head; undefined when only bytes are missing. */
  refusal: Refusal | undefined;
  readonly #limits: HeadLimits;
  readonly #maxTargetBytes: number;
  #count = 0;

  constructor(limits: HeadLimits, maxTargetBytes = limits.maxHeadBytes) {
    this.#limits = limits;
    this.#maxTargetBytes = maxTargetBytes;
  }

  /** The request head that begins at `from`, or undefined. One empty line before it is skipped (RFC 9112, 2.2). */
  request(bytes: Buffer, from: number, to: number): RequestHead | undefined {
    this.refusal = undefined;
    const end = this.#bound(from, to);
    let at = from;
    if (at < end && bytes[at] === CR) {
      if (at + 1 >= end) return this.#short(from, to);
      if (bytes[at + 1] !== LF) return this.#refuse("LINE_END_BAD");
      at += 2;
    }
    const methodFrom = at;
    const methodTo = skipToken(bytes, at, Math.min(end, at + maxMethodBytes + 1));
    if (methodTo - methodFrom > maxMethodBytes) return this.#refuse("METHOD_TOO_LONG");
    if (methodTo >= end) return this.#short(from, to);
    if (methodTo === methodFrom) return this.#refuse("NOT_HTTP");
    if (bytes[methodTo] !== SP) return this.#refuse(lineEnd(bytes[methodTo]) ? "NOT_HTTP" : "METHOD_BAD");

    const targetFrom = methodTo + 1;
    const targetTo = skipTarget(bytes, targetFrom, end);
    if (targetTo - targetFrom > this.#maxTargetBytes) return this.#refuse("TARGET_TOO_LONG");
    if (targetTo >= end) return this.#short(from, to);
    const next = bytes[targetTo]!;
    if (targetTo === targetFrom || (next !== SP && !lineEnd(next))) return this.#refuse("TARGET_BAD");
    if (next !== SP) return this.#refuse(next === LF ? "LINE_END_BAD" : "VERSION_BAD");

    at = targetTo + 1;
    const minor = this.#version(bytes, at, end);
    if (minor === undefined) return this.#short(from, to);
    at = this.#lineEnd(bytes, at + 8, end, "VERSION_BAD");
    if (at < 0) return this.#short(from, to);

    if (!this.#lines(bytes, at, end)) return this.#short(from, to);
    const wire = noWireFields();
    const fields = this.#fields(bytes, at, wire);
    return { method: methodAt(bytes, methodFrom, methodTo), target: bytes.toString("latin1", targetFrom, targetTo), minor, fields, wire };
  }

  /** The response head that begins at `from`, or undefined. */
  response(bytes: Buffer, from: number, to: number): StatusHead | undefined {
    this.refusal = undefined;
    const end = this.#bound(from, to);
    const minor = this.#version(bytes, from, end);
    if (minor === undefined) return this.#short(from, to);
    let at = from + 8;
    if (at + 4 >= end) return this.#short(from, to);
    const status = (bytes[at + 1]! - zero) * 100 + (bytes[at + 2]! - zero) * 10 + bytes[at + 3]! - zero;
    if (bytes[at] !== SP || !threeDigits(bytes, at + 1) || status < 100 || status > 599) return this.#refuse("STATUS_BAD");
    at += 4;
    // The space before an empty reason phrase is often left out; nothing else can follow the status.
    if (bytes[at] === SP) at = skipValue(bytes, at, end);
    at = this.#lineEnd(bytes, at, end, "STATUS_BAD");
    if (at < 0) return this.#short(from, to);

    if (!this.#lines(bytes, at, end)) return this.#short(from, to);
    const wire = noWireFields();
    return { status, minor, fields: this.#fields(bytes, at, wire), wire };
  }

  /** Field lines up to and with the empty line that ends them: a trailer section. */
  trailers(bytes: Buffer, from: number, to: number): Fields | undefined {
    this.refusal = undefined;
    if (!this.#lines(bytes, from, to)) return undefined;
    return this.#fields(bytes, from, noWireFields());
  }

  #bound(from: number, to: number): number {
    return Math.min(to, from + this.#limits.maxHeadBytes);
  }

  #refuse(name: RefusalName): undefined {
    this.refusal = refusals[name];
    return undefined;
  }

  #fail(name: RefusalName): false {
    this.refusal = refusals[name];
    return false;
  }

  /** No head: it was refused, or the bytes ran out, and then more may come unless the limit is reached. */
  #short(from: number, to: number): undefined {
    if (!this.refusal && to - from >= this.#limits.maxHeadBytes) this.refusal = refusals.HEAD_TOO_LARGE;
    return undefined;
  }

  #version(bytes: Buffer, at: number, end: number): 0 | 1 | undefined {
    if (at + 8 > end) return undefined;
    for (let index = 0; index < 5; index++) if (bytes[at + index] !== protocol[index]) return this.#refuse("VERSION_BAD");
    const major = bytes[at + 5]! - zero;
    const minor = bytes[at + 7]! - zero;
    if (bytes[at + 6] !== 0x2e || major < 0 || major > 9 || minor < 0 || minor > 9) return this.#refuse("VERSION_BAD");
    if (major !== 1 || (minor !== 0 && minor !== 1)) return this.#refuse("VERSION_UNKNOWN");
    return minor;
  }

  /** Index behind the CR LF at `at`; -1 when it is not there (yet). */
  #lineEnd(bytes: Buffer, at: number, end: number, otherwise: RefusalName): number {
    if (at >= end) return -1;
    if (bytes[at] === CR) {
      if (at + 1 >= end) return -1;
      if (bytes[at + 1] === LF) return at + 2;
      this.refusal = refusals.LINE_END_BAD;
    } else this.refusal = refusals[bytes[at] === LF ? "LINE_END_BAD" : otherwise];
    return -1;
  }

  /** Measures the field lines into `spans`; true when the empty line was reached. */
  #lines(bytes: Buffer, from: number, end: number): boolean {
    let at = from;
    let count = 0;
    for (;;) {
      if (at >= end) return false;
      const nameFrom = at;
      let hash = 0;
      const first = bytes[at]!;
      if (first === CR || first === LF) {
        const after = this.#lineEnd(bytes, at, end, "LINE_END_BAD");
        if (after < 0) return false;
        this.end = after;
        this.#count = count;
        return true;
      }
      for (; at < end && isToken(bytes[at]!); at++) hash = hashStep(hash, bytes[at]!);
      if (at >= end) return false;
      if (at === nameFrom) return this.#fail(first === SP || first === TAB ? "FIELD_FOLDED" : "FIELD_NAME_BAD");
      if (bytes[at] !== COLON) return this.#fail("FIELD_NAME_BAD");
      const nameTo = at++;
      while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++;
      const valueFrom = at;
      at = skipValue(bytes, at, end);
      let valueTo = at;
      at = this.#lineEnd(bytes, at, end, "FIELD_VALUE_BAD");
      if (at < 0) return false;
      if (count >= this.#limits.maxFields) return this.#fail("FIELDS_TOO_MANY");
      while (valueTo > valueFrom && (bytes[valueTo - 1] === SP || bytes[valueTo - 1] === TAB)) valueTo--;
      const slot = count * 4;
      spans[slot] = nameFrom;
      spans[slot + 1] = nameTo;
      spans[slot + 2] = valueFrom;
      spans[slot + 3] = valueTo;
      knowns[count++] = knownName(bytes, nameFrom, nameTo, hash);
    }
  }

  #fields(bytes: Buffer, from: number, wire: WireFields): Fields {
    const fields = new Fields();
    const text = bytes.toString("latin1", from, this.end);
    let singles = 0;
    for (let index = 0; index < this.#count; index++) {
      const slot = index * 4;
      const known = knowns[index];
      const name = known ? known.name : text.slice(spans[slot]! - from, spans[slot + 1]! - from);
      const key = known ? known.key : name.toLowerCase();
      const value = text.slice(spans[slot + 2]! - from, spans[slot + 3]! - from);
      fields.appendParsed(name, key, value);
      const meaning = known ? known.role : roleOf(key);
      if (!known && meaning === role.none && disguised.test(key)) wire.disguised = true;
      if (meaning === role.single) singles++;
      else if (meaning !== role.none) note(wire, meaning, meaning <= role.transferEncoding ? strictly(bytes, slot, value) : value);
    }
    if (singles > 1) wire.repeated = repeatsSingle(fields);
    return fields;
  }
}

const lineEnd = (byte: number | undefined): boolean => byte === CR || byte === LF;

function threeDigits(bytes: Buffer, at: number): boolean {
  for (let index = at; index < at + 3; index++) if (bytes[index]! < zero || bytes[index]! > zero + 9) return false;
  return true;
}

const noWireFields = (): WireFields => ({
  hosts: 0,
  host: "",
  lengths: 0,
  length: "",
  encodings: 0,
  encoding: "",
  connection: "",
  upgrade: "",
  expect: undefined,
  te: "",
  keepAlive: "",
  repeated: false,
  disguised: false,
});

/**
 * The value of a field that decides about routing or framing, as its checks see it. A tab beside it is white space by the grammar, but is
 * what hides such a field from other readers, so it stays and fails the check.
 */
function strictly(bytes: Buffer, slot: number, value: string): string {
  for (let at = spans[slot + 1]! + 1; at < spans[slot + 2]!; at++) if (bytes[at] === TAB) return `\t${value}`;
  for (let at = spans[slot + 3]!; bytes[at] !== CR; at++) if (bytes[at] === TAB) return `${value}\t`;
  return value;
}

const joined = (before: string, value: string): string => (before === "" ? value : `${before},${value}`);

function note(wire: WireFields, meaning: number, value: string): void {
  if (meaning === role.host) {
    wire.hosts++;
    wire.host = value;
  } else if (meaning === role.connection) wire.connection = joined(wire.connection, value);
  else if (meaning === role.contentLength) {
    wire.lengths++;
    wire.length = value;
  } else if (meaning === role.transferEncoding) {
    wire.encodings++;
    wire.encoding = value;
  } else if (meaning === role.upgrade) wire.upgrade = joined(wire.upgrade, value);
  else if (meaning === role.expect) wire.expect = joined(wire.expect ?? "", value);
  else if (meaning === role.te) wire.te = joined(wire.te, value);
  else if (meaning === role.keepAlive) wire.keepAlive = joined(wire.keepAlive, value);
}

function repeatsSingle(fields: Fields): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (roleOf(key) !== role.single) continue;
    if (seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}
