/**
 * The rewriter: WebAssembly in, the same program with a fuel counter and bounded memory out.
 *
 * 1. The original is validated as it is. What is added gets the next free indices, so an invalid module that names "one past the end" would
 *    otherwise become valid, and could refill its own fuel.
 * 2. A mutable 32-bit global, the counter, is appended and exported under a name that no compiler makes. It begins at zero: nothing runs
 *    before the host has set it.
 * 3. Every function pays for its code (`body.ts`).
 * 4. The start function is not run by instantiation but exported, so that the host can set the counter and has the guest's memory before.
 * 5. Memories and tables get a maximum; beyond it they do not grow.
 * 6. Custom sections are left out but for the names of functions: the others may hold offsets into code that has moved.
 */
import { messageOf } from "@mothership/kernel";
import { PayloadInvalidError, PayloadRefusedError } from "../errors.ts";
import { type MeterStats, maxTableElements, meterBody } from "./body.ts";
import { type Limits, readModule, section, type TableType, type WasmModule } from "./module.ts";
import { op } from "./opcodes.ts";
import { printable, quoted, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Export of the counter, an i32 global. The host sets it before each call; below zero the guest has trapped for want of fuel. */
export const fuelExport = "mothership.fuel";
/** Export of the start function of a module that has one. */
export const startExport = "mothership.start";

/** Bytes of one page of memory. */
export const pageBytes = 65_536;
/** Memories, and tables, that a module may have. Each memory reserves gigabytes of address space, however small it is. */
const maxMemories = 8;
const maxTables = 8;

export interface MeterOptions {
  /** Bytes that all memories of the module may have together, rounded down to pages of 64 KiB. */
  readonly memoryBytes: number;
}

/** A module that can be run: its code, and what it was made of. */
export interface MeteredModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly original: WasmModule;
  readonly stats: Readonly<MeterStats>;
}

/**
 * Adds metering to a module and bounds its memory. Same bytes in, same bytes out.
 *
 * @throws {PayloadInvalidError} when the engine finds the module invalid.
 * @throws {PayloadRefusedError} for a feature that cannot be metered, or more memory or tables at the beginning than are allowed.
 */
export function meter(bytes: Uint8Array<ArrayBuffer>, options: MeterOptions): MeteredModule {
  // Before the validator: what this refuses it names, where the validator knows only "invalid".
  const original = readModule(bytes);
  if (!WebAssembly.validate(bytes)) throw new PayloadInvalidError(whyInvalid(bytes));
  return rewrite(original, options);
}

function whyInvalid(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    // The validator says no more than no; the compiler says why.
    new WebAssembly.Module(bytes);
  } catch (error) {
    // It may name a function as the module does.
    return printable(
      messageOf(error)
        .replace(/^WebAssembly\.Module\(\): /, "")
        .slice(0, 300),
    );
  }
  return "the validator refuses it";
}

/** The rewriting alone. Only for modules that have been validated. */
export function rewrite(original: WasmModule, { memoryBytes }: MeterOptions): MeteredModule {
  const taken = original.exports.find(({ name }) => name === fuelExport || name === startExport);
  if (taken) throw new PayloadRefusedError("a reserved name", `it exports "${taken.name}"`);
  const imported = original.imports.find(({ kind }) => kind !== "function");
  if (imported)
    throw new PayloadRefusedError(
      `an imported ${imported.kind}`,
      `${quoted(imported.module)} ${quoted(imported.name)}; only functions are given`,
    );

  const stats: MeterStats = { functions: 0, loops: 0, dearestRegion: 0 };
  const out = new Writer(original.bytes.length + original.bytes.length / 8 + 256);
  const content = new Writer();
  out.copy(original.bytes, 0, 8);
  let globals = false;
  let exports = false;
  for (const { id, from, to } of original.sections) {
    const part = new Reader(original.bytes, from, to);
    if (id !== section.custom) {
      // Sections stand in the order of their numbers; the one that does not has its place far behind.
      if (!globals && id > section.global) {
        out.section(section.global, counter(content.clear().u32(1)));
        globals = true;
      }
      if (!exports && id > section.export) {
        out.section(section.export, ownExports(content.clear(), original, 0));
        exports = true;
      }
    }
    content.clear();
    switch (id) {
      case section.global:
        globals = true;
        content.u32(part.u32() + 1).copy(original.bytes, part.at, to);
        out.section(id, counter(content));
        break;
      case section.export:
        exports = true;
        // The others keep their place in front.
        out.section(id, ownExports(content, original, part.u32(), original.bytes.subarray(part.at, to)));
        break;
      case section.memory:
        out.section(id, bounded(content, original.memories, Math.floor(memoryBytes / pageBytes)));
        break;
      case section.table:
        out.section(id, boundedTables(content, original.tables));
        break;
      case section.start:
        break;
      case section.code:
        out.section(id, code(content, original, part, stats));
        break;
      default:
        out.section(id, original.bytes.subarray(from, to));
    }
  }
  if (!globals) out.section(section.global, counter(content.clear().u32(1)));
  if (!exports) out.section(section.export, ownExports(content.clear(), original, 0));
  return { bytes: out.done(), original, stats };
}

function counter(content: Writer): Uint8Array {
  return content.byte(0x7f).byte(1).byte(op.i32Const).s32(0).byte(op.end).done();
}

function ownExports(content: Writer, { globals, start }: WasmModule, count: number, others?: Uint8Array): Uint8Array {
  content.u32(count + (start === undefined ? 1 : 2));
  if (others) content.copy(others);
  content.name(fuelExport).byte(3).u32(globals);
  if (start !== undefined) content.name(startExport).byte(0).u32(start);
  return content.done();
}

function bounded(content: Writer, memories: readonly Limits[], pages: number): Uint8Array {
  content.u32(memories.length);
  for (const { initial, maximum } of shares("memory", memories, maxMemories, pages, "pages of 64 KiB"))
    content.byte(1).u32(initial).u32(maximum);
  return content.done();
}

function boundedTables(content: Writer, tables: readonly TableType[]): Uint8Array {
  content.u32(tables.length);
  for (const [index, { initial, maximum }] of shares("table", tables, maxTables, maxTableElements, "elements").entries())
    content.byte(tables[index]!.element).byte(1).u32(initial).u32(maximum);
  return content.done();
}

/** What is left of the limit beyond the initial sizes is divided evenly. */
function shares(what: string, all: readonly Limits[], most: number, limit: number, unit: string): { initial: number; maximum: number }[] {
  const initial = all.reduce((sum, one) => sum + one.initial, 0);
  if (all.length > most) throw new PayloadRefusedError(`${all.length} ${what} definitions`, `${most} are allowed`);
  if (initial > limit)
    throw new PayloadRefusedError(`a ${what} of ${initial} ${unit}`, `${limit} are allowed; the limit can be set for each module`);
  const spare = Math.floor((limit - initial) / all.length);
  return all.map((one) => ({ initial: one.initial, maximum: Math.min(one.initial + spare, one.maximum ?? Number.POSITIVE_INFINITY) }));
}

function code(content: Writer, original: WasmModule, part: Reader, stats: MeterStats): Uint8Array {
  const count = part.u32();
  content.u32(count);
  const body = new Writer(4096);
  for (let index = 0; index < count; index++) {
    const type = original.functions[original.importedFunctions + index];
    if (!type) throw part.broken("there is more code than functions");
    meterBody(original, type, part.part(part.u32()), original.globals, body.clear(), stats);
    content.u32(body.length).copy(body.done());
  }
  if (!part.done) throw part.broken("a section is longer than what it holds");
  return content.done();
}
