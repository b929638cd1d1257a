import { describe, expect, test } from "vitest";
import { fuelExport, meter } from "../src/wasm/meter.ts";
import { generateModule, randomFrom } from "./support/generate-module.ts";

const budget = 20_000_000;
const runs = Number(process.env["DIFFERENTIAL_RUNS"] ?? 500);
const firstSeed = Number(
  process.env["DIFFERENTIAL_SEED"] ?? randomFrom(process.pid ^ Number(process.hrtime.bigint() & 0xffffffn))() * 2 ** 31,
);

interface Run {
  readonly outcome: unknown;
  readonly state: unknown;
  readonly left: number;
  readonly count: bigint;
}

/** Calls `f0` with zeros and looks at all that it can have changed. */
function run(bytes: Uint8Array<ArrayBuffer>, fuel?: number): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const counter = exports[fuelExport] as WebAssembly.Global | undefined;
  if (counter && fuel !== undefined) counter.value = fuel;
  let outcome: unknown;
  try {
    // One zero for each parameter; the call makes the right kind of it, but for 64 bits, which want a bigint.
    outcome = callWithZeros(exports["f0"] as (...values: unknown[]) => unknown);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    outcome = error.message;
  }
  const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  const globals = [0, 1, 2, 3].map((index) => (exports[`g${index}`] as WebAssembly.Global).value);
  const table = exports["table"] as WebAssembly.Table;
  const entries = Array.from({ length: table.length }, (_, index) => table.get(index)?.name ?? null);
  const state = { hash: hash(memory), bytes: memory.length, globals, entries };
  const count = (exports["count"] as { readonly value: bigint } | undefined)?.value ?? 0n;
  return { outcome, state, left: counter?.value ?? 0, count };
}

function callWithZeros(run: (...values: unknown[]) => unknown): unknown {
  for (let mask = 0; ; mask++) {
    const zeros = Array.from({ length: run.length }, (_, index) => ((mask >> index) & 1 ? 0n : 0));
    try {
      return run(...zeros);
    } catch (error) {
      if (!(error instanceof TypeError) || mask >= 2 ** run.length - 1) throw error;
    }
  }
}

function hash(bytes: Uint8Array): number {
  let sum = 0;
  for (const word of new Uint32Array(bytes.buffer)) sum = (Math.imul(sum, 31) + word) | 0;
  return sum;
}

describe("metered modules", () => {
  test(`do what the originals do, for at least as much fuel as instructions run (${runs} modules from seed ${Math.floor(firstSeed)})`, () => {
    const tally = { finished: 0, trapped: 0, tooLong: 0 };
    for (let index = 0; index < runs; index++) {
      const seed = Math.floor(firstSeed) + index;
      const where = `seed ${seed}`;
      const bytes = generateModule(seed);
      expect(WebAssembly.validate(bytes), where).toBe(true);
      const metered = meter(bytes, { memoryBytes: 3 * 65_536 });
      const ours = run(metered.bytes, budget);
      if (ours.left < 0) {
        tally.tooLong++;
        continue;
      }
      const { outcome, state } = run(bytes);
      expect({ outcome: ours.outcome, state: ours.state }, where).toEqual({ outcome, state });
      const counted = run(generateModule(seed, { counting: true }));
      expect(counted.outcome, where).toEqual(outcome);
      const used = budget - ours.left;
      expect(used, where).toBeGreaterThanOrEqual(Number(counted.count));
      expect(run(metered.bytes, used), where).toMatchObject({ outcome, left: 0 });
      const short = run(metered.bytes, used - 1);
      expect([short.left < 0, short.outcome], where).toEqual([true, "unreachable"]);
      if (typeof outcome === "string") tally.trapped++;
      else tally.finished++;
    }
    // Programs that end at once, or never, would show nothing.
    expect(tally.finished, JSON.stringify(tally)).toBeGreaterThan(runs / 4);
  });
});
