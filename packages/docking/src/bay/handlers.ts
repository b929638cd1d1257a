import type { HeaderPair, Reboarding } from "../frame.ts";

/** One WebSocket client of the bay. */
export interface BayClient {
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
  /** False once the client has left or was closed. */
  readonly open: boolean;
  /** Bytes that wait for the client's credit. */
  readonly queuedBytes: number;
  /**
   * Sends text (a string) or bytes, which must not be changed afterwards. True when it went out; on false it waits for the client to take what was
   * sent before, and a polite sender awaits `flushed`. Too much waiting closes the client with 1013. To a client that has left nothing is sent.
   *
   * @throws {FrameTooLargeError} for a message that is longer than mothership takes.
   */
  send(data: string | Uint8Array): boolean;
  /**
   * Resolves when nothing waits for the client any more, or it has left. A `message` handler that returns this passes the client's own pace on to
   * it: whoever does not take answers cannot go on asking.
   */
  flushed(): Promise<void>;
  /** Closes the client. Default: 1000. What `send` was given before goes out first; what the client sends meanwhile is not heard. */
  close(code?: number, reason?: string): void;
}

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
  /** The client is gone. 1006 without a word from it; 1012 when this process hands it over to another. */
  left?(client: BayClient, code: number, reason: string): void;
  /** A handler failed, or a link was cut for breaking the protocol. Default: written to the standard error stream. */
  failed?(error: unknown, client?: BayClient): void;
}
