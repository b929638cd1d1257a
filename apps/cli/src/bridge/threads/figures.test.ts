import { expect, test } from "vitest";
import { addFigures } from "./figures.ts";

const of = (name: string, calls: number, failures: Record<string, number> = {}) => ({ name, calls, blocks: 1, failures, totalMs: 0.5 });

test("figures of payloads are added up by name, in the order of the first list", () => {
  const sum = addFigures([of("b", 1, { trap: 1 }), of("a", 2)], [of("a", 3, { fuel: 2 }), of("b", 4, { trap: 2, fuel: 1 }), of("c", 5)]);
  expect(sum).toEqual([
    { name: "b", calls: 5, blocks: 2, failures: { trap: 3, fuel: 1 }, totalMs: 1 },
    { name: "a", calls: 5, blocks: 2, failures: { fuel: 2 }, totalMs: 1 },
    { name: "c", calls: 5, blocks: 1, failures: {}, totalMs: 0.5 },
  ]);
});
