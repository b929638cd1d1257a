import { Writer } from "../../src/wasm/writer.ts";

export const i32 = 0x7f;
export const i64 = 0x7e;
export const f32 = 0x7d;
export const f64 = 0x7c;
export type Value = typeof i32 | typeof i64 | typeof f32 | typeof f64;
export const values = [i32, i64, f32, f64] as const;

/** The type of a function or a block. */
export interface Type {
  readonly params: readonly Value[];
  readonly results: readonly Value[];
}

/** What a body needs to know of the module around it. */
export interface Surroundings {
  /** From 0 to 1, without 1. */
  readonly random: () => number;
  /** One of these. */
  readonly some: <T>(all: readonly T[]) => T;
  /** A whole number from 0 to `most`. */
  readonly upTo: (most: number) => number;
  /** At most so many value types. */
  readonly list: (most: number) => Value[];
  /** The index of a type, which is new to the module or not. */
  readonly typeIndex: (type: Type) => number;
  readonly functions: readonly Type[];
  /** The first of the functions that call nobody. */
  readonly leaves: number;
  /** The global that counts instructions, if they are counted. */
  readonly countGlobal: number | undefined;
}

/** A constant expression without its end. */
export function constant(code: Writer, value: Value, number: number): Writer {
  if (value === i32) return code.byte(0x41).s32(number);
  if (value === i64) return code.byte(0x42).s32(number);
  const bytes = new Uint8Array(value === f32 ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (value === f32) view.setFloat32(0, number / 4, true);
  else view.setFloat64(0, number / 4, true);
  return code.byte(value === f32 ? 0x43 : 0x44).copy(bytes);
}

/** Writes the instructions of one function, each with its count where that is wanted, and keeps its locals. */
export function bodyWriter({ some, upTo, typeIndex, countGlobal }: Surroundings, type: Type) {
  const locals: Value[] = [...type.params, ...values, ...values];
  const ownLocal = (value: Value): number => locals.push(value) - 1;
  const code = new Writer(1024);

  const emit = (...bytes: number[]): Writer => {
    if (countGlobal !== undefined) code.byte(0x23).u32(countGlobal).byte(0x42).byte(1).byte(0x7c).byte(0x24).u32(countGlobal);
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
  /** The whole body, as the code section holds it. */
  const done = (): Uint8Array => {
    const own = locals.slice(type.params.length);
    const whole = new Writer(2048).u32(own.length);
    for (const local of own) whole.u32(1).byte(local);
    return whole.copy(code.done()).done();
  };
  return { code, emit, number, localOf, ownLocal, blockType, oneNaN, done };
}
