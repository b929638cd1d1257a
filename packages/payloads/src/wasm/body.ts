/**
 * Adds charges to one function.
 *
 * 1. Code is cut into regions: the function as a whole, and the body of each loop, inner loops excluded. Within one pass through a region
 *    branches only lead forward, so no instruction of it runs twice; the sum of its prices is an upper bound of what a pass costs.
 * 2. Where a region is entered, that is at the beginning of the function and of each loop (a branch to a loop lands there), the sum is taken
 *    from the counter, and the function traps when the counter falls below zero.
 * 3. An instruction whose work is out of proportion, or grows with a length, pays at run time, just before it runs.
 *
 * All charges leave the stack as it was. The counter is never below zero where a charge begins, and no charge is over 2^31-1, so it cannot
 * wrap round.
 */
import type { FunctionType, WasmModule } from "./module.ts";
import { bulk, checkValueType, instructionOf, isPrefix, op, prices, priceWhenRun, skipImmediates } from "./opcodes.ts";
import { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Elements that all tables of a module may have together. A power of two. */
export const maxTableElements = 65_536;

/** No budget may reach this; a region that costs as much can never be entered. */
const maxCharge = 2 ** 31 - 1;

/** Bytes that cost one unit of fuel when they are filled or copied by one instruction: 2^3. */
const bytesPerUnitShift = 3;
/** An element of a table costs more than a byte: 2^4 units. */
const unitsPerElementShift = 4;
/** Twice the longest table, less one. */
const elementsMask = maxTableElements * 2 - 1;
/** Locals are set to zero at each call: this many for one unit. */
const localsPerUnit = 4;

/** What the static look at a module tells about its cost. */
export interface MeterStats {
  functions: number;
  loops: number;
  /** The highest price of one pass through a function without its loops, or through one loop. */
  dearestRegion: number;
}

interface Frame {
  /** Values that a branch to this label carries. */
  readonly arity: number;
  /** Values on the stack when it ends. */
  readonly results: number;
  /** Where in `charges` the region stands that follows this construct's end. */
  readonly region: number;
}

interface Charge {
  /** Before which byte it is inserted. */
  readonly at: number;
  /** What is known of the price beforehand. */
  price: number;
  /** Of an instruction with a length: its number. */
  readonly bulk: number | undefined;
  readonly region: boolean;
}

/** Writes the body in `part`, of a function of this type, with its charges. `fuel` is the index of the counter. */
export function meterBody(module: WasmModule, type: FunctionType, part: Reader, fuel: number, out: Writer, stats: MeterStats): void {
  const from = part.at;
  const locals = declaredLocals(part);
  const afterLocals = part.at;
  const charges = findCharges(module, type, locals, part);
  // The length of a bulk instruction is held for a moment in a local of our own.
  const ownLocal = charges.some((charge) => charge.bulk !== undefined) ? type.params.length + locals : undefined;
  if (ownLocal === undefined) out.copy(part.bytes, from, afterLocals);
  else addLocal(part, from, afterLocals, out);
  let done = afterLocals;
  for (const charge of charges) {
    out.copy(part.bytes, done, charge.at);
    done = charge.at;
    if (charge.bulk !== undefined) chargeLength(out, fuel, ownLocal!, charge.bulk, charge.price);
    else chargePrice(out, fuel, Math.min(charge.price, maxCharge));
    if (charge.region) stats.dearestRegion = Math.max(stats.dearestRegion, charge.price);
  }
  stats.functions++;
  stats.loops += charges.reduce((count, charge) => count + (charge.region ? 1 : 0), -1);
  out.copy(part.bytes, done, part.end);
}

function declaredLocals(part: Reader): number {
  let locals = 0;
  for (let groups = part.u32(); groups > 0; groups--) {
    locals += part.u32();
    part.byte();
  }
  return locals;
}

function addLocal(part: Reader, from: number, to: number, out: Writer): void {
  const groups = new Reader(part.bytes, from, to);
  out.u32(groups.u32() + 1).copy(part.bytes, groups.at, to);
  out.u32(1).byte(0x7f);
}

function findCharges(module: WasmModule, type: FunctionType, locals: number, part: Reader): Charge[] {
  const results = type.results.length;
  const charges: Charge[] = [{ at: part.at, price: Math.ceil(locals / localsPerUnit), bulk: undefined, region: true }];
  const frames: Frame[] = [{ arity: results, results, region: 0 }];
  let region = 0;
  for (;;) {
    const at = part.at;
    const code = part.byte();
    const sub = isPrefix(code) ? part.u32() : 0;
    const { immediates, price } = instructionOf(code, sub);
    let more = 0;
    switch (code) {
      case op.block:
      case op.if:
      case op.loop: {
        const { params, results } = blockType(module, part);
        more = moved(params);
        if (code === op.loop) {
          frames.push({ arity: params, results, region });
          region = charges.push({ at: part.at, price: 0, bulk: undefined, region: true }) - 1;
        } else frames.push({ arity: results, results, region });
        break;
      }
      case op.end: {
        const frame = frames.pop();
        if (!frame) throw part.broken("a block ends that never began");
        more = moved(frame.results);
        charges[region]!.price += price + more;
        region = frame.region;
        if (frames.length > 0) continue;
        if (!part.done) throw part.broken("code follows the end of a function");
        return charges;
      }
      case op.else:
        more = moved(frames.at(-1)!.results);
        break;
      case op.br:
      case op.brIf:
        more = moved(frames[frames.length - 1 - part.u32()]?.arity ?? 0);
        break;
      case op.brTable:
        // All labels of a table carry as many values; the last stands for them.
        for (let left = part.u32(); left > 0; left--) part.skipNumber(5);
        more = moved(frames[frames.length - 1 - part.u32()]?.arity ?? 0);
        break;
      case op.return:
        more = moved(results);
        break;
      case op.call:
      case op.returnCall:
        if (part.u32() < module.importedFunctions) more = prices.importCall - price;
        break;
      case op.callIndirect:
      case op.returnCallIndirect:
        skipImmediates(part, immediates);
        if (module.importsReferenced) more = prices.importCall - prices.plain;
        break;
      default:
        skipImmediates(part, immediates);
    }
    const whenRun = priceWhenRun(code, sub);
    if (whenRun > 0) charges.push({ at, price: whenRun, bulk: hasLength(code, sub) ? sub : undefined, region: false });
    charges[region]!.price += price + more;
  }
}

/** Up to one value is moved for nothing: it stays in a register. A thousand of them would make a cheap instruction dear. */
function moved(values: number): number {
  return values > 1 ? values : 0;
}

function blockType(module: WasmModule, part: Reader): { readonly params: number; readonly results: number } {
  const index = part.s33();
  if (index >= 0) {
    const type = module.types[index];
    if (!type) throw part.broken("there is no such type");
    return { params: type.params.length, results: type.results.length };
  }
  if (index === -0x40) return { params: 0, results: 0 };
  // The type of a value in one byte. Of a longer one this would be the first, and what follows would be taken for code.
  checkValueType(index & 0x7f);
  return { params: 0, results: 1 };
}

const bulkCodes: ReadonlySet<number> = new Set(Object.values(bulk));
const onTables: ReadonlySet<number> = new Set([bulk.tableInit, bulk.tableCopy, bulk.tableGrow, bulk.tableFill]);

function hasLength(code: number, sub: number): boolean {
  return code === op.miscPrefix && bulkCodes.has(sub);
}

function chargePrice(out: Writer, fuel: number, price: number): void {
  if (price === 0) return;
  out.byte(op.globalGet).u32(fuel).byte(op.i32Const).s32(price).byte(op.i32Sub);
  settle(out, fuel);
}

/**
 * The length lies on top of the stack and is put back. Shifted down it fits the counter's range; of a length of elements the upper bits are
 * left out, since no table is so long and the instruction then does nothing but trap or return -1.
 */
function chargeLength(out: Writer, fuel: number, local: number, sub: number, price: number): void {
  out.byte(op.localSet).u32(local);
  out.byte(op.globalGet).u32(fuel).byte(op.localGet).u32(local);
  if (onTables.has(sub)) {
    out.byte(op.i32Const).s32(elementsMask).byte(op.i32And);
    out.byte(op.i32Const).s32(unitsPerElementShift).byte(op.i32Shl);
  } else out.byte(op.i32Const).s32(bytesPerUnitShift).byte(op.i32ShrU);
  out.byte(op.i32Sub).byte(op.i32Const).s32(price).byte(op.i32Sub);
  settle(out, fuel);
  out.byte(op.localGet).u32(local);
}

/** What is left lies on top of the stack: it becomes the counter, and below zero the guest traps. */
function settle(out: Writer, fuel: number): void {
  out.byte(op.globalSet).u32(fuel).byte(op.globalGet).u32(fuel);
  out.byte(op.i32Const).s32(0).byte(op.i32LtS);
  out.byte(op.if).byte(0x40).byte(op.unreachable).byte(op.end);
}
