import type { Socket } from "node:net";
import { joinBytes, writeJoined, writesAtOnce } from "./joined.ts";

/** The system gets no more than about so much at once: what it has taken shows only when all of it is taken. */
const writeBytes = 65_536;

/** What is to be written to one socket: pieces of text (one byte a character) and bytes, which leave together. */
export class Output {
  readonly #socket: Socket;
  readonly #atOnce: boolean;
  readonly #parts: (string | Uint8Array)[] = [];
  #bytes = 0;
  #scheduled = false;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#atOnce = writesAtOnce(socket);
  }

  /** The peer or the system is slower than we are: after `drain`, flush and look again. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Bytes that have left this process, as far as can be seen. For telling progress from a stall. */
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
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#flushLater);
    }
  }

  /** Writes what the system takes. Something is left only when `full` holds after it. */
  flush(): void {
    const socket = this.#socket;
    // The peer is gone and `close` will say so; there is nobody to write to.
    if (!socket.writable) this.#clear();
    while (this.#parts.length > 0 && !socket.writableNeedDrain) {
      // A copy is cheaper than a list of buffers for the system; more leave as a list.
      if (this.#bytes <= joinBytes) this.#writeAll();
      else this.#writeSome();
    }
  }

  #writeAll(): void {
    const parts = this.#parts;
    if (parts.length === 1) write(this.#socket, parts[0]!);
    else writeJoined(this.#socket, parts, this.#bytes, this.#atOnce);
    this.#clear();
  }

  #writeSome(): void {
    const parts = this.#parts;
    let room = writeBytes;
    let done = 0;
    this.#socket.cork();
    for (; done < parts.length && room > 0; done++) {
      const part = parts[done]!;
      if (part.length > room && typeof part !== "string") {
        write(this.#socket, part.subarray(0, room));
        parts[done] = part.subarray(room);
        this.#bytes -= room;
        break;
      }
      write(this.#socket, part);
      this.#bytes -= part.length;
      room -= part.length;
    }
    parts.splice(0, done);
    this.#socket.uncork();
  }

  #clear(): void {
    this.#parts.length = 0;
    this.#bytes = 0;
  }
}

function write(socket: Socket, part: string | Uint8Array): void {
  if (typeof part === "string") socket.write(part, "latin1");
  else socket.write(part);
}
