import type { Body, BodyReader, Fields } from "@mothership/kernel";

/**
 * A body that passes on another one and keeps a copy. `whole` gets the copy when the end came, without trailers and within `maxBytes`;
 * else it is not called.
 */
export class CopiedBody implements Body, BodyReader {
  readonly length: number | undefined;
  readonly #source: Body;
  readonly #maxBytes: number;
  readonly #whole: (bytes: Uint8Array) => void;
  #reader: BodyReader | undefined;
  #pieces: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(source: Body, maxBytes: number, whole: (bytes: Uint8Array) => void) {
    this.length = source.length;
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#whole = whole;
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
    this.#source.read(this);
  }

  resume(): void {
    this.#source.resume();
  }

  cancel(reason: Error): void {
    this.#source.cancel(reason);
  }

  data(piece: Uint8Array): boolean {
    this.#bytes += piece.length;
    // A copy, because the piece belongs to the reader from now on.
    if (this.#bytes <= this.#maxBytes) this.#pieces?.push(Uint8Array.from(piece));
    else this.#pieces = undefined;
    return this.#reader?.data(piece) ?? false;
  }

  end(trailers?: Fields): void {
    if (this.#pieces && !trailers) this.#whole(Buffer.concat(this.#pieces));
    this.#reader?.end(trailers);
  }

  fail(error: Error): void {
    this.#reader?.fail(error);
  }
}
