import { describe, expect, test } from "vitest";
import { moduleOf } from "../../test/support/bytes.ts";
import { generateModule } from "../../test/support/generate-module.ts";
import { memoryBytes, metered } from "../../test/support/metered.ts";
import { wat } from "../../test/support/wat.ts";
import { meterBody } from "./body.ts";
import { fuelExport, meter, startExport } from "./meter.ts";
import { readModule } from "./module.ts";
import { op, prices } from "./opcodes.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

describe("metering", () => {
  test("counts what runs: the function once, a loop each time round", () => {
    const { open, stats } = metered(
      wat(`(module (func (export "f") (param i32) (result i32) (local $i i32)
        (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $again (i32.lt_u (local.get $i) (local.get 0))))
        (local.get $i)))`),
    );
    const { cost } = open();
    const once = cost(1).used;
    expect(cost(1001)).toEqual({ used: once + 1000 * 10, result: 1001 });
    expect(stats).toEqual({ functions: 1, loops: 1, dearestRegion: 10 });
  });

  test("ends an endless loop, and the counter tells why", () => {
    const { exports, fuel } = metered(wat(`(module (func (export "f") (loop $l (br $l))))`)).open();
    fuel.value = 1000;
    expect(exports["f"] as () => void).toThrow(WebAssembly.RuntimeError);
    expect(fuel.value).toBeLessThan(0);
  });

  test("begins without fuel, so that nothing runs before the host allows it", () => {
    const { exports } = metered(wat(`(module (func (export "f")))`)).open();
    expect(exports["f"] as () => void).toThrow(WebAssembly.RuntimeError);
  });

  test.each([
    ["division", "(drop (i32.div_u (i32.const 1) (i32.const 1)))", 3 + prices.division],
    ["a load", "(drop (i32.load (i32.const 0)))", 2 + prices.memoryAccess],
    ["a store", "(i64.store (i32.const 0) (i64.const 0))", 2 + prices.memoryAccess],
    ["a load of a lane", "(drop (v128.load8_lane 0 (i32.const 0) (v128.const i64x2 0 0)))", 3 + prices.memoryAccess],
    ["growing memory", "(drop (memory.grow (i32.const 0)))", 3 + prices.grow],
    ["growing a table", "(drop (table.grow (ref.null func) (i32.const 1)))", 4 + prices.grow + 16],
    ["filling memory", "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))", 4 + prices.bulk + 65_536 / 8],
    ["copying memory", "(memory.copy (i32.const 0) (i32.const 0) (i32.const 800))", 4 + prices.bulk + 100],
    ["filling a table", "(table.fill (i32.const 0) (ref.null func) (i32.const 10))", 4 + prices.bulk + 160],
    ["dropping data", "(data.drop 0)", 1 + prices.bulk],
    ["dropping elements", "(elem.drop 0)", 1 + prices.bulk],
    ["the size of a table", "(drop (table.size))", 2],
    ["growing memory where it is not reached", "(if (i32.const 0) (then (drop (memory.grow (i32.const 0)))))", 6],
    ["an indirect call", "(call_indirect (i32.const 0))", 1 + prices.indirectCall + 1],
    ["a call", "(call $nothing)", prices.call + 1],
    ["a branch with one value", "(drop (block (result i32) (br 0 (i32.const 1))))", 5],
    ["a block with three parameters", "(i32.const 1) (i32.const 1) (i32.const 1) (block (param i32 i32 i32) drop drop drop)", 8 + 3],
    ["a branch with three", "(block (result i32 i32 i32) (br 0 (i32.const 1) (i32.const 1) (i32.const 1))) drop drop drop", 9 + 3 + 3],
  ])("takes the price of %s", (_, code, price) => {
    const bytes = wat(
      `(module (memory 1) (table 10 20 funcref) (elem (i32.const 0) $nothing) (data "x") (func $nothing) (func (export "f") ${code}))`,
    );
    // One for the end of the function.
    expect(metered(bytes).open().cost().used).toBe(price + 1);
  });

  test("takes the price of a length that is negative as if it were unsigned, before anything happens", () => {
    const bytes = wat(`(module (memory 1) (func (export "f") (memory.fill (i32.const 0) (i32.const 0) (i32.const -1))))`);
    const { exports, fuel } = metered(bytes).open();
    fuel.value = 2 ** 29 + 100;
    expect(exports["f"] as () => void).toThrow("memory access out of bounds");
    expect(fuel.value).toBeLessThan(100);
  });

  test("takes for locals what it costs to set them to zero", () => {
    const { cost } = metered(wat(`(module (func (export "f") (local ${"i64 ".repeat(40_000)})))`)).open();
    expect(cost().used).toBe(10_001);
  });

  test("takes the price of an import for a call of one, and for every indirect call where a table may hold one", () => {
    const direct = wat(`(module (import "m" "h" (func $h)) (func (export "f") (call $h)))`);
    const table = (element: string): Uint8Array<ArrayBuffer> =>
      wat(
        `(module (import "m" "h" (func $h)) (table 1 funcref) (elem (i32.const 0) ${element}) (func $own) (func (export "f") (call_indirect (i32.const 0))))`,
      );
    const used = (bytes: Uint8Array<ArrayBuffer>): number =>
      metered(bytes)
        .open({ m: { h: () => undefined } })
        .cost().used;
    expect(used(direct)).toBe(prices.importCall + 1);
    expect(used(table("$h"))).toBe(1 + prices.indirectCall + prices.importCall);
    expect(used(table("funcref (ref.func $h)"))).toBe(1 + prices.indirectCall + prices.importCall);
    expect(used(table("$own"))).toBe(1 + prices.indirectCall + 2);
  });

  test("never lets a region be entered whose price is beyond all budgets", () => {
    // Longer than the engine takes; the price has to be right all the same. Each `return` moves a thousand values.
    const type = { params: [], results: new Array<number>(1000).fill(0x7f) };
    const body = new Writer().u32(0).copy(new Uint8Array(3_000_000).fill(op.return)).byte(op.end);
    const out = new Writer();
    const stats = { functions: 0, loops: 0, dearestRegion: 0 };
    meterBody(readModule(moduleOf()), type, new Reader(body.done()), 0, out, stats);
    expect(stats.dearestRegion).toBeGreaterThan(2 ** 31);
    const charge = new Reader(out.done(), 1);
    expect([charge.byte(), charge.u32(), charge.byte(), charge.s33(), charge.byte()]).toEqual([
      op.globalGet,
      0,
      op.i32Const,
      2 ** 31 - 1,
      op.i32Sub,
    ]);
  });

  test("gives the same bytes for the same bytes, and leaves the original alone", () => {
    const bytes = generateModule(1);
    const copy = bytes.slice();
    expect(meter(bytes, { memoryBytes }).bytes).toEqual(meter(bytes, { memoryBytes }).bytes);
    expect(bytes).toEqual(copy);
  });
});

describe("what the module keeps and loses", () => {
  test("the start function waits for the host", () => {
    const { open } = metered(wat(`(module (import "m" "h" (func $h)) (func $s (call $h)) (start $s))`));
    let calls = 0;
    const { exports, fuel } = open({ m: { h: () => calls++ } });
    expect(calls).toBe(0);
    fuel.value = 1000;
    (exports[startExport] as () => void)();
    expect(calls).toBe(1);
  });

  test("custom sections go, but for the names", () => {
    const note = [4, ...Buffer.from("note"), 1, 2];
    const bytes = moduleOf([0, note], [1, [1, 0x60, 0, 0]], [0, note], [3, [1, 0]], [10, [1, 2, 0, 0x0b]], [0, note]);
    const { module } = metered(bytes);
    expect(WebAssembly.Module.customSections(module, "note")).toEqual([]);
    expect(WebAssembly.Module.customSections(metered(wat("(module (func $a))")).module, "name")).toHaveLength(1);
  });

  test("a module of nothing, or of any section alone, can be metered", () => {
    expect(WebAssembly.Module.exports(metered(moduleOf()).module)).toEqual([{ name: fuelExport, kind: "global" }]);
    for (const text of [
      "(memory 1)",
      "(table 1 funcref)",
      "(global i32 (i32.const 1))",
      '(memory 1) (data "x")',
      "(func)",
      "(type (func))",
    ])
      expect(metered(wat(`(module ${text})`)).open().fuel.value, text).toBe(0);
  });

  test.each([fuelExport, startExport])("the name %s cannot be taken", (name) => {
    expect(() => metered(wat(`(module (func (export "${name}")))`))).toThrowError(
      expect.objectContaining({ code: "MS_PAYLOAD_REFUSED", feature: "a reserved name" }),
    );
  });
});

describe("memory and tables", () => {
  const growing = (memory: string): Uint8Array<ArrayBuffer> =>
    wat(`(module (memory ${memory}) (func (export "f") (param i32) (result i32) (memory.grow (local.get 0))))`);

  test("do not grow beyond the limit, nor beyond their own maximum", () => {
    const wide = metered(growing("1")).open();
    expect([wide.cost(15).result, wide.cost(1).result, wide.cost(0).result]).toEqual([1, -1, 16]);
    const narrow = metered(growing("1 3")).open();
    expect([narrow.cost(2).result, narrow.cost(1).result]).toEqual([1, -1]);
  });

  test("are refused when they begin above it", () => {
    expect(() => metered(growing("17"))).toThrowError(
      expect.objectContaining({ code: "MS_PAYLOAD_REFUSED", message: expect.stringContaining("17 pages of 64 KiB") }),
    );
    expect(() => metered(wat("(module (table 65537 funcref))"))).toThrowError(expect.objectContaining({ code: "MS_PAYLOAD_REFUSED" }));
    expect(() => metered(wat("(module (table 40000 funcref) (table 40000 funcref))"))).toThrow("80000 elements");
  });

  test("share the limit when there are several", () => {
    const memories = moduleOf([5, [3, 0, 1, 0, 2, 1, 1, 2]], [7, [3, 1, 0x61, 2, 0, 1, 0x62, 2, 1, 1, 0x63, 2, 2]]);
    const { exports } = metered(memories).open();
    const grown = ["a", "b", "c"].map((name) => {
      const memory = exports[name] as WebAssembly.Memory;
      for (let pages = 0; pages < 100; pages++) {
        try {
          memory.grow(1);
        } catch {
          return memory.buffer.byteLength / 65_536;
        }
      }
      return Number.NaN;
    });
    expect(grown).toEqual([5, 6, 2]);
    expect(() => metered(moduleOf([5, [9, ...Array.from({ length: 18 }, () => 0)]]))).toThrow("9 memory definitions");
  });

  test("can be set from outside only by the host's own functions", () => {
    for (const [what, text] of [
      ["memory", "(memory 1)"],
      ["table", "(table 1 funcref)"],
      ["global", "(global i32)"],
    ] as const)
      expect(() => metered(wat(`(module (import "m" "x" ${text}))`))).toThrowError(
        expect.objectContaining({ code: "MS_PAYLOAD_REFUSED", feature: `an imported ${what}` }),
      );
  });
});
