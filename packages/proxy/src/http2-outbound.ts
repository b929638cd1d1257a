import type { ServerHttp2Stream } from "node:http2";
import { BodyLengthError } from "@mothership/http1";
import type { Body, BodyReader, Fields } from "@mothership/kernel";
import { trailerHeaders } from "./http2-writer.ts";

/** The exchange that an answer belongs to. */
export interface Http2OutboundHost {
  now(): number;
  /** Something is on its way, and the client may take too long for it. */
  waiting(): void;
  /** All of it was handed to the system; trailers leave a little later. */
  sent(trailers: boolean): void;
  /** It will never be complete. */
  failed(reason: Error): void;
}

/** So much is handed to the stream at a time: a client that takes this much within the stall time is slow, and no more than slow. */
const sliceBytes = 32_768;
/** So much may wait behind it; then the source is asked to wait. */
const maxQueuedBytes = 65_536;

/** The content of one answer on its way into a stream. */
export class Http2Outbound implements BodyReader {
  /** Content bytes that the source has given. */
  bytes = 0;
  readonly #stream: ServerHttp2Stream;
  readonly #source: Body;
  /** Bytes that were announced; undefined where nobody knows. */
  readonly #length: number | undefined;
  readonly #host: Http2OutboundHost;
  /** Pieces that the stream has not been given, and how far into the first of them it has come. */
  #queue: Uint8Array[] = [];
  #queued = 0;
  #offset = 0;
  #sourceWaits = false;
  /** Nothing is to come behind what is queued. */
  #last = false;
  /** The stream works on a slice. */
  #writing = false;
  #wroteAt = 0;
  #stopped = false;
  /** The stream was told that this is all. */
  #ended = false;
  #trailers: Fields | undefined;

  constructor(stream: ServerHttp2Stream, source: Body, length: number | undefined, host: Http2OutboundHost) {
    this.#stream = stream;
    this.#source = source;
    this.#length = length;
    this.#host = host;
  }

  /** Starts the flow. `trailers`: the stream was told to wait for some. */
  start(trailers: boolean): void {
    // The end of the content comes in no certain order with the wish for trailers, so only one of them is heard.
    if (trailers) this.#stream.once("wantTrailers", this.#onWantTrailers);
    else this.#stream.once("finish", this.#onFinish);
    this.#source.read(this);
  }

  /** Nothing more is written. */
  stop(reason: Error): void {
    this.#stopped = true;
    this.#writing = false;
    this.#queue = [];
    this.#source.cancel(reason);
  }

  /** The stream has been given something that the client has not taken yet. */
  get writing(): boolean {
    return this.#writing;
  }

  /** Nothing was taken for `ms`. */
  stalled(now: number, ms: number): boolean {
    return this.#writing && now - this.#wroteAt >= ms;
  }

  data(piece: Uint8Array): boolean {
    if (this.#stopped) return false;
    if (piece.length === 0) return true;
    this.bytes += piece.length;
    if (this.#length !== undefined && this.bytes > this.#length) {
      this.#host.failed(new BodyLengthError(this.#length, this.bytes));
      return false;
    }
    this.#queue.push(piece);
    this.#queued += piece.length;
    // Known before it is written, so that the frame with the last byte can say that it is the last.
    this.#last = this.bytes === this.#length;
    if (!this.#writing) this.#write();
    this.#sourceWaits = this.#queued >= maxQueuedBytes;
    return !this.#sourceWaits;
  }

  end(trailers?: Fields): void {
    if (this.#stopped || this.#last) return;
    if (this.#length !== undefined && this.bytes < this.#length) {
      this.#host.failed(new BodyLengthError(this.#length, this.bytes));
      return;
    }
    this.#trailers = trailers;
    this.#last = true;
    if (!this.#writing) this.#write();
  }

  fail(error: Error): void {
    if (!this.#stopped) this.#host.failed(error);
  }

  /** Gives the stream the next slice, or its end. */
  #write(): void {
    if (this.#queued === 0) {
      if (this.#last) this.#end();
      return;
    }
    const slice = this.#take();
    this.#wrote(true);
    if (this.#last && this.#queued === 0) this.#end(slice);
    else this.#stream.write(slice, this.#onWritten);
  }

  #end(slice?: Uint8Array): void {
    this.#ended = true;
    this.#stream.end(slice);
  }

  /** The next bytes of the queue: a part of a large piece, or small pieces in one. */
  #take(): Uint8Array {
    const first = this.#queue[0]!;
    const from = this.#offset;
    const rest = first.length - from;
    if (rest > sliceBytes) {
      this.#offset += sliceBytes;
      this.#queued -= sliceBytes;
      return first.subarray(from, this.#offset);
    }
    let count = 1;
    let bytes = rest;
    for (; count < this.#queue.length && bytes + this.#queue[count]!.length <= sliceBytes; count++) bytes += this.#queue[count]!.length;
    const parts = this.#queue.splice(0, count);
    parts[0] = from === 0 ? first : first.subarray(from);
    this.#offset = 0;
    this.#queued -= bytes;
    return count === 1 ? parts[0] : Buffer.concat(parts, bytes);
  }

  /** The time that the client may take for a slice begins, or is over. */
  #wrote(writing: boolean): void {
    this.#writing = writing;
    this.#wroteAt = this.#host.now();
    if (writing) this.#host.waiting();
  }

  readonly #onWritten = (): void => {
    if (this.#stopped) return;
    this.#wrote(false);
    this.#write();
    if (!this.#sourceWaits || this.#queued >= maxQueuedBytes / 2) return;
    this.#sourceWaits = false;
    this.#source.resume();
  };

  readonly #onFinish = (): void => {
    // node:http2 ends a stream by itself that its client resets or leaves: what was sent is not all then, and `close` follows.
    if (this.#ended) this.#sent(false);
  };

  readonly #onWantTrailers = (): void => {
    if (this.#stopped) return;
    try {
      this.#stream.sendTrailers(trailerHeaders(this.#trailers));
      this.#sent(true);
    } catch (error) {
      this.#host.failed(error instanceof Error ? error : new Error(String(error)));
    }
  };

  #sent(trailers: boolean): void {
    if (this.#stopped) return;
    this.#writing = false;
    this.#host.sent(trailers);
  }
}
