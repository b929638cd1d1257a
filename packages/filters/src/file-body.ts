import type { FileHandle } from "node:fs/promises";
import type { Body, BodyReader } from "@mothership/kernel";
import type { ByteRange } from "./range.ts";

/** Bytes read at a time: what one slow reader holds in memory. */
const pieceBytes = 131_072;

/** Part of an open file as a body. Takes ownership of the handle: it is closed at the end, on an error, and when the body is cancelled. */
export class FileBody implements Body {
  readonly length: number;
  readonly #file: FileHandle;
  readonly #end: number;
  #at: number;
  #reader: BodyReader | undefined;
  #reading = false;
  #paused = false;
  #over = false;

  constructor(file: FileHandle, { start, end }: ByteRange) {
    this.#file = file;
    this.#at = start;
    this.#end = end;
    this.length = end - start;
  }

  read(reader: BodyReader): void {
    if (this.#over) return;
    this.#reader = reader;
    this.#next();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#next();
  }

  cancel(): void {
    this.#close();
  }

  #next(): void {
    if (this.#reading || this.#paused || this.#over) return;
    if (this.#at === this.#end) {
      this.#close();
      this.#reader?.end();
      return;
    }
    this.#reading = true;
    // The reader owns each piece, so every one gets its own memory, outside the shared pool that it would keep alive.
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, this.#end - this.#at));
    this.#file.read(piece, 0, piece.length, this.#at).then(
      ({ bytesRead }) => this.#took(piece.subarray(0, bytesRead)),
      (error: Error) => this.#fail(error),
    );
  }

  #took(piece: Buffer): void {
    this.#reading = false;
    if (this.#over) return;
    if (piece.length === 0) {
      this.#fail(new Error("the file became shorter while it was sent"));
      return;
    }
    this.#at += piece.length;
    this.#paused = this.#reader?.data(piece) === false;
    this.#next();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#close();
    this.#reader?.fail(error);
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    // Nothing was written, so that a failed close loses nothing.
    this.#file.close().catch(() => undefined);
  }
}

/** A body that is known by its length only: for answers to HEAD. */
export function unreadBody(length: number): Body {
  return {
    length,
    read: (reader) => (length === 0 ? reader.end() : reader.fail(new Error("an answer to HEAD has no content"))),
    resume: () => undefined,
    cancel: () => undefined,
  };
}
