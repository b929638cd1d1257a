import type { Body, BodyReader, Fields } from "@mothership/kernel";

/**
 * A body of which what is there already is read before anybody asks, so that one can decide by it. If that was all of it, `whole` has it;
 * either way it can then be read like any other, from its beginning.
 */
export class OpenedBody implements Body, BodyReader {
  readonly length: number | undefined;
  readonly #source: Body;
  readonly #maxBytes: number;
  /** What came and was not handed on yet: at most `maxBytes` and a piece. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #opening = true;
  #complete = false;
  #reader: BodyReader | undefined;
  #finish: ((reader: BodyReader) => void) | undefined;
  #readerWaits = false;
  #sourceWaits = false;
  #delivering = false;
  #cancelled = false;

  private constructor(source: Body, maxBytes: number) {
    this.length = source.length;
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** Takes ownership of `source` and reads what it has, until that is more than `maxBytes`. */
  static of(source: Body, maxBytes: number): OpenedBody {
    const body = new OpenedBody(source, maxBytes);
    source.read(body);
    body.#opening = false;
    return body;
  }

  /** The content, if it was all there, within `maxBytes` and without trailers. Whoever takes it does not read the body. */
  get whole(): Uint8Array | undefined {
    return this.#complete && this.#bytes <= this.#maxBytes ? joined(this.#pieces) : undefined;
  }

  read(reader: BodyReader): void {
    if (this.#cancelled) return;
    this.#reader = reader;
    this.#deliver();
  }

  resume(): void {
    if (!this.#readerWaits) return;
    this.#readerWaits = false;
    this.#deliver();
  }

  cancel(reason: Error): void {
    this.#cancelled = true;
    this.#reader = undefined;
    this.#pieces = [];
    this.#source.cancel(reason);
  }

  data(piece: Uint8Array): boolean {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#deliver();
    const more = this.#opening ? this.#bytes <= this.#maxBytes : this.#pieces.length === 0 && !this.#readerWaits;
    this.#sourceWaits = !more;
    return more;
  }

  end(trailers?: Fields): void {
    this.#complete = this.#opening && trailers === undefined;
    this.#finish = (reader) => reader.end(trailers);
    this.#deliver();
  }

  fail(error: Error): void {
    this.#finish = (reader) => reader.fail(error);
    this.#deliver();
  }

  #deliver(): void {
    // A reader that resumes while a piece is being handed to it is served by the loop that does so.
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#reader && !this.#readerWaits && this.#pieces.length > 0) {
      const piece = joined(this.#pieces);
      this.#pieces = [];
      // Set before the call, for the same reason.
      this.#readerWaits = true;
      if (this.#reader.data(piece)) this.#readerWaits = false;
    }
    this.#delivering = false;
    const reader = this.#reader;
    if (!reader || this.#readerWaits) return;
    if (this.#finish) {
      this.#reader = undefined;
      this.#finish(reader);
    } else if (this.#sourceWaits) {
      this.#sourceWaits = false;
      this.#source.resume();
    }
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  return pieces.length === 1 && first ? first : Buffer.concat(pieces);
}
