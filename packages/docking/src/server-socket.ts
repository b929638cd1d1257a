/**
 * The one place that knows ws from inside.
 *
 * ws completes a handshake and makes the WebSocket in one go, and writes the 101 itself. Here the 101 goes out through the exchange, so that only
 * the second half is needed: a WebSocket of the server's side over a connection that has left HTTP. ws's own server makes it with
 * `new WebSocket(null, undefined, options)` and `setSocket`; so does this file. `server-socket.test.ts` fails when a release of ws changes that.
 */
import type { Tunnel } from "@mothership/kernel";
import * as ws from "ws";
import { closeCodes, codeForClient, codeOfError, fitReason } from "./close-codes.ts";

/** What a client's WebSocket reports. */
export interface SocketListener {
  /** One whole message. The bytes may be a view of a longer buffer. */
  message(data: Buffer, binary: boolean): void;
  /** The client answered a ping. */
  pong(): void;
  /** Called once, last. 1005: the client gave no code; 1006: it left without a close frame. */
  closed(code: number, reason: string): void;
}

export interface SocketOptions {
  readonly maxMessageBytes: number;
  readonly closeMs: number;
  /** From `acceptDeflate`; undefined for none. */
  readonly deflate: Deflate | undefined;
}

/** permessage-deflate (RFC 7692) as it was agreed with one client. */
export interface Deflate {
  /** What stands in the response. */
  readonly extensions: string;
  /** ws's own object. */
  readonly agreed: object;
}

// What ws exports and uses itself, and its types leave out.
interface Inside {
  readonly WebSocket: new (address: null, protocols: undefined, options: object) => ws.WebSocket & Settable;
  readonly PerMessageDeflate: { new (options: object): { accept(offers: unknown): object }; readonly extensionName: string };
  readonly extension: { parse(header: string): Record<string, unknown>; format(extensions: object): string };
}
interface Settable {
  _protocol: string;
  _extensions: object;
  setSocket(socket: Tunnel["socket"], head: Buffer, options: object): void;
}
// Checked against the installed release by the tests.
const inside = ws as unknown as Inside;

/** Agrees on permessage-deflate if the client offered it in a form that can be met. The window sizes bound the memory of one client. */
export function acceptDeflate(offer: string, maxMessageBytes: number): Deflate | undefined {
  const { PerMessageDeflate, extension } = inside;
  if (offer === "") return undefined;
  try {
    const offers = extension.parse(offer)[PerMessageDeflate.extensionName];
    if (!offers) return undefined;
    const deflate = new PerMessageDeflate({ isServer: true, maxPayload: maxMessageBytes, serverNoContextTakeover: true });
    const agreed = deflate.accept(offers);
    return { extensions: extension.format({ [PerMessageDeflate.extensionName]: [agreed] }), agreed: deflate };
  } catch {
    // An offer that cannot be read or met is declined by leaving it out of the answer (RFC 6455, 9.1).
    return undefined;
  }
}

/** A client's connection after the handshake. Owns the tunnel. */
export class ServerSocket {
  readonly #socket: ws.WebSocket;
  readonly #tunnel: Tunnel;
  #code: number | undefined;
  #reason = "";

  constructor(tunnel: Tunnel, protocol: string, options: SocketOptions, listener: SocketListener) {
    const { maxMessageBytes, closeMs, deflate } = options;
    const settings = {
      allowSynchronousEvents: true,
      autoPong: true,
      maxPendingAutoPongs: 60,
      closeTimeout: closeMs,
      maxPayload: maxMessageBytes,
      maxFragments: 16_384,
      maxBufferedChunks: 262_144,
      skipUTF8Validation: false,
    };
    const socket = new inside.WebSocket(null, undefined, settings);
    socket._protocol = protocol;
    if (deflate) socket._extensions = { [inside.PerMessageDeflate.extensionName]: deflate.agreed };
    this.#socket = socket;
    this.#tunnel = tunnel;
    socket.on("message", (data, binary) => {
      // binaryType is "nodebuffer", so that it is always one Buffer.
      if (this.#code === undefined) listener.message(data as Buffer, binary);
    });
    socket.on("pong", () => listener.pong());
    socket.on("error", (error) => this.#end(codeOfError(error), error.message));
    socket.on("close", (code, reason) => {
      this.#end(code, reason.toString());
      listener.closed(this.#code ?? code, this.#reason);
    });
    if (tunnel.socket.closed) {
      // It will not say so a second time.
      this.#end(closeCodes.abnormal, "");
      queueMicrotask(() => listener.closed(closeCodes.abnormal, ""));
    } else {
      socket.setSocket(tunnel.socket, Buffer.from(tunnel.held), settings);
      // A connection is handed over paused, and a listener for data alone does not start one that was paused on purpose.
      tunnel.socket.resume();
    }
  }

  /** False once the connection is being closed, by whichever side. */
  get open(): boolean {
    return this.#code === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  get paused(): boolean {
    return this.#socket.isPaused;
  }

  /** Bytes that the client's connection did not take yet. */
  get backlog(): number {
    return this.#socket.bufferedAmount;
  }

  /** `done` is called when the bytes have left this process, or never will. */
  send(data: Uint8Array, binary: boolean, done: () => void): void {
    this.#socket.send(data, { binary }, done);
  }

  ping(): void {
    if (this.open) this.#socket.ping();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Begins to close with a code as a bay or this side would give it; cuts the connection if the client does not answer within `closeMs`. */
  close(code: number, reason: string): void {
    if (!this.open) return;
    this.#end(code, reason);
    // A connection that is not read cannot show the client's answer.
    if (this.#socket.isPaused) this.#socket.resume();
    const sent = codeForClient(code);
    if (sent === undefined) this.#socket.close();
    else this.#socket.close(sent, fitReason(reason));
  }

  /** Cuts the connection now; `code` is only what is reported. */
  terminate(code: number = closeCodes.abnormal, reason = ""): void {
    this.#end(code, reason);
    // What ws does itself, but ws refuses it for a connection that was gone before it got it.
    this.#tunnel.socket.destroy();
  }

  /** The first reason for the end is the one that counts. */
  #end(code: number, reason: string): void {
    if (this.#code !== undefined) return;
    this.#code = code;
    this.#reason = reason;
  }
}
