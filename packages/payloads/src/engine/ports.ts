import { GuestFaultError } from "../errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const lenientUtf8 = new TextDecoder("utf-8");

/** Fuel for handing something over, however short, about what it takes in time. What its length costs comes on top. */
const movePrice = 100;
const decodePrice = 200;

/**
 * What the host reaches a guest by: its memory, every access checked, and its fuel.
 *
 * Pointers and lengths come as the signed numbers that the engine hands over. A length of 0 touches nothing, whatever the pointer.
 */
export class GuestPorts {
  #memory: WebAssembly.Memory | undefined;
  #fuel: WebAssembly.Global | undefined;
  #bytes = new Uint8Array(0);

  /** Until now there was nothing behind the ports. */
  attach(memory: WebAssembly.Memory, fuel: WebAssembly.Global): void {
    this.#memory = memory;
    this.#fuel = fuel;
  }

  get memoryBytes(): number {
    return this.#view().length;
  }

  get fuel(): number {
    return this.#fuel?.value ?? 0;
  }

  set fuel(units: number) {
    if (this.#fuel) this.#fuel.value = units;
  }

  /** Takes fuel for work that the host does. @throws when none is left. */
  charge(units: number): void {
    const fuel = this.#fuel;
    if (!fuel) return;
    const left = Math.max(fuel.value - Math.ceil(units), -1);
    fuel.value = left;
    if (left < 0) throw new GuestFaultError("its fuel is used up");
  }

  /** The guest's bytes themselves: to be used before the guest runs again. @throws {GuestFaultError} when they lie outside its memory. */
  view(pointer: number, length: number): Uint8Array {
    const from = pointer >>> 0;
    const count = length >>> 0;
    if (count === 0) return new Uint8Array(0);
    const bytes = this.#view();
    if (from + count > bytes.length)
      throw new GuestFaultError(`bytes ${from} to ${from + count} lie outside its memory of ${bytes.length} bytes`);
    return bytes.subarray(from, from + count);
  }

  /** A copy that outlives the call. */
  copy(pointer: number, length: number): Uint8Array {
    const view = this.view(pointer, length);
    this.charge(movePrice + view.length);
    return view.slice();
  }

  /** UTF-8 text. @throws {GuestFaultError} when it is none. */
  text(pointer: number, length: number): string {
    const view = this.view(pointer, length);
    this.charge(decodePrice + view.length * 4);
    try {
      return utf8.decode(view);
    } catch (error) {
      if (error instanceof TypeError) throw new GuestFaultError("a text is not UTF-8");
      throw error;
    }
  }

  /** UTF-8 text for people: what is none is replaced. */
  textForPeople(pointer: number, length: number): string {
    const view = this.view(pointer, length);
    this.charge(decodePrice + view.length * 4);
    return lenientUtf8.decode(view);
  }

  /** Text of one character for each byte, as header fields travel. */
  latin1(pointer: number, length: number): string {
    const view = this.view(pointer, length);
    this.charge(movePrice + view.length);
    return Buffer.from(view.buffer, view.byteOffset, view.length).toString("latin1");
  }

  /** Writes as much of `source`, from `offset`, as fits into a buffer of `length` bytes, and returns how much that was. */
  write(pointer: number, length: number, source: Uint8Array, offset = 0): number {
    const target = this.view(pointer, length);
    const count = Math.min(target.length, Math.max(0, source.length - offset));
    this.charge(movePrice + count / 8);
    target.set(source.subarray(offset, offset + count));
    return count;
  }

  /** The memory as it is now: growing moves it. */
  #view(): Uint8Array {
    const buffer = this.#memory?.buffer;
    if (buffer && this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }
}
