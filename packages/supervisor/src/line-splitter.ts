/** One line of bytes as text, without its newline. */
export interface Piece {
  readonly text: string;
  readonly bytes: Buffer;
  /** The line goes on in the next piece. */
  readonly continued: boolean;
}

const newline = 10;

/**
 * Cuts a stream of bytes into lines. Bytes that are not UTF-8 are replaced; a carriage return before the newline is dropped.
 *
 * Holds less than `maxLineBytes` between two calls: a longer line comes out in pieces, cut between characters.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(maxLineBytes: number) {
    // A character has up to four bytes and is never cut.
    this.#maxLineBytes = Math.max(4, maxLineBytes);
  }

  /** True when the last line has no newline yet. */
  get pending(): boolean {
    return this.#heldBytes > 0;
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      this.#line(chunk.subarray(from, at), pieces);
      from = at + 1;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from), pieces);
    return pieces;
  }

  /** What is there of a line without its newline. A character that is cut off stays for later unless `final`. */
  flush(final: boolean): Piece | undefined {
    if (this.#heldBytes === 0) return undefined;
    const bytes = this.#take();
    const end = final ? bytes.length : wholeCharacters(bytes, bytes.length);
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    return end === 0 ? undefined : piece(bytes.subarray(0, end), !final);
  }

  #line(bytes: Buffer, pieces: Piece[]): void {
    let line = bytes;
    if (this.#heldBytes > 0) {
      this.#held.push(bytes);
      line = this.#take();
    }
    line = this.#cut(line, pieces);
    if (line.at(-1) === 13) line = line.subarray(0, -1);
    pieces.push(piece(line, false));
  }

  #hold(bytes: Buffer, pieces: Piece[]): void {
    const fits = this.#heldBytes + bytes.length <= this.#maxLineBytes;
    if (!fits) this.#held.push(bytes);
    this.#keep(fits ? bytes : this.#cut(this.#take(), pieces));
  }

  #cut(line: Buffer, pieces: Piece[]): Buffer {
    let rest = line;
    while (rest.length > this.#maxLineBytes) {
      const end = wholeCharacters(rest, this.#maxLineBytes);
      pieces.push(piece(rest.subarray(0, end), true));
      rest = rest.subarray(end);
    }
    return rest;
  }

  #keep(bytes: Buffer): void {
    // A copy: the chunk is a slice of a larger buffer that one short rest would keep alive.
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
  }

  #take(): Buffer {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }
}

function piece(bytes: Buffer, continued: boolean): Piece {
  return { text: bytes.toString("utf8"), bytes, continued };
}

/** The largest count up to `limit` that does not cut a character. In bytes that are no UTF-8 at all it is `limit`. */
function wholeCharacters(bytes: Buffer, limit: number): number {
  for (let back = 1; back <= 3 && back <= limit; back++) {
    const byte = bytes[limit - back]!;
    if (byte < 0x80) return limit;
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needs > back ? limit - back : limit;
    }
  }
  return limit;
}
