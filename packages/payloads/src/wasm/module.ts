/** Reads a module's sections as far as metering and the checks at load need them. */
import { PayloadInvalidError, PayloadRefusedError } from "../errors.ts";
import { checkValueType, instructionOf, isPrefix, op, skipImmediates } from "./opcodes.ts";
import { quoted, Reader } from "./reader.ts";

/** Numbers of the sections. */
export const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

export type ExternKind = "function" | "table" | "memory" | "global";

/** Types of values as in the binary format: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64, 0x7b v128, 0x70 funcref, 0x6f externref. */
export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

/** Sizes of a table (in elements) or memory (in pages of 64 KiB). */
export interface Limits {
  readonly initial: number;
  readonly maximum: number | undefined;
}

export interface TableType extends Limits {
  readonly element: number;
}

export interface ImportEntry {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternKind;
  /** Of a function. */
  readonly type: FunctionType | undefined;
}

export interface ExportEntry {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** A module in pieces. `bytes` is the module itself, to which the ranges refer. */
export interface WasmModule {
  readonly bytes: Uint8Array;
  /** Every section in order; `from` and `to` are the range of its content. Of the custom ones only `name` is listed. */
  readonly sections: readonly { readonly id: number; readonly from: number; readonly to: number }[];
  readonly types: readonly FunctionType[];
  readonly imports: readonly ImportEntry[];
  readonly importedFunctions: number;
  /** Type of every function, imported ones first. */
  readonly functions: readonly FunctionType[];
  readonly tables: readonly TableType[];
  readonly memories: readonly Limits[];
  readonly globals: number;
  readonly exports: readonly ExportEntry[];
  /** Index of the start function. */
  readonly start: number | undefined;
  /** A call through a table may reach an imported function. */
  readonly importsReferenced: boolean;
}

/**
 * Each call or return of a function costs the engine's validator time for each value, and takes two bytes of code or one: with a thousand
 * values, which the engine allows, a file of three megabytes keeps it busy for half a minute.
 */
const mostParams = 128;
const mostResults = 32;
/** A function of six bytes can declare fifty thousand, and the engine makes room for each. */
const mostLocals = 1_000_000;

const kinds: readonly (ExternKind | "tag")[] = ["function", "table", "memory", "global", "tag"];

/**
 * Takes a module apart.
 *
 * @throws {PayloadInvalidError} for bytes that no validator would accept either.
 * @throws {PayloadRefusedError} naming the feature, for a component, shared or 64-bit memories, tags, and types beyond those of WebAssembly 2.0.
 */
export function readModule(bytes: Uint8Array): WasmModule {
  checkHeader(bytes);
  const reader = new Reader(bytes, 8);
  const module = new ModuleReader(bytes);
  while (!reader.done) {
    const id = reader.byte();
    const part = reader.part(reader.u32());
    if (id !== section.custom) {
      module.sections.push({ id, from: part.at, to: part.end });
      module.read(id, part);
    } else if (customName(part) === "name") module.sections.push({ id, from: part.at, to: part.end });
  }
  return module;
}

function customName(part: Reader): string {
  return new Reader(part.bytes, part.at, part.end).name();
}

function checkHeader(bytes: Uint8Array): void {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.length)).toString("hex");
  if (!header.startsWith("0061736d")) throw new PayloadInvalidError('it does not begin with "\\0asm"');
  if (header.length < 16) throw new PayloadInvalidError("it ends early, at byte 8");
  if (header.endsWith("0100")) throw new PayloadRefusedError("the component model", "the file is a component, not a core module");
  if (!header.endsWith("01000000")) throw new PayloadInvalidError("it has another version than 1");
}

class ModuleReader implements WasmModule {
  readonly bytes: Uint8Array;
  readonly sections: { readonly id: number; readonly from: number; readonly to: number }[] = [];
  readonly types: FunctionType[] = [];
  readonly imports: ImportEntry[] = [];
  readonly functions: FunctionType[] = [];
  readonly tables: TableType[] = [];
  readonly memories: Limits[] = [];
  readonly exports: ExportEntry[] = [];
  importedFunctions = 0;
  globals = 0;
  start: number | undefined;
  importsReferenced = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  read(id: number, part: Reader): void {
    switch (id) {
      case section.type:
        this.#each(part, () => this.types.push(this.#type(part)));
        break;
      case section.import:
        this.#each(part, () => this.imports.push(this.#import(part)));
        break;
      case section.function:
        this.#each(part, () => this.functions.push(this.#typeAt(part)));
        break;
      case section.table:
        this.#each(part, () => this.tables.push(this.#table(part)));
        break;
      case section.memory:
        this.#each(part, () => this.memories.push(limits(part, "memory")));
        break;
      case section.global:
        this.#each(part, () => this.#global(part));
        break;
      case section.export:
        this.#each(part, () => this.exports.push(this.#export(part)));
        break;
      case section.start:
        this.start = part.u32();
        break;
      case section.element:
        this.#each(part, () => this.#element(part));
        break;
      case section.code:
        this.#code(part);
        break;
      case section.data:
      case section.dataCount:
        break;
      case section.tag:
        throw new PayloadRefusedError("exception handling", "there is a section of tags");
      default:
        throw new PayloadRefusedError("a section unknown here", `its number is ${id}`);
    }
  }

  #each(part: Reader, one: () => void): void {
    for (let left = part.u32(); left > 0; left--) one();
    if (!part.done) throw part.broken("a section is longer than what it holds");
  }

  #type(part: Reader): FunctionType {
    const form = part.byte();
    if (form !== 0x60) throw new PayloadRefusedError("garbage-collected types", `a type has the form 0x${form.toString(16)}`);
    return { params: valueTypes(part, mostParams, "parameters"), results: valueTypes(part, mostResults, "results") };
  }

  #typeAt(part: Reader): FunctionType {
    const type = this.types[part.u32()];
    if (!type) throw part.broken("there is no such type");
    return type;
  }

  #import(part: Reader): ImportEntry {
    const module = part.name();
    const name = part.name();
    const kind = kinds[part.byte()];
    if (kind === "tag") throw new PayloadRefusedError("exception handling", `the import ${quoted(module)} ${quoted(name)} is a tag`);
    if (kind === "function") {
      const type = this.#typeAt(part);
      this.functions.push(type);
      this.importedFunctions++;
      return { module, name, kind, type };
    }
    if (kind === "table") this.tables.push(this.#table(part));
    else if (kind === "memory") this.memories.push(limits(part, "memory"));
    else if (kind === "global") {
      checkValueType(part.byte());
      part.byte();
      this.globals++;
    } else throw part.broken("an import is of no known kind");
    return { module, name, kind, type: undefined };
  }

  #table(part: Reader): TableType {
    const element = part.byte();
    if (element === 0x40) throw new PayloadRefusedError("typed function references", "a table has an initial value");
    return { element: checkValueType(element), ...limits(part, "table") };
  }

  #global(part: Reader): void {
    checkValueType(part.byte());
    part.byte();
    this.#expression(part);
    this.globals++;
  }

  #export(part: Reader): ExportEntry {
    const name = part.name();
    const kind = kinds[part.byte()];
    if (kind === undefined || kind === "tag") throw part.broken("an export is of no known kind");
    const index = part.u32();
    if (kind === "function") this.#referenced(index);
    return { name, kind, index };
  }

  /** Only the declarations of locals: what they cost the engine does not show in the size of the file. */
  #code(part: Reader): void {
    let locals = 0;
    for (let left = part.u32(); left > 0; left--) {
      const body = part.part(part.u32());
      for (let groups = body.u32(); groups > 0; groups--) {
        locals += body.u32();
        checkValueType(body.byte());
      }
      if (locals > mostLocals)
        throw new PayloadRefusedError("very many local variables", `${mostLocals} are allowed in all functions together`);
    }
  }

  /** The eight forms: bit 0 not active, bit 1 a table is named (or declared only), bit 2 expressions instead of indices. */
  #element(part: Reader): void {
    const form = part.u32();
    if (form > 7) throw part.broken("a segment of elements has no known form");
    const active = (form & 1) === 0;
    if (active && form & 2) part.u32();
    if (active) this.#expression(part);
    // Behind a form of indices a zero, behind one of expressions their type. Types of more than one byte have to be refused, not passed over.
    if (form & 4 && form & 3) checkValueType(part.byte());
    else if (form & 3 && part.byte() !== 0) throw part.broken("a segment of elements is of no known kind");
    for (let left = part.u32(); left > 0; left--) {
      if (form & 4) this.#expression(part);
      else this.#referenced(part.u32());
    }
  }

  /** A constant expression, up to and with its end. */
  #expression(part: Reader): void {
    for (;;) {
      const code = part.byte();
      if (code === op.end) return;
      if (code === op.refFunc) this.#referenced(part.u32());
      else skipImmediates(part, instructionOf(code, isPrefix(code) ? part.u32() : 0).immediates);
    }
  }

  /** Only a function that occurs outside of code can be put into a table, so this sees every import that a table may hold. */
  #referenced(index: number): void {
    if (index < this.importedFunctions) this.importsReferenced = true;
  }
}

function valueTypes(part: Reader, most: number, what: string): number[] {
  const count = part.u32();
  if (count > most) throw new PayloadRefusedError(`a function with ${count} ${what}`, `${most} are allowed`);
  return Array.from({ length: count }, () => checkValueType(part.byte()));
}

function limits(part: Reader, what: "memory" | "table"): Limits {
  const flags = part.u32();
  if (flags & 2) throw new PayloadRefusedError("threads", `a ${what} is shared`);
  if (flags & 4) throw new PayloadRefusedError(`${what}64`, `a ${what} has 64-bit addresses`);
  if (flags > 7) throw new PayloadRefusedError("pages of another size", `a ${what} has the flags ${flags}`);
  const initial = part.u32();
  return { initial, maximum: flags & 1 ? part.u32() : undefined };
}
