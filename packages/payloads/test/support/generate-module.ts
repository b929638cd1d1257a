/**
 * Random valid modules from a seed: structured control flow with values on the stack, loops that end, calls that do not recurse, locals,
 * globals, memory, tables, bulk instructions. The same seed gives the same program, with or without an instruction counter in it.
 */
import { Writer } from "../../src/wasm/writer.ts";
import { constant, i64, type Type, type Value, values } from "./body-writer.ts";
import { generateBody } from "./generate-body.ts";

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

  const module = { random, some, upTo, list, typeIndex, functions, leaves, countGlobal: counting ? countGlobal : undefined };
  const bodies = functions.map((_, self) => generateBody(module, self));

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
}
