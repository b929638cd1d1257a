import type { Duplex } from "node:stream";
import { FrameDecoder } from "./decode.ts";
import { encodeFrame } from "./encode.ts";
import { LinkClosedError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import type { FrameLimits } from "./limits.ts";
import { atEndOfTurn } from "./turn.ts";

/** Who uses a frame stream. */
export interface FrameListener {
  /** A frame came. A throw ends the stream like a malformed frame. */
  frame(frame: Frame): void;
  /** Everything that was written has left this process. */
  drained(): void;
  /** The other side sends nothing more. The stream can still be written to. */
  ended(): void;
  /** Bytes that are no frames, or a frame that the listener threw at. Nothing more is read; the stream can still be written to. */
  broken(error: Error): void;
  /** Called once, last: nothing is read or written any more. */
  closed(error: Error | undefined): void;
}

/** Frames both ways over one connection: what both sides of a link stand on. Owns the socket. */
export class FrameStream {
  readonly #socket: Duplex;
  readonly #limits: FrameLimits;
  readonly #decoder: FrameDecoder;
  #listener: FrameListener;
  #corked = false;
  #reading = true;
  #failure: Error | undefined;
  bytesIn = 0;
  bytesOut = 0;
  framesIn = 0;
  framesOut = 0;

  constructor(socket: Duplex, limits: FrameLimits, listener: FrameListener) {
    this.#socket = socket;
    this.#limits = limits;
    this.#listener = listener;
    this.#decoder = new FrameDecoder(limits);
    socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    socket.on("drain", () => this.#listener.drained());
    socket.on("end", () => this.#ended());
    socket.on("error", (error) => {
      this.#failure ??= error;
    });
    socket.on("close", () => this.#listener.closed(this.#failure));
  }

  /** Frames from here on are another's: the handshake hands over to what comes after it. */
  set listener(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Bytes that were written and have not left this process. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /** Encodes and writes. @throws {FrameTooLargeError} when the frame is longer than the limits allow. */
  send(frame: Frame): void {
    this.write(encodeFrame(frame, this.#limits), 1);
  }

  /** Writes bytes that complete `frames` frames. What is written in one turn of the event loop leaves in one piece. */
  write(bytes: Uint8Array, frames: number): void {
    if (!this.#socket.writable) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      atEndOfTurn(this.#uncork);
    }
    this.bytesOut += bytes.length;
    this.framesOut += frames;
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends what is written and then no more. */
  end(): void {
    this.#uncork();
    this.#socket.end();
  }

  destroy(): void {
    this.#uncork();
    this.#socket.destroy();
  }

  readonly #uncork = (): void => {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  };

  #read(chunk: Uint8Array): void {
    if (!this.#reading) return;
    this.bytesIn += chunk.length;
    try {
      this.#decoder.read(chunk, (frame) => {
        // A listener may have had enough in the middle of a chunk.
        if (!this.#reading || this.#socket.destroyed) return;
        this.framesIn++;
        this.#listener.frame(frame);
      });
    } catch (error) {
      this.#reading = false;
      this.#listener.broken(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #ended(): void {
    if (!this.#reading) return;
    this.#reading = false;
    if (this.#decoder.idle) this.#listener.ended();
    else this.#listener.broken(new LinkClosedError("The connection ended in the middle of a frame"));
  }
}
