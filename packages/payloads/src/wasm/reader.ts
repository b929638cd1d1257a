import { PayloadInvalidError } from "../errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A name out of a module, for a message: short, and without anything that a terminal would obey. */
export function quoted(name: string): string {
  return printable(JSON.stringify(name.slice(0, 80)));
}

/** The text with everything but visible ASCII and spaces written as escapes. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Walks over binary WebAssembly. Whatever the bytes say, it neither leaves its range nor stands still. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw this.broken("it ends early");
    return this.bytes[this.at++]!;
  }

  /** An unsigned LEB128 of at most 32 bits; encodings longer than needed are valid up to five bytes. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last > 0x0f) throw this.broken("a number has more than 32 bits");
    return (value | (last << 28)) >>> 0;
  }

  /** A signed LEB128 that fits 33 bits: the type index of a block, or a negative one-byte form. */
  s33(): number {
    let value = 0;
    for (let index = 0; index < 5; index++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (7 * (index + 1)) : value;
    }
    throw this.broken("a number has more than 33 bits");
  }

  /** Passes over a LEB128 of up to `most` bytes. */
  skipNumber(most: number): void {
    for (let count = 0; count < most; count++) if (this.byte() < 0x80) return;
    throw this.broken("a number is too long");
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw this.broken("it ends early");
    this.at += count;
  }

  /** A part of `length` bytes, to be read on its own; this reader goes on behind it. */
  part(length: number): Reader {
    const from = this.at;
    this.skip(length);
    return new Reader(this.bytes, from, this.at);
  }

  name(): string {
    const { at: from, end } = this.part(this.u32());
    try {
      return utf8.decode(this.bytes.subarray(from, end));
    } catch (cause) {
      throw this.broken("a name is not UTF-8", { cause });
    }
  }

  broken(reason: string, options?: ErrorOptions): PayloadInvalidError {
    return new PayloadInvalidError(`${reason}, at byte ${this.at}`, options);
  }
}
