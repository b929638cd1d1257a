/**
 * What the rewriter has to know of every instruction: which immediates follow the opcode, and what it costs.
 *
 * The tables hold the instructions of WebAssembly 2.0 with multi-memory, tail calls, SIMD and relaxed SIMD. An opcode that has no row is
 * refused, with the name of the feature it belongs to where that is known: one that we cannot pass over, we cannot meter either.
 */
import { PayloadInvalidError, PayloadRefusedError } from "../errors.ts";
import type { Reader } from "./reader.ts";

/** The immediates of an instruction. */
export type Immediates =
  | "none"
  | "block"
  | "index"
  | "indices"
  | "branches"
  | "memory"
  | "memoryAndLane"
  | "lane"
  | "s32"
  | "s64"
  | "bytes4"
  | "bytes8"
  | "bytes16"
  | "types"
  | "heapType";

/** One instruction: its immediates and its price in units of fuel. */
export interface Instruction {
  readonly immediates: Immediates;
  readonly price: number;
}

/**
 * Prices, in units of roughly one simple instruction each.
 * Memory accesses weigh more because they may miss every cache, divisions because no processor pipelines them well.
 */
export const prices = {
  plain: 1,
  memoryAccess: 4,
  division: 8,
  /** Between integers and floats in SIMD: a dozen machine instructions. */
  conversion: 4,
  call: 2,
  indirectCall: 6,
  importCall: 101,
  tableSet: 32,
  bulk: 64,
  grow: 4000,
} as const;

/** Opcodes that the rewriter itself treats or writes. */
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  memoryGrow: 0x40,
  localGet: 0x20,
  localSet: 0x21,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  refFunc: 0xd2,
  miscPrefix: 0xfc,
  simdPrefix: 0xfd,
} as const;

/** Instructions behind `miscPrefix` whose work grows with a length on top of the stack. */
export const bulk = { memoryInit: 8, memoryCopy: 10, memoryFill: 11, tableInit: 12, tableCopy: 14, tableGrow: 15, tableFill: 17 } as const;

/** The one among them that does next to nothing. */
const tableSize = 16;

/** What an instruction costs just before it runs, and not already when its function is entered: it may be rare where it stands. */
export function priceWhenRun(code: number, sub: number): number {
  if (code === op.memoryGrow) return prices.grow;
  if (code !== op.miscPrefix || sub < bulk.memoryInit || sub === tableSize) return 0;
  return sub === bulk.tableGrow ? prices.grow : prices.bulk;
}

type Table = (Instruction | undefined)[];

function rows(table: Table, from: number, to: number, immediates: Immediates = "none", price: number = prices.plain): void {
  const instruction: Instruction = { immediates, price };
  for (let code = from; code <= to; code++) table[code] = instruction;
}

const plain: Table = [];
rows(plain, 0x00, 0x01);
rows(plain, 0x02, 0x04, "block");
rows(plain, 0x05, 0x05);
rows(plain, 0x0b, 0x0b);
rows(plain, 0x0c, 0x0d, "index");
rows(plain, 0x0e, 0x0e, "branches");
rows(plain, 0x0f, 0x0f);
rows(plain, 0x10, 0x10, "index", prices.call);
rows(plain, 0x11, 0x11, "indices", prices.indirectCall);
rows(plain, 0x12, 0x12, "index", prices.call);
rows(plain, 0x13, 0x13, "indices", prices.indirectCall);
rows(plain, 0x1a, 0x1b);
rows(plain, 0x1c, 0x1c, "types");
rows(plain, 0x20, 0x24, "index");
rows(plain, 0x25, 0x25, "index", prices.memoryAccess);
rows(plain, 0x26, 0x26, "index", prices.tableSet);
rows(plain, 0x28, 0x3e, "memory", prices.memoryAccess);
rows(plain, 0x3f, 0x3f, "index");
rows(plain, 0x40, 0x40, "index");
rows(plain, 0x41, 0x41, "s32");
rows(plain, 0x42, 0x42, "s64");
rows(plain, 0x43, 0x43, "bytes4");
rows(plain, 0x44, 0x44, "bytes8");
rows(plain, 0x45, 0xc4);
for (const code of [0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3])
  rows(plain, code, code, "none", prices.division);
rows(plain, 0xd0, 0xd0, "heapType");
rows(plain, 0xd1, 0xd1);
rows(plain, 0xd2, 0xd2, "index");

const misc: Table = [];
rows(misc, 0, 7);
rows(misc, 8, 8, "indices");
rows(misc, 9, 9, "index");
rows(misc, 10, 10, "indices");
rows(misc, 11, 11, "index");
rows(misc, 12, 12, "indices");
rows(misc, 13, 13, "index");
rows(misc, 14, 14, "indices");
rows(misc, 15, 17, "index");

const simd: Table = [];
rows(simd, 0x00, 0x0b, "memory", prices.memoryAccess);
rows(simd, 0x0c, 0x0d, "bytes16");
rows(simd, 0x0e, 0x14);
rows(simd, 0x15, 0x22, "lane");
rows(simd, 0x23, 0x53);
rows(simd, 0x54, 0x5b, "memoryAndLane", prices.memoryAccess);
rows(simd, 0x5c, 0x5d, "memory", prices.memoryAccess);
rows(simd, 0x5e, 0xff);
for (const code of [0xe3, 0xe7, 0xef, 0xf3]) rows(simd, code, code, "none", prices.division);
rows(simd, 0xf8, 0xff, "none", prices.conversion);
rows(simd, 0x100, 0x113);

const refused: readonly { readonly codes: readonly number[]; readonly feature: string }[] = [
  { codes: [0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f], feature: "exception handling" },
  { codes: [0x14, 0x15, 0xd4, 0xd5, 0xd6], feature: "typed function references" },
  { codes: [0xd3, 0xfb], feature: "garbage-collected types" },
  { codes: [0xfe], feature: "threads" },
  { codes: [0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6], feature: "stack switching" },
];

/** The row of an opcode; `sub` is the number behind a prefix. @throws {PayloadRefusedError} when there is none. */
export function instructionOf(code: number, sub: number): Instruction {
  const row = code === op.miscPrefix ? misc[sub] : code === op.simdPrefix ? simd[sub] : plain[code];
  return row ?? refuse(code, sub);
}

function refuse(code: number, sub: number): never {
  const prefixed = code === op.miscPrefix || code === op.simdPrefix;
  const name = `opcode 0x${code.toString(16).padStart(2, "0")}${prefixed ? ` ${sub}` : ""}`;
  const known = refused.find(({ codes }) => codes.includes(code));
  if (known) throw new PayloadRefusedError(known.feature, `a function holds ${name}`);
  throw new PayloadRefusedError("an instruction unknown here", `a function holds ${name}`);
}

/** True for an opcode that is followed by a number that tells which instruction it is. */
export function isPrefix(code: number): boolean {
  return code === op.miscPrefix || code === op.simdPrefix;
}

const lebBytes = { index: 5, block: 5, s32: 5, s64: 10 } as const;
const plainBytes = { none: 0, lane: 1, bytes4: 4, bytes8: 8, bytes16: 16 } as const;

/** Passes over the immediates of an instruction. */
export function skipImmediates(reader: Reader, immediates: Immediates): void {
  switch (immediates) {
    case "none":
    case "lane":
    case "bytes4":
    case "bytes8":
    case "bytes16":
      reader.skip(plainBytes[immediates]);
      break;
    case "index":
    case "block":
    case "s32":
    case "s64":
      reader.skipNumber(lebBytes[immediates]);
      break;
    case "indices":
      reader.skipNumber(5);
      reader.skipNumber(5);
      break;
    case "branches":
      for (let left = reader.u32() + 1; left > 0; left--) reader.skipNumber(5);
      break;
    case "memory":
      skipMemory(reader);
      break;
    case "memoryAndLane":
      skipMemory(reader);
      reader.skip(1);
      break;
    case "types":
      for (let left = reader.u32(); left > 0; left--) checkValueType(reader.byte());
      break;
    case "heapType":
      skipHeapType(reader);
      break;
  }
}

/** Alignment and offset. Bit 6 of the alignment says that the number of a memory stands between them (multi-memory). */
function skipMemory(reader: Reader): void {
  if (reader.u32() & 0x40) reader.skipNumber(5);
  reader.skipNumber(5);
}

function skipHeapType(reader: Reader): void {
  const type = reader.byte();
  if (type !== 0x70 && type !== 0x6f) throw new PayloadRefusedError(featureOfType(type), `a ref.null is of type 0x${type.toString(16)}`);
}

/** i32 0x7f, i64 0x7e, f32 0x7d, f64 0x7c, v128 0x7b, funcref 0x70, externref 0x6f. */
export function checkValueType(type: number): number {
  if ((type >= 0x7b && type <= 0x7f) || type === 0x70 || type === 0x6f) return type;
  if (type >= 0x80 || type < 0x40) throw new PayloadInvalidError(`0x${type.toString(16)} is no type of a value`);
  throw new PayloadRefusedError(featureOfType(type), `a value is of type 0x${type.toString(16)}`);
}

function featureOfType(type: number): string {
  if (type === 0x69 || type === 0x74) return "exception handling";
  if (type === 0x63 || type === 0x64) return "typed function references";
  return "garbage-collected types";
}
