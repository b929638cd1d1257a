import { type Body, type BodyReader, type Clock, type Fields, messageOf } from "@mothership/kernel";
import { type Coding, type Compressor, flushCompressor, openCompressor } from "./codings.ts";

/** Bytes that wait for the compressor before the source is asked to. */
const maxPendingBytes = 65_536;
/** A source that gave nothing for so long pauses: what it gave so far goes out. Short against what a person notices. */
const flushAfterMs = 10;

/** How one body is compressed. */
export interface Compression {
  readonly coding: Coding;
  /** The content is a stream of events: each piece goes out at once. */
  readonly live: boolean;
  readonly clock: Clock;
  /** Called once, when the stream of node:zlib is gone. */
  readonly onClosed: () => void;
}

/**
 * A body in a content coding, compressed in another thread while it passes. Takes ownership of the source.
 *
 * 1. A piece that comes is given to the compressor; when too much waits there, the source waits.
 * 2. What comes out goes to the reader; when the reader waits, the compressor does, and so in the end the source.
 * 3. When everything was compressed and nothing new comes for a moment, what is still inside is flushed.
 * 4. At the end, on an error and when the reader leaves, the compressor is gone.
 */
export class CompressedBody implements Body, BodyReader {
  readonly length = undefined;
  readonly #source: Body;
  readonly #how: Compression;
  #reader: BodyReader | undefined;
  #compressor: Compressor | undefined;
  #pendingBytes = 0;
  #sourceWaits = false;
  #resumed = 0;
  #ended = false;
  #trailers: Fields | undefined;
  #flush: Disposable | undefined;
  #over = false;

  constructor(source: Body, how: Compression) {
    this.#source = source;
    this.#how = how;
  }

  read(reader: BodyReader): void {
    if (this.#over) return;
    this.#reader = reader;
    const compressor = this.#open();
    if (!compressor) return;
    compressor.on("data", (piece: Buffer) => {
      // A reader may say that it waits, and have resumed before it said so.
      const resumed = this.#resumed;
      if (!reader.data(piece) && this.#resumed === resumed) compressor.pause();
    });
    compressor.on("end", () => {
      this.#close();
      reader.end(this.#trailers);
    });
    compressor.on("error", (error) => this.#giveUp(error));
    this.#source.read(this);
  }

  resume(): void {
    this.#resumed++;
    this.#compressor?.resume();
  }

  cancel(reason: Error): void {
    if (this.#over) return;
    this.#close();
    this.#source.cancel(reason);
  }

  data(piece: Uint8Array): boolean {
    if (this.#over) return false;
    this.#stopFlush();
    this.#pendingBytes += piece.length;
    this.#sourceWaits = this.#pendingBytes > maxPendingBytes;
    this.#compressor?.write(piece, () => this.#taken(piece.length));
    return !this.#sourceWaits;
  }

  end(trailers?: Fields): void {
    if (this.#over) return;
    this.#stopFlush();
    this.#ended = true;
    this.#trailers = trailers;
    this.#compressor?.end();
  }

  fail(error: Error): void {
    if (this.#over) return;
    this.#close();
    this.#reader?.fail(error);
  }

  #open(): Compressor | undefined {
    try {
      this.#compressor = openCompressor(this.#how.coding, this.#how.live);
    } catch (error) {
      // There is no memory for it. The head is out and promises this coding, so that the plain content is no way out.
      this.#giveUp(error instanceof Error ? error : new Error(messageOf(error)));
    }
    return this.#compressor;
  }

  #giveUp(error: Error): void {
    this.#source.cancel(error);
    this.fail(error);
  }

  /** The compressor has worked through a piece. */
  #taken(bytes: number): void {
    if (this.#over) return;
    this.#pendingBytes -= bytes;
    if (this.#sourceWaits && this.#pendingBytes <= maxPendingBytes) {
      this.#sourceWaits = false;
      this.#source.resume();
    }
    this.#flushSoon();
  }

  /** If there is nothing left to do. A source that was resumed may have given more by now, or ended, or failed. */
  #flushSoon(): void {
    if (this.#pendingBytes > 0 || this.#ended || this.#over || this.#how.live) return;
    this.#flush = this.#how.clock.timer(flushAfterMs, () => {
      this.#flush = undefined;
      if (this.#compressor) flushCompressor(this.#compressor, this.#how.coding);
    });
  }

  #stopFlush(): void {
    this.#flush?.[Symbol.dispose]();
    this.#flush = undefined;
  }

  #close(): void {
    this.#over = true;
    this.#stopFlush();
    this.#compressor?.destroy();
    this.#compressor = undefined;
    this.#how.onClosed();
  }
}
