import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** As much of a socket as a connection uses, without a system behind it: everything happens within the call. For many short connections. */
class MemorySocket extends EventEmitter {
  writable = true;
  destroyed = false;
  readonly writableNeedDrain = false;
  readonly writableLength = 0;
  writableFinished = false;
  bytesWritten = 0;
  written = "";
  #paused = false;

  write(data: string | Uint8Array): boolean {
    this.written += typeof data === "string" ? data : Buffer.from(data).toString("latin1");
    this.bytesWritten += data.length;
    return true;
  }

  end(): void {
    this.writable = false;
    this.writableFinished = true;
    this.emit("finish");
  }

  destroy(): void {
    this.destroyed = true;
    this.writable = false;
    this.emit("close");
  }

  resetAndDestroy(): void {
    this.destroy();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  isPaused(): boolean {
    return this.#paused;
  }

  setNoDelay(): void {}
  cork(): void {}
  uncork(): void {}
}

export interface Memory {
  readonly socket: Socket;
  /** All that was written to the peer. */
  readonly written: string;
  /** Bytes of the peer. */
  send(bytes: Buffer): void;
  end(): void;
  close(): void;
}

export function memory(): Memory {
  const socket = new MemorySocket();
  return {
    socket: socket as unknown as Socket, // what the connection uses is there, see above
    get written() {
      return socket.written;
    },
    send: (bytes) => socket.emit("data", bytes),
    end: () => socket.emit("end"),
    close: () => socket.destroy(),
  };
}
