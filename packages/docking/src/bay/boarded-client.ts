import type { Channel } from "../channel.ts";
import { closeCodes } from "../close-codes.ts";
import { FrameTooLargeError } from "../errors.ts";
import type { BoardingFrame, Reboarding } from "../frame.ts";
import { type Budget, Outbox } from "../outbox.ts";
import type { BayClient } from "./handlers.ts";

/** What a client needs of its link. */
export interface BoardedClientHost {
  readonly maxMessage: number;
  readonly maxQueued: number;
  /** Shared by the clients of one link. */
  readonly budget: Budget;
  /** The bay closes the client. */
  closed(client: BoardedClient, code: number, reason: string): void;
}

/** The client as its link has it. */
export class BoardedClient implements BayClient {
  readonly id: number;
  readonly path: string;
  readonly remoteAddress: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly reboarding: Reboarding | undefined;
  readonly #host: BoardedClientHost;
  readonly #outbox: Outbox;
  #channel: Channel<BoardedClient> | undefined;
  #open = true;
  #flushed: PromiseWithResolvers<void> | undefined;
  #parting: { readonly code: number; readonly reason: string } | undefined;

  constructor(frame: BoardingFrame, host: BoardedClientHost) {
    this.id = frame.connId;
    this.path = frame.path;
    this.remoteAddress = frame.remoteAddr;
    this.headers = frame.headers;
    this.protocols = frame.protocols ?? [];
    this.reboarding = frame.reboarding;
    this.#host = host;
    this.#outbox = new Outbox(host.budget);
  }

  get open(): boolean {
    return this.#open;
  }

  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  send(data: string | Uint8Array): boolean {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (bytes.length > this.#host.maxMessage) throw new FrameTooLargeError("message", bytes.length, this.#host.maxMessage);
    if (!this.#open) return true;
    const binary = typeof data !== "string";
    if (this.#channel?.send(bytes, binary, true)) return true;
    if (!this.#channel) this.#outbox.push({ data: bytes, binary });
    // One message may always wait, however long it is.
    if (this.#outbox.count > 1 && this.#outbox.bytes > this.#host.maxQueued)
      this.#host.closed(this, closeCodes.tryAgainLater, "too much waits for this client");
    return false;
  }

  flushed(): Promise<void> {
    if (this.#outbox.empty) return Promise.resolve();
    this.#flushed ??= Promise.withResolvers();
    return this.#flushed.promise;
  }

  close(code = 1000, reason = ""): void {
    if (!this.#open) return;
    this.#open = false;
    this.#parting = { code, reason };
    if (this.#outbox.empty || !this.#channel) this.emptied();
  }

  // What follows is for the link.

  /** The client may be sent to from now on. */
  join(open: (outbox: Outbox) => Channel<BoardedClient>): void {
    this.#channel = open(this.#outbox);
  }

  /** Nothing waits any more. */
  emptied(): void {
    const parting = this.#parting;
    this.#parting = undefined;
    this.#flushed?.resolve();
    this.#flushed = undefined;
    if (parting) this.#host.closed(this, parting.code, parting.reason);
  }

  taken(cost: number): void {
    this.#channel?.taken(cost);
  }

  leave(): void {
    this.#open = false;
    this.#parting = undefined;
    this.#channel?.close();
    this.#outbox.clear();
    this.emptied();
  }
}
