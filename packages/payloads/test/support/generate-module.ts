/**
 * Random valid modules from a seed: structured control flow with values on the stack, loops that end, calls that do not recurse, locals,
 * globals, memory, tables, bulk instructions. The same seed gives the same program, with or without an instruction counter in it.
 */
import { Writer } from "../../src/wasm/writer.ts";

const i32 = 0x7f;
const i64 = 0x7e;
const f32 = 0x7d;
const f64 = 0x7c;
type Value = typeof i32 | typeof i64 | typeof f32 | typeof f64;
const values = [i32, i64, f32, f64] as const;

interface Type {
  readonly params: readonly Value[];
  readonly results: readonly Value[];
}

export interface GenerateOptions {
  /** Adds one to the exported i64 global `count` before every instruction. */
  readonly counting?: boolean;
}

/** A small, fast, repeatable source of numbers (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Functions `f0`..., of which the last two call nobody and fill the table. */
export function generateModule(seed: number, { counting = false }: GenerateOptions = {}): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed);
  const some = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const list = (most: number): Value[] => Array.from({ length: upTo(most) }, () => some(values));

  const types: Type[] = [];
  const typeIndex = (type: Type): number => {
    const same = (one: Type): boolean => JSON.stringify(one) === JSON.stringify(type);
    const found = types.findIndex(same);
    return found >= 0 ? found : types.push(type) - 1;
  };
  const functions = Array.from({ length: 3 + upTo(4) }, () => ({ params: list(3), results: list(2) }));
  for (const type of functions) typeIndex(type);
  const leaves = functions.length - 2;
  const countGlobal = values.length;

  const bodies = functions.map((type, self) => body(type, self));

  const out = new Writer(4096);
  const content = new Writer(4096);
  out.copy(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  content.u32(types.length);
  for (const { params, results } of types) {
    content.byte(0x60).u32(params.length);
    for (const param of params) content.byte(param);
    content.u32(results.length);
    for (const result of results) content.byte(result);
  }
  out.section(1, content.done());
  content.clear().u32(functions.length);
  for (const type of functions) content.u32(typeIndex(type));
  out.section(3, content.done());
  // Table 0 holds the leaves, table 1 is played with.
  out.section(4, content.clear().u32(2).byte(0x70).byte(0).u32(4).byte(0x70).byte(1).u32(6).u32(12).done());
  out.section(5, content.clear().u32(1).byte(1).u32(1).u32(3).done());
  content.clear().u32(values.length + (counting ? 1 : 0));
  for (const value of values) {
    content.byte(value).byte(1);
    constant(content, value, 7).byte(0x0b);
  }
  if (counting) content.byte(i64).byte(1).byte(0x42).byte(0).byte(0x0b);
  out.section(6, content.done());
  content.clear().u32(functions.length + values.length + 2 + (counting ? 1 : 0));
  for (let index = 0; index < functions.length; index++) content.name(`f${index}`).byte(0).u32(index);
  for (let index = 0; index < values.length; index++) content.name(`g${index}`).byte(3).u32(index);
  content.name("memory").byte(2).u32(0).name("table").byte(1).u32(1);
  if (counting) content.name("count").byte(3).u32(countGlobal);
  out.section(7, content.done());
  content.clear().u32(2);
  content
    .u32(0)
    .byte(0x41)
    .s32(0)
    .byte(0x0b)
    .u32(3)
    .u32(leaves)
    .u32(leaves + 1)
    .u32(leaves);
  content
    .u32(1)
    .byte(0)
    .u32(2)
    .u32(leaves)
    .u32(leaves + 1);
  out.section(9, content.done());
  out.section(12, content.clear().u32(1).done());
  content.clear().u32(bodies.length);
  for (const one of bodies) content.u32(one.length).copy(one);
  out.section(10, content.done());
  out.section(11, content.clear().u32(1).u32(1).name("some data for this test").done());
  return out.done();

  function constant(code: Writer, value: Value, number: number): Writer {
    if (value === i32) return code.byte(0x41).s32(number);
    if (value === i64) return code.byte(0x42).s32(number);
    const bytes = new Uint8Array(value === f32 ? 4 : 8);
    const view = new DataView(bytes.buffer);
    if (value === f32) view.setFloat32(0, number / 4, true);
    else view.setFloat64(0, number / 4, true);
    return code.byte(value === f32 ? 0x43 : 0x44).copy(bytes);
  }

  function body(type: Type, self: number): Uint8Array {
    const locals: Value[] = [...type.params, ...values, ...values];
    const ownLocal = (value: Value): number => locals.push(value) - 1;
    const code = new Writer(1024);
    /** Results of the blocks around, innermost last; undefined for a loop. */
    const labels: (readonly Value[] | undefined)[] = [type.results];
    let room = 120;

    const emit = (...bytes: number[]): Writer => {
      if (counting) code.byte(0x23).u32(countGlobal).byte(0x42).byte(1).byte(0x7c).byte(0x24).u32(countGlobal);
      for (const byte of bytes) code.byte(byte);
      return code;
    };
    const number = (value: Value, most: number): void => {
      emit();
      constant(code, value, upTo(most) - Math.floor(most / 4));
    };
    const localOf = (value: Value): number => {
      const all = locals.flatMap((one, index) => (one === value && index < type.params.length + 8 ? [index] : []));
      return some(all);
    };
    const blockType = (type: Type): void => {
      if (type.params.length === 0 && type.results.length === 0) code.byte(0x40);
      else if (type.params.length === 0 && type.results.length === 1) code.byte(type.results[0]!);
      else code.s32(typeIndex(type));
    };
    /** A NaN can have many faces, and the engine may choose; one that is always the same keeps runs comparable. */
    const oneNaN = (value: typeof f32 | typeof f64): void => {
      const held = ownLocal(value);
      emit(0x22).u32(held);
      emit();
      constant(code, value, Number.NaN);
      emit(0x20).u32(held);
      emit(0x20).u32(held);
      emit(value === f32 ? 0x5b : 0x61);
      emit(0x1b);
    };
    const address = (depth: number): void => {
      expression(i32, depth);
      // Now and then whatever comes: mostly out of bounds.
      if (random() < 0.005) return;
      emit(0x41).s32(0xfff);
      emit(0x71);
    };

    function expressions(all: readonly Value[], depth: number): void {
      for (const value of all) expression(value, depth);
    }

    function expression(value: Value, depth: number): void {
      if (depth <= 0 || room-- <= 0) {
        const choice = upTo(2);
        if (choice === 0) number(value, 1000);
        else if (choice === 1) emit(0x20).u32(localOf(value));
        else emit(0x23).u32(values.indexOf(value));
        return;
      }
      const common = [binary, binary, unary, load, structured, structured, choose, tee, callFor];
      const more = value === i32 ? [compare, sizes] : [convert];
      some([...common, ...more])(value, depth - 1);
    }

    function binary(value: Value, depth: number): void {
      expression(value, depth);
      expression(value, depth);
      if (value === i32 || value === i64) {
        const operation = upTo(14);
        const divides = operation >= 3 && operation <= 6;
        // A divisor that is positive and not zero, but for a few.
        if (divides && random() < 0.98) {
          emit();
          constant(code, value, 0xff);
          emit(value === i32 ? 0x71 : 0x83);
          emit();
          constant(code, value, 1);
          emit(value === i32 ? 0x72 : 0x84);
        }
        emit((value === i32 ? 0x6a : 0x7c) + operation);
      } else {
        emit((value === f32 ? 0x92 : 0xa0) + upTo(5));
        oneNaN(value);
      }
    }

    function unary(value: Value, depth: number): void {
      expression(value, depth);
      if (value === i32) emit(some([0x67, 0x68, 0x69, 0xc0, 0xc1]));
      else if (value === i64) emit(some([0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4]));
      else {
        emit((value === f32 ? 0x8b : 0x99) + upTo(6));
        oneNaN(value);
      }
    }

    function load(value: Value, depth: number): void {
      address(depth);
      const [code, align] = { [i32]: [0x28, 2], [i64]: [0x29, 3], [f32]: [0x2a, 2], [f64]: [0x2b, 3] }[value] as [number, number];
      emit(code, upTo(align)).u32(upTo(300));
      if (value === f32 || value === f64) oneNaN(value);
    }

    function structured(value: Value, depth: number): void {
      // A block of its own type in a list of several results, of which the others are dropped, or a loop, or a choice.
      const results = random() < 0.3 ? [value, ...list(2)] : [value];
      const params = random() < 0.3 ? list(2) : [];
      const kind = some(["block", "if", "loop"] as const);
      if (kind === "loop") {
        loop({ params, results }, depth);
      } else {
        expressions(params, depth);
        if (kind === "if") expression(i32, depth);
        emit(kind === "if" ? 0x04 : 0x02);
        blockType({ params, results });
        labels.push(results);
        inner(params, results, depth);
        if (kind === "if") {
          code.byte(0x05);
          inner(params, results, depth);
        }
        labels.pop();
        code.byte(0x0b);
      }
      for (let index = results.length; index > 1; index--) emit(0x1a);
    }

    /** What stands in a block: its parameters go, statements, ways out, its results. */
    function inner(params: readonly Value[], results: readonly Value[], depth: number): void {
      for (const _ of params) emit(0x1a);
      for (let left = upTo(2); left > 0; left--) statement(depth);
      if (random() < 0.3) leave(depth);
      expressions(results, depth);
      if (random() < 0.1) {
        emit(0x0c).u32(0);
        if (random() < 0.5) expressions(results, 0);
      }
    }

    /** A branch outwards that is taken or not. */
    function leave(depth: number): void {
      const target = upTo(labels.length - 1);
      const carried = labels[labels.length - 1 - target];
      if (!carried) return;
      if (random() < 0.5) {
        expressions(carried, depth);
        expression(i32, depth);
        emit(0x0d).u32(target);
        for (const _ of carried) emit(0x1a);
      } else {
        expression(i32, depth);
        emit(0x04, 0x40);
        expressions(carried, 0);
        const alike = labels.flatMap((label, index) =>
          label && JSON.stringify(label) === JSON.stringify(carried) ? [labels.length - index] : [],
        );
        const way = random();
        if (way < 0.3) {
          expression(i32, 0);
          emit(0x0e).u32(alike.length);
          for (const one of alike) code.u32(one);
          code.u32(target + 1);
        } else if (way < 0.5 && carried === labels[0]) emit(0x0f);
        else emit(0x0c).u32(target + 1);
        code.byte(0x0b);
      }
    }

    function loop({ params, results }: Type, depth: number): void {
      const counter = ownLocal(i32);
      number(i32, 0);
      emit(0x21).u32(counter);
      expressions(params, depth);
      emit(0x03);
      blockType({ params, results });
      labels.push(undefined);
      for (const _ of params) emit(0x1a);
      for (let left = upTo(3); left > 0; left--) statement(depth);
      if (random() < 0.3) leave(depth);
      expressions(params, depth);
      emit(0x20).u32(counter);
      emit(0x41).s32(1);
      emit(0x6a);
      emit(0x22).u32(counter);
      emit(0x41).s32(1 + upTo(3));
      emit(0x49);
      emit(0x0d).u32(0);
      for (const _ of params) emit(0x1a);
      expressions(results, depth);
      labels.pop();
      code.byte(0x0b);
    }

    function choose(value: Value, depth: number): void {
      expression(value, depth);
      expression(value, depth);
      expression(i32, depth);
      if (random() < 0.5) emit(0x1b);
      else emit(0x1c, 1, value);
    }

    function tee(value: Value, depth: number): void {
      expression(value, depth);
      emit(0x22).u32(localOf(value));
    }

    function compare(_: Value, depth: number): void {
      const of = some(values);
      expression(of, depth);
      expression(of, depth);
      emit({ [i32]: 0x46 + upTo(9), [i64]: 0x51 + upTo(9), [f32]: 0x5b + upTo(5), [f64]: 0x61 + upTo(5) }[of]!);
    }

    function sizes(_: Value, depth: number): void {
      const kind = upTo(4);
      if (kind === 0) emit(0x3f, 0);
      else if (kind === 1) {
        number(i32, 1);
        emit(0x40, 0);
      } else if (kind === 2) emit(0xfc, 16, 1);
      else if (kind === 3) {
        emit(0xd0, 0x70);
        number(i32, 4);
        emit(0xfc, 15, 1);
      } else {
        address(depth);
        emit(0x2d, 0).u32(0);
      }
    }

    function convert(value: Value, depth: number): void {
      const [from, code] = some(
        (
          {
            [i64]: [
              [i32, 0xac],
              [i32, 0xad],
              [f64, 0xbd],
            ],
            [f32]: [
              [i32, 0xb2],
              [i64, 0xb5],
              [f64, 0xb6],
            ],
            [f64]: [
              [i32, 0xb7],
              [i64, 0xba],
              [f32, 0xbb],
            ],
          } as Readonly<Record<number, readonly (readonly [Value, number])[]>>
        )[value]!,
      );
      expression(from, depth);
      emit(code);
      if (value === f32 || value === f64) oneNaN(value);
    }

    function callFor(value: Value, depth: number): void {
      const fitting = functions.flatMap(({ results }, index) =>
        index > self && index <= leaves + 1 && results.includes(value) ? [index] : [],
      );
      if (self >= leaves || fitting.length === 0) {
        expression(value, 0);
        return;
      }
      const index = some(fitting);
      const { params, results } = functions[index]!;
      expressions(params, depth);
      if (index >= leaves && random() < 0.5) {
        emit(0x41).s32(index - leaves);
        emit(0x11).u32(typeIndex(functions[index]!)).u32(0);
      } else emit(0x10).u32(index);
      // Keeps one result of the wanted type in a local while the others go.
      const held = ownLocal(value);
      for (const result of [...results].reverse()) {
        if (result === value) emit(0x21).u32(held);
        else emit(0x1a);
      }
      emit(0x20).u32(held);
    }

    function statement(depth: number): void {
      if (room-- <= 0) {
        emit(0x01);
        return;
      }
      const value = some(values);
      const kind = upTo(10);
      if (kind <= 1) {
        expression(value, depth);
        emit(0x21).u32(localOf(value));
      } else if (kind === 2) {
        expression(value, depth);
        emit(0x24).u32(values.indexOf(value));
      } else if (kind <= 4) {
        address(depth);
        expression(value, depth);
        emit({ [i32]: 0x36, [i64]: 0x37, [f32]: 0x38, [f64]: 0x39 }[value]!, 0).u32(upTo(300));
      } else if (kind === 5) {
        loop({ params: [], results: [] }, depth - 1);
      } else if (kind === 6) {
        expression(i32, depth);
        emit(0x04, 0x40);
        labels.push([]);
        statement(depth - 1);
        labels.pop();
        code.byte(0x0b);
      } else if (kind === 7) leave(depth - 1);
      else bulkInstruction(depth);
    }

    function bulkInstruction(depth: number): void {
      const kind = upTo(5);
      if (kind <= 2) {
        address(depth - 1);
        if (kind === 2) emit(0x41).s32(upTo(10));
        else address(depth - 1);
        emit(0x41).s32(upTo(kind === 2 ? 13 : 500));
        if (kind === 0) emit(0xfc, 10, 0, 0);
        else if (kind === 1) emit(0xfc, 11, 0);
        else emit(0xfc, 8, 0, 0);
        return;
      }
      emit(0x41).s32(upTo(3));
      if (kind === 3) emit(0xd0, 0x70);
      else emit(0x41).s32(0);
      emit(0x41).s32(random() < 0.02 ? 9 : upTo(2));
      if (kind === 3) emit(0xfc, 17, 1);
      else if (kind === 4) emit(0xfc, 14, 1, 0);
      else emit(0xfc, 12, 1, 1);
    }

    for (let left = 1 + upTo(4); left > 0; left--) statement(4);
    expressions(type.results, 4);
    emit(0x0b);
    const own = locals.slice(type.params.length);
    const whole = new Writer(2048).u32(own.length);
    for (const local of own) whole.u32(1).byte(local);
    return whole.copy(code.done()).done();
  }
}
