import type { Body, BodyReader, Fields } from "@mothership/kernel";

/** A body that gives what a test tells it to, when it tells it. */
export class DrivenBody implements Body {
  readonly length: number | undefined;
  /** Bytes given so far. */
  given = 0;
  /** The reader said that it waits, and has not resumed. */
  waiting = false;
  cancelled: Error | undefined;
  /** Called when the reader wants to begin, and when it goes on. */
  onWanted: (() => void) | undefined;
  #reader: BodyReader | undefined;

  constructor(length?: number) {
    this.length = length;
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
    this.onWanted?.();
  }

  resume(): void {
    if (!this.waiting) return;
    this.waiting = false;
    this.onWanted?.();
  }

  cancel(reason: Error): void {
    this.cancelled ??= reason;
  }

  give(content: Uint8Array | string): void {
    if (!this.#reader || this.waiting) throw new Error("the reader did not ask for this");
    const piece = typeof content === "string" ? Buffer.from(content) : content;
    this.given += piece.length;
    this.waiting = true;
    if (this.#reader.data(piece)) this.waiting = false;
  }

  end(trailers?: Fields): void {
    this.#reader?.end(trailers);
  }

  fail(error: Error): void {
    this.#reader?.fail(error);
  }
}

/** A body that gives `content` in pieces of `pieceBytes` as long as its reader wants more. */
export function pieceByPiece(content: Uint8Array, pieceBytes: number, length?: number): DrivenBody {
  const body = new DrivenBody(length);
  let giving = false;
  body.onWanted = () => {
    if (giving) return;
    giving = true;
    while (!body.waiting && body.given < content.length) body.give(Uint8Array.from(content.subarray(body.given, body.given + pieceBytes)));
    giving = false;
    if (!body.waiting) body.end();
  };
  return body;
}

/** A reader that keeps what it got, and waits when told to. */
export class Sink implements BodyReader {
  /** Whether the next pieces are answered with "more". */
  open: boolean;
  readonly pieces: Uint8Array[] = [];
  trailers: Fields | undefined;
  readonly done: Promise<"ended" | Error>;
  readonly #settle: (result: "ended" | Error) => void;

  constructor(open = true) {
    this.open = open;
    const { promise, resolve } = Promise.withResolvers<"ended" | Error>();
    this.done = promise;
    this.#settle = resolve;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  data(piece: Uint8Array): boolean {
    if (piece.length === 0) throw new Error("an empty piece");
    this.pieces.push(piece);
    return this.open;
  }

  end(trailers?: Fields): void {
    this.trailers = trailers;
    this.#settle("ended");
  }

  fail(error: Error): void {
    this.#settle(error);
  }
}
