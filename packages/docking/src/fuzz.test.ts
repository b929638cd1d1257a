import { expect, test } from "vitest";
import { fuzz } from "../test/fuzz.ts";

// DOCKING_FUZZ_SEED makes another run of it.
const frames = Number(process.env["DOCKING_FUZZ_FRAMES"] ?? 1_000_000);
const seed = Number(process.env["DOCKING_FUZZ_SEED"] ?? 1);

test(`${frames} random or mutated frames end in a value, a coded error, or the wish for more bytes`, { timeout: 120_000 }, () => {
  const result = fuzz(frames, seed);
  // Each kind of end is common, so that a decoder that refuses or swallows everything does not pass.
  for (const count of [result.values, result.errors, result.incomplete]) expect(count).toBeGreaterThan(frames / 50);
  expect(result.values + result.errors + result.incomplete).toBe(frames);
});
