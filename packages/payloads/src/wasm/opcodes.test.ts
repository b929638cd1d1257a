import { describe, expect, test } from "vitest";
import { around, leb } from "../../test/support/bytes.ts";
import { PayloadRefusedError } from "../errors.ts";
import { meter } from "./meter.ts";
import { type Immediates, instructionOf, isPrefix, op, skipImmediates } from "./opcodes.ts";
import { Reader } from "./reader.ts";

/** For each kind of immediates: a plain form, then forms that are longer, or look like something else when cut wrongly. */
const forms: Record<Immediates, readonly (readonly number[])[]> = {
  none: [[]],
  block: [[0x40], [0x7f], [0x80, 0x80, 0x80, 0x80, 0x00]],
  index: [[0], [0x80, 0x00], [0x80, 0x80, 0x80, 0x80, 0x00]],
  indices: [
    [0, 0],
    [0x80, 0x00, 0x80, 0x80, 0x00],
  ],
  branches: [
    [0, 0],
    [3, 0, 0x80, 0x00, 0, 0],
    [0x81, 0x00, 0, 0],
  ],
  memory: [
    [0, 0],
    [0, 0x8b, 0x96, 0x2c],
    [0x40, 0, 0x0b],
    [0x80, 0x00, 0x0b],
    [0xc0, 0x00, 0x80, 0x00, 0x0b],
  ],
  memoryAndLane: [
    [0, 0, 0],
    [0x40, 0, 0x0b, 1],
  ],
  lane: [[0], [1]],
  s32: [[0], [0x0b], [0x8b, 0x0b], [0xff, 0xff, 0xff, 0xff, 0x7f], [0x80, 0x80, 0x80, 0x80, 0x78]],
  s64: [[0], [0x0b], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  bytes4: [[0x0b, 0x0b, 0x0b, 0x0b]],
  bytes8: [[0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b]],
  bytes16: [Array.from({ length: 16 }, () => 0x0b)],
  types: [
    [1, 0x7f],
    [1, 0x7b],
    [0x81, 0x00, 0x70],
  ],
  heapType: [[0x70], [0x6f]],
};

/** Every opcode there could be, prefixed ones with their number. */
function* opcodes(): Iterable<readonly [code: number, sub: number]> {
  for (let code = 0; code <= 0xff; code++) {
    const subs = { [op.miscPrefix]: 0x40, [op.simdPrefix]: 0x200 }[code] ?? 1;
    for (let sub = 0; sub < subs; sub++) yield [code, sub];
  }
}

function known(code: number, sub: number): Immediates | undefined {
  try {
    return instructionOf(code, sub).immediates;
  } catch (error) {
    if (error instanceof PayloadRefusedError) return undefined;
    throw error;
  }
}

/** One instruction in a function, behind `unreachable`, where it finds any operands. */
function holding(code: number, sub: number, immediates: readonly number[]): Uint8Array<ArrayBuffer> {
  const instruction = [code, ...(isPrefix(code) ? leb(sub) : []), ...immediates];
  if (code === op.end) return around([0x00]);
  if (code === op.else) return around([0x41, 0, 0x04, 0x40, ...instruction, 0x0b]);
  if (code === op.block || code === op.loop || code === op.if) return around([0x00, ...instruction, 0x00, 0x0b, 0x00]);
  return around([0x00, ...instruction, 0x00]);
}

describe("the table of instructions", () => {
  test("holds more than four hundred", () => {
    expect([...opcodes()].filter(([code, sub]) => known(code, sub)).length).toBeGreaterThan(430);
  });

  test("has the immediates of each as the engine sees them, and each can be metered", () => {
    const accepted = new Set<string>();
    for (const [code, sub] of opcodes()) {
      const immediates = known(code, sub);
      if (!immediates) continue;
      for (const form of forms[immediates]) {
        const bytes = holding(code, sub, form);
        if (!WebAssembly.validate(bytes)) continue;
        accepted.add(`${code} ${sub}`);
        const metered = meter(bytes, { memoryBytes: 65_536 });
        expect(WebAssembly.validate(metered.bytes), `0x${code.toString(16)} ${sub} ${form}`).toBe(true);
      }
    }
    // Numbers in the SIMD range that mean nothing are left to the validator.
    const unassigned = [
      0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee,
    ];
    const neverValid = [...opcodes()].filter(([code, sub]) => known(code, sub) && !accepted.has(`${code} ${sub}`));
    expect(neverValid).toEqual(unassigned.map((sub) => [op.simdPrefix, sub]));
  });

  test("knows every instruction that the engine accepts, or refuses it by name", () => {
    for (const [code, sub] of opcodes()) {
      if (known(code, sub)) continue;
      const everyForm = Object.values(forms).flat();
      for (const form of everyForm) {
        const bytes = holding(code, sub, form);
        if (!WebAssembly.validate(bytes)) continue;
        expect(() => meter(bytes, { memoryBytes: 65_536 }), `0x${code.toString(16)} ${sub}`).toThrowError(
          expect.objectContaining({
            code: "MS_PAYLOAD_REFUSED",
            message: expect.stringContaining(`0x${code.toString(16).padStart(2, "0")}`),
          }),
        );
      }
    }
  });

  test("passes over every form of immediates to its end, and fails at every shorter one", () => {
    for (const [immediates, all] of Object.entries(forms) as [Immediates, readonly (readonly number[])[]][]) {
      for (const form of all) {
        const reader = new Reader(Uint8Array.from([...form, 0xff]));
        skipImmediates(reader, immediates);
        expect(reader.at, `${immediates} ${form}`).toBe(form.length);
        for (let length = 0; length < form.length; length++)
          expect(() => skipImmediates(new Reader(Uint8Array.from(form.slice(0, length))), immediates), immediates).toThrow("ends early");
      }
    }
  });
});
