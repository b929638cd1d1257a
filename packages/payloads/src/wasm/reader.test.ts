import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

const reading = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes));

describe("numbers", () => {
  test.each([
    [[0x00], 0],
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0x80, 0x00], 0],
    [[0x80, 0x80, 0x80, 0x80, 0x00], 0],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
    [[0xff, 0xff, 0xff, 0xff, 0x07], 0x7fffffff],
    [[0xe5, 0x8e, 0x26], 624_485],
  ])("%j is %i without a sign", (bytes, value) => {
    expect(reading(...bytes).u32()).toBe(value);
  });

  test.each([[[0xff, 0xff, 0xff, 0xff, 0x10]], [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]], [[0xff, 0xff, 0xff, 0xff, 0x1f]]])(
    "%j has more than 32 bits",
    (bytes) => {
      expect(() => reading(...bytes).u32()).toThrowError(
        expect.objectContaining({ code: "MS_PAYLOAD_INVALID", message: expect.stringContaining("more than 32 bits") }),
      );
    },
  );

  test.each([
    [[0x40], -64],
    [[0x7f], -1],
    [[0x3f], 63],
    [[0xc0, 0x00], 64],
    [[0x80, 0x80, 0x80, 0x80, 0x00], 0],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
    [[0x80, 0x80, 0x80, 0x80, 0x70], -(2 ** 32)],
  ])("%j is %i as the type of a block", (bytes, value) => {
    expect(reading(...bytes).s33()).toBe(value);
  });

  test("end early, or go on too long, with an error", () => {
    expect(() => reading(0x80).u32()).toThrow("ends early");
    expect(() => reading(0x80, 0x80, 0x80, 0x80, 0x80).s33()).toThrow("more than 33 bits");
    expect(() => reading(0x80, 0x80).skipNumber(1)).toThrow("too long");
  });

  test("come back as they were written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (unsigned, signed) => {
        const bytes = new Writer(1).u32(unsigned).s32(signed).done();
        const reader = new Reader(bytes);
        expect(reader.u32()).toBe(unsigned);
        expect(reader.s33()).toBe(signed);
        expect(reader.done).toBe(true);
      }),
    );
  });
});

describe("parts and names", () => {
  test("a part may not reach beyond the whole", () => {
    expect(() => reading(1, 2, 3).part(4)).toThrow("ends early");
    expect(() => reading(5, 0x61).name()).toThrow("ends early");
    expect(() => reading(1, 2, 3).skip(2 ** 32)).toThrow("ends early");
  });

  test("a name is UTF-8", () => {
    expect(reading(3, 0xe2, 0x82, 0xac).name()).toBe("€");
    expect(() => reading(1, 0xff).name()).toThrow("not UTF-8");
  });
});
