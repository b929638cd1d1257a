import type { Socket } from "node:net";
import { HeadReader } from "./head-reader.ts";
import { Inbox } from "./inbox.ts";
import { HeadParser, type RequestHead, type StatusHead } from "./parse-head.ts";
import { pieceReceived } from "./reclaim.ts";
import type { HeadLimits, Refusal } from "./types.ts";

/** The read side of a connection: what arrived, the heads in it, and the socket that pauses while too much waits. */
export class Intake {
  readonly inbox = new Inbox();
  readonly #socket: Socket;
  readonly #parser: HeadParser;
  readonly #reader: HeadReader;
  readonly #maxHeldBytes: number;
  #paused = false;

  constructor(socket: Socket, limits: HeadLimits & { readonly maxHeldBytes: number }, maxTargetBytes?: number) {
    this.#socket = socket;
    this.#parser = new HeadParser(limits, maxTargetBytes);
    this.#reader = new HeadReader(limits.maxHeadBytes);
    this.#maxHeldBytes = limits.maxHeldBytes;
  }

  /** Why the last attempt gave no head; undefined when only bytes are missing. */
  get refusal(): Refusal | undefined {
    return this.#parser.refusal;
  }

  /** A head has begun and its end is missing. */
  get waiting(): boolean {
    return this.#reader.waiting;
  }

  /** Nothing is there but, at most, an empty line, which may precede a request. */
  get quiet(): boolean {
    const { length, bytes, at } = this.inbox;
    return length === 0 || (length <= 2 && bytes[at] === 0x0d && (length === 1 || bytes[at + 1] === 0x0a));
  }

  /** Takes in what the socket read. */
  push(chunk: Buffer): void {
    pieceReceived(chunk.length);
    this.inbox.push(chunk);
  }

  request(): RequestHead | undefined {
    const { inbox } = this;
    return this.#reader.ready(inbox) ? this.#taken(this.#parser.request(inbox.bytes, inbox.at, inbox.end)) : undefined;
  }

  response(): StatusHead | undefined {
    const { inbox } = this;
    return this.#reader.ready(inbox) ? this.#taken(this.#parser.response(inbox.bytes, inbox.at, inbox.end)) : undefined;
  }

  /** Pauses the socket while too much waits, and resumes it after that. */
  throttle(): void {
    const tooMuch = this.inbox.length >= this.#maxHeldBytes;
    if (tooMuch === this.#paused) return;
    this.#paused = tooMuch;
    if (tooMuch) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Nothing that arrived or will arrive is wanted; the socket flows, so that its end is seen. */
  discard(): void {
    this.inbox.clear();
    this.throttle();
  }

  #taken<T>(head: T | undefined): T | undefined {
    if (head) {
      this.#reader.done();
      this.inbox.take(this.#parser.end);
    } else if (!this.#parser.refusal && !this.quiet) this.#reader.incomplete(this.inbox);
    return head;
  }
}
