import { bodyWriter, constant, f32, f64, i32, i64, type Surroundings, type Type, type Value, values } from "./body-writer.ts";

/** The body of function `self`: statements, then its results. */
export function generateBody(module: Surroundings, self: number): Uint8Array {
  const { random, some, upTo, list, typeIndex, functions, leaves } = module;
  const type = functions[self]!;
  const { code, emit, number, localOf, ownLocal, blockType, oneNaN, done } = bodyWriter(module, type);
  /** Results of the blocks around, innermost last; undefined for a loop. */
  const labels: (readonly Value[] | undefined)[] = [type.results];
  let room = 120;

  for (let left = 1 + upTo(4); left > 0; left--) statement(4);
  expressions(type.results, 4);
  emit(0x0b);
  return done();

  function address(depth: number): void {
    expression(i32, depth);
    // Now and then whatever comes: mostly out of bounds.
    if (random() < 0.005) return;
    emit(0x41).s32(0xfff);
    emit(0x71);
  }

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
}
