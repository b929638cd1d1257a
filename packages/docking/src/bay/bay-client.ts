import type { Channel } from "../channel.ts";
import { closeCodes } from "../close-codes.ts";
import { FrameTooLargeError } from "../errors.ts";
import type { BoardingFrame, HeaderPair, Reboarding } from "../frame.ts";
import { type Budget, Outbox } from "../outbox.ts";

/** What a bay says to a client that wants to board: nothing to take it as it is, or one of these. */
export type BoardingAnswer =
  | {
      /** One of the client's `protocols`. */
      readonly protocol?: string;
      /** Go into the response of the handshake. Version 2 only. */
      readonly headers?: readonly HeaderPair[];
    }
  | {
      /** An HTTP status from 300 to 599. In version 1 the client is closed with 1008 instead. */
      readonly refuse: number;
      readonly headers?: readonly HeaderPair[];
      readonly body?: string;
    };

/** What a bay does. Only `message` is needed. A handler that throws or rejects closes the client with 1011. */
export interface BayHandlers {
  /** The bay is docked; `config` is its table in the manifest. No client comes before this has resolved. Called for each link. */
  moored?(config: Readonly<Record<string, string>>): void | Promise<void>;
  /** A client wants to board, or boards again after a link was lost (then `client.reboarding` is set). */
  board?(client: BayClient): BoardingAnswer | undefined | Promise<BoardingAnswer | undefined>;
  /**
   * A message: a string for text, bytes for binary. In version 1 that is told by whether the bytes are UTF-8.
   * While what this returns is pending, the message counts against the client's window: that is the back-pressure.
   * Messages of one client come in order, but the next may come before this has resolved.
   */
  message(client: BayClient, data: string | Uint8Array): void | Promise<void>;
  /** Everything that waited for the client has gone out, after `send` had returned false. */
  writable?(client: BayClient): void;
  /** The client is gone. 1006 without a word from it; 1012 when this process hands it over to another. */
  left?(client: BayClient, code: number, reason: string): void;
  /** A handler failed, or a link was cut for breaking the protocol. Default: written to the standard error stream. */
  failed?(error: unknown, client?: BayClient): void;
}

/** What a client needs of its link. */
export interface BayClientHost {
  readonly maxMessage: number;
  readonly maxQueued: number;
  /** Shared by the clients of one link. */
  readonly budget: Budget;
  /** The bay closes the client. */
  closed(client: BayClient, code: number, reason: string): void;
}

/** One WebSocket client of the bay. */
export class BayClient {
  /** Unique among the clients of one mothership process. */
  readonly id: number;
  /** With the query. */
  readonly path: string;
  readonly remoteAddress: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The sub-protocols that the client offered. Always empty in version 1. */
  readonly protocols: readonly string[];
  /** Set when the client was boarded before: this process knows nothing of what it said then. */
  readonly reboarding: Reboarding | undefined;
  readonly #host: BayClientHost;
  readonly #outbox: Outbox;
  #channel: Channel<BayClient> | undefined;
  #open = true;
  #waited = false;

  constructor(frame: BoardingFrame, host: BayClientHost) {
    this.id = frame.connId;
    this.path = frame.path;
    this.remoteAddress = frame.remoteAddr;
    this.headers = frame.headers;
    this.protocols = frame.protocols ?? [];
    this.reboarding = frame.reboarding;
    this.#host = host;
    this.#outbox = new Outbox(host.budget);
  }

  /** False once the client has left or was closed. */
  get open(): boolean {
    return this.#open;
  }

  /** Bytes that wait for the client's credit. */
  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  /**
   * Sends text (a string) or bytes, which must not be changed afterwards. True when it went out; on false it waits, and a polite sender waits for
   * `writable` too. Too much waiting closes the client with 1013. To a client that has left nothing is sent.
   *
   * @throws {FrameTooLargeError} for a message that is longer than mothership takes.
   */
  send(data: string | Uint8Array): boolean {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (bytes.length > this.#host.maxMessage) throw new FrameTooLargeError("message", bytes.length, this.#host.maxMessage);
    if (!this.#open) return true;
    const binary = typeof data !== "string";
    if (this.#channel?.send(bytes, binary, true)) return true;
    if (!this.#channel) this.#outbox.push({ data: bytes, binary });
    this.#waited = true;
    // One message may always wait, however long it is.
    if (this.#outbox.count > 1 && this.#outbox.bytes > this.#host.maxQueued)
      this.close(closeCodes.tryAgainLater, "too much waits for this client");
    return false;
  }

  /** Closes the client. Default: 1000. What `send` was given before goes out first, unless it still waits for credit. */
  close(code = 1000, reason = ""): void {
    if (this.#open) this.#host.closed(this, code, reason);
  }

  // What follows is for the link.

  /** The client may be sent to from now on. */
  join(open: (outbox: Outbox) => Channel<BayClient>): void {
    this.#channel = open(this.#outbox);
  }

  /** True once after something had to wait. */
  emptied(): boolean {
    const waited = this.#waited;
    this.#waited = false;
    return waited;
  }

  taken(cost: number): void {
    this.#channel?.taken(cost);
  }

  leave(): void {
    this.#open = false;
    this.#channel?.close();
    this.#outbox.clear();
  }
}
