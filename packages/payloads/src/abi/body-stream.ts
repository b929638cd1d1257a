import type { GuestPorts } from "../engine/ports.ts";
import { GuestFaultError } from "../errors.ts";

/** A body as a guest of http-wasm goes through it, and what it writes in its place. */
export class BodyStream {
  /** The whole body; undefined where none is held. */
  readonly held: Uint8Array | undefined;
  #read = 0;
  #written: Uint8Array[] | undefined;
  #writtenBytes = 0;

  constructor(held: Uint8Array | undefined) {
    this.held = held;
  }

  /** What was written, which takes the place of the body; undefined if nothing was. */
  get written(): Uint8Array | undefined {
    return this.#written && (this.#written.length === 1 ? this.#written[0] : Buffer.concat(this.#written));
  }

  /** Copies the next bytes of `held`; in the upper half of the result stands whether that was the end, in the lower how many there were. */
  read(held: Uint8Array, ports: GuestPorts, buffer: number, limit: number): bigint {
    const count = ports.write(buffer, limit, held, this.#read);
    this.#read += count;
    return (this.#read >= held.length ? 1n << 32n : 0n) | BigInt(count);
  }

  /** @throws {GuestFaultError} for more than `most` bytes in all. */
  write(ports: GuestPorts, pointer: number, length: number, most: number): void {
    this.#writtenBytes += length >>> 0;
    if (this.#writtenBytes > most) throw new GuestFaultError(`it writes a body of more than ${most} bytes`);
    this.#written ??= [];
    this.#written.push(ports.copy(pointer, length));
  }
}
