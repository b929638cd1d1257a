import type { PayloadFigures } from "../edge.ts";

/** Figures of the same payloads in two threads, added up by name, in the order of the first list. Pure. */
export function addFigures(some: readonly PayloadFigures[], more: readonly PayloadFigures[]): readonly PayloadFigures[] {
  const names = new Set([...some, ...more].map(({ name }) => name));
  return Array.from(names, (name) => {
    const both = [...some, ...more].filter((one) => one.name === name);
    const failures: Record<string, number> = {};
    for (const one of both) for (const [kind, count] of Object.entries(one.failures)) failures[kind] = (failures[kind] ?? 0) + count;
    const sum = (of: (one: PayloadFigures) => number): number => both.reduce((total, one) => total + of(one), 0);
    return {
      name,
      calls: sum(({ calls }) => calls),
      blocks: sum(({ blocks }) => blocks),
      failures,
      totalMs: sum(({ totalMs }) => totalMs),
    };
  });
}
