import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pieceReceived, resetSocket } from "@mothership/http1";
import type { Clock, Tunnel } from "@mothership/kernel";

/** How a tunnel ended. */
export interface TunnelOutcome {
  /** clean: both sides finished sending. lost: one of them broke off. idle: nothing was sent for too long. aborted: from our side. */
  readonly end: "clean" | "lost" | "idle" | "aborted";
  readonly bytesFromClient: number;
  readonly bytesToClient: number;
}

/**
 * Copies bytes both ways between two connections that have left HTTP, which it owns from here on.
 *
 * 1. What either side sent behind its head goes first.
 * 2. When one side has sent all, the other is told so and may go on sending: protocols over TCP use half-closed connections.
 * 3. When one side breaks off, the other is reset, for there is nobody left to hear what it says.
 * 4. A slow side stops the other from being read; what is between them is bounded by the sockets' own buffers.
 *
 * `onEnd` is called once, when both sockets are closed or are being destroyed.
 */
export function openTunnel(
  client: Tunnel,
  upstream: Tunnel,
  idleMs: number,
  clock: Clock,
  onEnd: (outcome: TunnelOutcome) => void,
): BytePipe {
  return new BytePipe(client, upstream, idleMs, clock, onEnd);
}

class BytePipe {
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  readonly #idleMs: number;
  readonly #clock: Clock;
  readonly #onEnd: (outcome: TunnelOutcome) => void;
  #timer: Disposable | undefined;
  #lastByteAt: number;
  #fromClient = 0;
  #toClient = 0;
  #closed = 0;
  #ended = false;

  constructor(client: Tunnel, upstream: Tunnel, idleMs: number, clock: Clock, onEnd: (outcome: TunnelOutcome) => void) {
    this.#client = client.socket;
    this.#upstream = upstream.socket;
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#onEnd = onEnd;
    // Both may have been opened for HTTP, where the end of what an upstream sends is the end of the connection.
    this.#client.allowHalfOpen = true;
    this.#upstream.allowHalfOpen = true;
    this.#lastByteAt = clock.now();
    this.#watchIdle(idleMs);
    this.#copy(this.#client, this.#upstream, client.held, (bytes) => {
      this.#fromClient += bytes;
    });
    this.#copy(this.#upstream, this.#client, upstream.held, (bytes) => {
      this.#toClient += bytes;
    });
  }

  /** Breaks off both sides. */
  abort(): void {
    this.#finish("aborted");
  }

  #copy(from: Duplex, to: Duplex, held: Uint8Array, count: (bytes: number) => void): void {
    const pass = (piece: Uint8Array): boolean => {
      count(piece.length);
      pieceReceived(piece.length);
      this.#lastByteAt = this.#clock.now();
      return to.write(piece);
    };
    // A stream of HTTP/2 that its client resets ends both its sides. Of ours only we may end the one, when the other side has ended.
    const endedItself = (): boolean => from.writableEnded && !to.readableEnded;
    to.on("drain", () => from.resume());
    from.on("error", () => this.#finish("lost"));
    from.on("close", () => {
      if (!from.readableEnded || !from.writableFinished || endedItself()) this.#finish("lost");
      else if (++this.#closed === 2) this.#finish("clean");
    });
    from.on("end", () => {
      if (endedItself()) this.#finish("lost");
      else to.end();
    });
    from.on("data", (piece: Uint8Array) => {
      if (!pass(piece)) from.pause();
    });
    // Whoever hands a socket over has paused it.
    if (held.length === 0 || pass(held)) from.resume();
  }

  #watchIdle(ms: number): void {
    if (this.#idleMs <= 0) return;
    // One timer that looks when it fires, instead of one that every piece would set anew.
    this.#timer = this.#clock.timer(ms, () => {
      const left = this.#lastByteAt + this.#idleMs - this.#clock.now();
      if (left > 0) this.#watchIdle(left);
      else this.#finish("idle");
    });
  }

  #finish(end: TunnelOutcome["end"]): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
    for (const socket of [this.#client, this.#upstream]) {
      // A reset, so that the other side cannot take what it has for all there was. Over TLS or a Unix socket there is none, and it is a close.
      if (end !== "lost") socket.destroy();
      else if (socket instanceof Socket) resetSocket(socket);
      // A stream of HTTP/2 is reset with INTERNAL_ERROR. What it emits, the listeners above ignore by now.
      else socket.destroy(new Error("the other side broke off"));
    }
    this.#onEnd({ end, bytesFromClient: this.#fromClient, bytesToClient: this.#toClient });
  }
}
