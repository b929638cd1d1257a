import type { Fields } from "@mothership/kernel";
import { CR, hexValue, LF, SEMICOLON } from "./bytes.ts";
import { type ExtensionPlace, extensionAfter } from "./chunk-extension.ts";
import { HeadParser } from "./parse-head.ts";
import { type RefusalName, refusals } from "./refusals.ts";
import type { ChunkLimits, HeadLimits, Refusal } from "./types.ts";

/** Sizes of more digits are refused even when the rest are zeros: 2^48 is more than any chunk. */
const maxSizeDigits = 12;

type Step = "size" | "extension" | "sizeEnd" | "data" | "dataEnd" | "dataEndLf" | "trailers" | "end";

/**
 * Takes a body out of its chunks (RFC 9112, 7.1), with no leniency: hexadecimal digits, an optional extension that is skipped,
 * CR LF, exactly so many bytes, CR LF.
 */
export class ChunkedDecoder {
  /** Content that the last `read` found lies in its bytes from `from` to `to`; empty when it found none. */
  from = 0;
  to = 0;
  /** The whole body was read, its trailers included. */
  ended = false;
  trailers: Fields | undefined;
  refusal: Refusal | undefined;

  readonly #limits: ChunkLimits & HeadLimits;
  #step: Step = "size";
  #size = 0;
  #digits = 0;
  #extension: ExtensionPlace = "nameStart";
  #extensionBytes = 0;
  #trailer: Buffer = Buffer.allocUnsafe(0);
  #trailerBytes = 0;

  constructor(limits: ChunkLimits & HeadLimits) {
    this.#limits = limits;
  }

  /** Reads on from `at`; returns where it stopped: behind some content, at the end of the body, at an error, or at `end` for want of bytes. */
  read(bytes: Buffer, at: number, end: number): number {
    this.from = this.to = 0;
    while (at < end && !this.ended && !this.refusal) {
      if (this.#step === "data") {
        this.from = at;
        this.to = Math.min(end, at + this.#size);
        this.#size -= this.to - at;
        if (this.#size === 0) this.#step = "dataEnd";
        return this.to;
      }
      at = this.#step === "trailers" ? this.#readTrailers(bytes, at, end) : this.#readLine(bytes[at]!, at);
    }
    return at;
  }

  #refuse(name: RefusalName): number {
    this.refusal = refusals[name];
    return 0;
  }

  /** Everything around the content but trailers, a byte at a time. */
  #readLine(byte: number, at: number): number {
    switch (this.#step) {
      case "size": {
        const digit = hexValue(byte);
        if (digit >= 0) {
          if (++this.#digits > maxSizeDigits) return this.#refuse("CHUNK_SIZE_BAD");
          this.#size = this.#size * 16 + digit;
        } else if (this.#digits === 0) return this.#refuse("CHUNK_SIZE_BAD");
        else if (byte === CR) this.#step = "sizeEnd";
        else if (byte === SEMICOLON) {
          this.#step = "extension";
          this.#extension = "nameStart";
        } else return this.#refuse(byte === LF ? "LINE_END_BAD" : "CHUNK_SIZE_BAD");
        return at + 1;
      }
      case "extension": {
        if (++this.#extensionBytes > this.#limits.maxChunkExtensionBytes) return this.#refuse("CHUNK_EXTENSIONS_TOO_LARGE");
        const place = extensionAfter(this.#extension, byte);
        if (place === "bad") return this.#refuse(byte === LF ? "LINE_END_BAD" : "CHUNK_EXTENSION_BAD");
        if (place === "end") this.#step = "sizeEnd";
        this.#extension = place;
        return at + 1;
      }
      case "sizeEnd":
        if (byte !== LF) return this.#refuse("LINE_END_BAD");
        this.#digits = 0;
        this.#step = this.#size === 0 ? "trailers" : "data";
        return at + 1;
      case "dataEnd":
        if (byte !== CR) return this.#refuse("CHUNK_END_BAD");
        this.#step = "dataEndLf";
        return at + 1;
      default:
        if (byte !== LF) return this.#refuse("CHUNK_END_BAD");
        this.#step = "size";
        return at + 1;
    }
  }

  /** Collects the trailer section until its empty line, then parses it as a whole. */
  #readTrailers(bytes: Buffer, at: number, end: number): number {
    const section = this.#trailer;
    const length = this.#trailerBytes;
    const byte = bytes[at]!;
    if (length >= this.#limits.maxTrailerBytes + 2) return this.#refuse("TRAILERS_TOO_LARGE");
    if (length === section.length) {
      this.#trailer = Buffer.allocUnsafe(Math.min(Math.max(64, length * 4), this.#limits.maxTrailerBytes + 2));
      section.copy(this.#trailer);
      return this.#readTrailers(bytes, at, end);
    }
    section[length] = byte;
    this.#trailerBytes = length + 1;
    if (byte === LF) {
      if (length === 0 || section[length - 1] !== CR) return this.#refuse("LINE_END_BAD");
      if (length === 1 || section[length - 2] === LF) this.#endTrailers(section.subarray(0, length + 1));
    }
    return at + 1;
  }

  #endTrailers(section: Buffer): void {
    this.ended = true;
    this.#step = "end";
    if (section.length === 2) return;
    const parser = new HeadParser({ maxHeadBytes: section.length, maxFields: this.#limits.maxFields });
    const fields = parser.trailers(section, 0, section.length);
    if (!fields) this.refusal = parser.refusal ?? refusals.LINE_END_BAD;
    this.trailers = fields;
  }
}

/** The size line of a chunk of `bytes` content bytes. */
export const chunkHead = (bytes: number): string => `${bytes.toString(16)}\r\n`;

/** What follows the content of each chunk. */
export const chunkEnd = "\r\n";
