import { Writer } from "../../src/wasm/writer.ts";

export const header = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** A module of sections given as their numbers and contents. */
export function moduleOf(...sections: readonly (readonly [id: number, content: readonly number[]])[]): Uint8Array<ArrayBuffer> {
  const out = new Writer().copy(header);
  for (const [id, content] of sections) out.section(id, Uint8Array.from(content));
  return out.done().slice();
}

/** A module with one function of type [] -> [], and all that an instruction can refer to at index 0. */
export function around(instructions: readonly number[], end: readonly number[] = [0x0b]): Uint8Array<ArrayBuffer> {
  const body = [1, 1, 0x7f, ...instructions, ...end];
  return moduleOf(
    [1, [1, 0x60, 0, 0]],
    [3, [1, 0]],
    [4, [1, 0x70, 0, 1]],
    [5, [1, 0, 1]],
    [6, [1, 0x7f, 1, 0x41, 0, 0x0b]],
    [7, [1, 1, 0x66, 0, 0]],
    [9, [1, 0, 0x41, 0, 0x0b, 1, 0]],
    [12, [1]],
    [10, [1, ...leb(body.length), ...body]],
    [11, [1, 1, 0]],
  );
}

export function leb(value: number): number[] {
  return [...new Writer().u32(value).done()];
}
