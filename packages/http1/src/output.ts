import type { Socket } from "node:net";

/** Up to so many bytes are copied into one buffer, which is cheaper than a list of buffers for the system; more leave as a list. */
const joinBytes = 32_768;

/** What is to be written to one socket in this turn: pieces of text (one byte a character) and bytes that leave together. */
export class Output {
  readonly #socket: Socket;
  readonly #parts: (string | Uint8Array)[] = [];
  #bytes = 0;
  #scheduled = false;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The peer or the system is slower than we are: wait for `drain`. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Content bytes and text that have left this process, as far as can be seen. For telling progress from a stall. */
  get dispatched(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  push(part: string | Uint8Array): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }

  /** Writes at the end of this turn, so that pieces of one turn leave together; at once when they are many. */
  flushSoon(): void {
    if (this.#bytes >= joinBytes) {
      this.flush();
      return;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#flushLater);
  }

  flush(): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    const socket = this.#socket;
    if (!socket.writable) {
      // The peer is gone and `close` will say so; there is nobody to write to.
    } else if (parts.length === 1) write(socket, parts[0]!);
    else if (this.#bytes <= joinBytes) socket.write(join(parts, this.#bytes));
    else {
      socket.cork();
      for (const part of parts) write(socket, part);
      socket.uncork();
    }
    parts.length = 0;
    this.#bytes = 0;
  }
}

function write(socket: Socket, part: string | Uint8Array): void {
  if (typeof part === "string") socket.write(part, "latin1");
  else socket.write(part);
}

function join(parts: readonly (string | Uint8Array)[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "string") whole.write(part, at, "latin1");
    else whole.set(part, at);
    at += part.length;
  }
  return whole;
}
