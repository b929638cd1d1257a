import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { around, header, leb, moduleOf } from "../../test/support/bytes.ts";
import { memoryBytes, metered } from "../../test/support/metered.ts";
import { wat } from "../../test/support/wat.ts";
import { meter, rewrite } from "./meter.ts";
import { readModule } from "./module.ts";

describe("refused features are named", () => {
  test.each([
    ["threads", "(memory 1 1 shared)"],
    ["threads", "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"],
    ["memory64", "(memory i64 1)"],
    ["exception handling", "(tag) (func)"],
    ["garbage-collected types", "(type (struct))"],
  ])("%s", (feature, text) => {
    expect(() => metered(wat(`(module ${text})`))).toThrowError(expect.objectContaining({ code: "MS_PAYLOAD_REFUSED", feature }));
  });

  test.each([
    ["in the type of a function", moduleOf([1, [2, 0x60, 0, 0, 0x60, 1, 0x63, 0, 0]])],
    ["in the type of a local", moduleOf([1, [1, 0x60, 0, 0]], [3, [1, 0]], [10, [1, 5, 1, 1, 0x63, 0x70, 0x0b]])],
    ["in the type of a block", around([0x00, 0x02, 0x63, 0x70, 0x00, 0x0b, 0x00])],
    ["in the type of a loop, where a charge is put", around([0x00, 0x03, 0x64, 0x70, 0x00, 0x0b, 0x00])],
    ["in a segment of elements", moduleOf([4, [1, 0x70, 0, 1]], [9, [1, 5, 0x63, 0x70, 1, 0xd0, 0x70, 0x0b]])],
    ["in the type of a global", moduleOf([6, [1, 0x63, 0x70, 0, 0xd0, 0x70, 0x0b]])],
    ["in a selection", around([0x00, 0x1c, 1, 0x63, 0x70, 0x1a])],
    ["in the type of a null", moduleOf([1, [1, 0x60, 0, 0]], [3, [1, 0]], [10, [1, 5, 0, 0xd0, 0, 0x1a, 0x0b]])],
  ])("typed function references %s", (_, bytes) => {
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(() => metered(bytes)).toThrowError(expect.objectContaining({ code: "MS_PAYLOAD_REFUSED" }));
  });

  test("a component", () => {
    const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
    expect(() => metered(component)).toThrowError(expect.objectContaining({ feature: "the component model" }));
  });

  test("functions with very many parameters or results, whose calls would take the engine minutes to check", () => {
    const typed = (params: number, results: number): Uint8Array<ArrayBuffer> =>
      moduleOf([
        1,
        [1, 0x60, ...leb(params), ...new Array<number>(params).fill(0x7f), ...leb(results), ...new Array<number>(results).fill(0x7f)],
      ]);
    expect(metered(typed(128, 32)).stats.functions).toBe(0);
    expect(() => metered(typed(129, 0))).toThrowError(expect.objectContaining({ feature: "a function with 129 parameters" }));
    expect(() => metered(typed(0, 33))).toThrowError(expect.objectContaining({ feature: "a function with 33 results" }));
  });

  test("very many local variables, which a small file can declare", () => {
    const body = [1, ...leb(50_000), 0x7e, 0x0b];
    const withFunctions = (count: number): Uint8Array<ArrayBuffer> =>
      moduleOf(
        [1, [1, 0x60, 0, 0]],
        [3, [...leb(count), ...new Array<number>(count).fill(0)]],
        [10, [...leb(count), ...Array.from({ length: count }, () => [body.length, ...body]).flat()]],
      );
    expect(metered(withFunctions(20)).stats.functions).toBe(20);
    expect(() => metered(withFunctions(21))).toThrowError(expect.objectContaining({ feature: "very many local variables" }));
  });

  test("a section that nobody knows yet", () => {
    expect(() => metered(moduleOf([42, [0]]))).toThrowError(expect.objectContaining({ feature: "a section unknown here" }));
  });
});

describe("as an attacker", () => {
  /** Writes to the global one past the last, which is where the counter is put. */
  const refill = [0x41, ...[0xff, 0xff, 0xff, 0xff, 0x03], 0x24, 1];

  test("naming the counter's index before it exists is refused, though the rewritten module would be valid", () => {
    const bytes = around(refill);
    expect(WebAssembly.validate(rewrite(readModule(bytes), { memoryBytes }).bytes)).toBe(true);
    expect(() => metered(bytes)).toThrowError(
      expect.objectContaining({ code: "MS_PAYLOAD_INVALID", message: expect.stringMatching(/global/) }),
    );
  });

  test("naming the index of the local that holds a length is refused", () => {
    // Local 0 is declared, local 1 is ours.
    const fill = [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0];
    const bytes = around([...fill, 0x20, 1, 0x1a]);
    expect(WebAssembly.validate(rewrite(readModule(bytes), { memoryBytes }).bytes)).toBe(true);
    expect(() => metered(bytes)).toThrowError(expect.objectContaining({ code: "MS_PAYLOAD_INVALID" }));
  });

  test("exporting the global one past the last is refused", () => {
    const bytes = moduleOf([6, [1, 0x7f, 1, 0x41, 0, 0x0b]], [7, [1, 1, 0x61, 3, 1]]);
    expect(() => metered(bytes)).toThrowError(expect.objectContaining({ code: "MS_PAYLOAD_INVALID" }));
  });
});

const rich = wat(`(module (type $t (func (param i32) (result i32 i32))) (import "m" "h" (func $h (param i32)))
  (memory (export "memory") 1 2) (table 2 funcref) (global $g (mut i32) (i32.const 5)) (start $s) (elem (i32.const 0) $s $s)
  (data $d "abc") (data (i32.const 8) "def")
  (func $s) (func (export "f") (type $t) (local i64) (loop $l (br_if $l (i32.const 0))) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
    (block (result i32) (br_table 0 0 (i32.const 1) (local.get 0))) (call $h (i32.const 1)) (global.get $g)))`);

/** What a damaged module may do: be refused with a code, or, if the engine finds it valid, be metered into a valid one. */
function holdsUp(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const result = meter(bytes, { memoryBytes });
    return WebAssembly.validate(result.bytes);
  } catch (error) {
    return /^MS_PAYLOAD_(INVALID|REFUSED)$/.test((error as { code?: string }).code ?? "");
  }
}

/** The same for the rewriter alone, which in life only sees what the engine has found valid. */
function rewriterHoldsUp(bytes: Uint8Array): boolean {
  try {
    rewrite(readModule(bytes), { memoryBytes });
    return true;
  } catch (error) {
    return /^MS_PAYLOAD_(INVALID|REFUSED)$/.test((error as { code?: string }).code ?? "");
  }
}

test("what the engine says of an invalid module is repeated without anything that a terminal would obey", () => {
  const names = [4, ...Buffer.from("name"), 1, 8, 1, 0, 5, 0x1b, ...Buffer.from("[2J"), 0x07];
  const bytes = moduleOf([1, [1, 0x60, 0, 0]], [3, [1, 0]], [10, [1, 3, 0, 0x1a, 0x0b]], [0, names]);
  expect(() => metered(bytes)).toThrowError(expect.objectContaining({ message: expect.stringMatching(/^[\x20-\x7e]*$/) }));
  expect(() => metered(bytes)).toThrowError(/not enough arguments/);
});

describe("damaged modules", () => {
  test("cut off anywhere", () => {
    for (let length = 0; length < rich.length; length++) {
      const bytes = rich.slice(0, length);
      expect([holdsUp(bytes), rewriterHoldsUp(bytes)], `${length} bytes`).toEqual([true, true]);
      // A prefix that ends between two sections may be valid.
      if (!WebAssembly.validate(bytes)) expect(() => meter(bytes, { memoryBytes })).toThrow();
    }
    expect(holdsUp(rich)).toBe(true);
  });

  test("with any byte changed to any other", () => {
    for (let at = 0; at < rich.length; at++) {
      for (const value of [0x00, 0x01, 0x0b, 0x40, 0x7f, 0x80, 0xfc, 0xff, rich[at]! ^ 0x80]) {
        const bytes = rich.slice();
        bytes[at] = value;
        expect([holdsUp(bytes), rewriterHoldsUp(bytes)], `byte ${at} is ${value}`).toEqual([true, true]);
      }
    }
  });

  test("whose sections lie about their size", () => {
    for (const { from, to } of readModule(rich).sections) {
      const size = to - from;
      for (const claimed of [0, size - 1, size + 1, size + 1000, 2 ** 31, 2 ** 32 - 1]) {
        const bytes = Uint8Array.from([...rich.slice(0, from - 1), ...leb(claimed), ...rich.slice(from)]);
        expect(() => meter(bytes, { memoryBytes }), `${from}: ${claimed}`).toThrowError(
          expect.objectContaining({ code: expect.stringMatching(/^MS_PAYLOAD_/) }),
        );
        expect(rewriterHoldsUp(bytes)).toBe(true);
      }
    }
  });

  test("that claim counts beyond all bounds", () => {
    const most = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11]) expect(holdsUp(moduleOf([id, most])), `section ${id}`).toBe(true);
    const localsBeyondCount = [1, ...leb(8), 1, ...most, 0x7f, 0x0b];
    expect(holdsUp(moduleOf([1, [1, 0x60, 0, 0]], [3, [1, 0]], [10, localsBeyondCount]))).toBe(true);
  });

  test("of random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        const bytes = Uint8Array.from([...header, ...random]);
        expect([holdsUp(bytes), rewriterHoldsUp(bytes)]).toEqual([true, true]);
      }),
      { numRuns: 2000 },
    );
  });
});

test("numbers in their longest form are read like short ones", () => {
  // Counts, sizes and indices all with five bytes.
  const long = (value: number): number[] => [value | 0x80, 0x80, 0x80, 0x80, 0x00];
  const sectionOf = (id: number, content: number[]): number[] => [id, ...long(content.length), ...content];
  const body = [...long(1), ...long(2), 0x7f, 0x20, ...long(1), 0x1a, 0x0b];
  const bytes = Uint8Array.from([
    ...header,
    ...sectionOf(1, [...long(1), 0x60, ...long(0), ...long(0)]),
    ...sectionOf(3, [...long(1), ...long(0)]),
    ...sectionOf(5, [...long(1), 0, ...long(1)]),
    ...sectionOf(7, [...long(1), ...long(1), 0x66, 0, ...long(0)]),
    ...sectionOf(10, [...long(1), ...long(body.length), ...body]),
  ]);
  expect(metered(bytes).open().cost().used).toBe(4);
});

test("a module of megabytes takes time in proportion to its size", () => {
  const large = (functions: number): Uint8Array<ArrayBuffer> => {
    const body = `(func (param i32) (result i32) ${"(loop $l (br_if $l (i32.eqz (local.get 0)))) (local.set 0 (i32.add (local.get 0) (i32.load (local.get 0))))".repeat(40)} (local.get 0))`;
    return wat(`(module (memory 1) ${body.repeat(functions)})`);
  };
  const time = (bytes: Uint8Array<ArrayBuffer>): number => {
    const module = readModule(bytes);
    const before = performance.now();
    rewrite(module, { memoryBytes });
    return performance.now() - before;
  };
  const small = large(100);
  const [least = 0] = Array.from({ length: 5 }, () => time(small)).toSorted((a, b) => a - b);
  const many = moduleTimes(small, 16);
  expect(many.length).toBeGreaterThan(1_000_000);
  const [most = 0] = Array.from({ length: 5 }, () => time(many)).toSorted((a, b) => a - b);
  // Sixteen times as much: far from its square even on a machine that does other things meanwhile.
  expect(most).toBeLessThan(Math.max(least, 1) * 16 * 6);
  expect(most).toBeLessThan(3000);
});

/** The functions of a module, so many times over. */
function moduleTimes(bytes: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  const sections = readModule(bytes).sections.filter(({ id }) => id !== 0);
  return moduleOf(
    ...sections.map(({ id, from, to }): [number, number[]] => {
      if (id !== 3 && id !== 10) return [id, [...bytes.subarray(from, to)]];
      const rest = [...bytes.subarray(from + 1, to)];
      return [id, [...leb(100 * times), ...Array.from({ length: times }, () => rest).flat()]];
    }),
  );
}
