import fc from "fast-check";
import { expect, test } from "vitest";
import { type Placed, RunningList } from "./running-list.ts";

test("a list of what runs is a set, whatever comes and goes in whatever order", () => {
  const step = fc.record({ add: fc.boolean(), member: fc.nat({ max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const members = Array.from({ length: 10 }, (): Placed => ({ place: -1 }));
      const list = new RunningList<Placed>();
      const model = new Set<Placed>();
      for (const { add, member } of steps) {
        const one = members[member]!;
        if (add) {
          list.add(one);
          model.add(one);
        } else {
          list.delete(one);
          model.delete(one);
        }
        expect(new Set(list)).toEqual(model);
        expect([...list]).toHaveLength(model.size);
        expect(list.size).toBe(model.size);
      }
    }),
  );
});

test("members may leave while they are gone through", () => {
  const list = new RunningList<Placed>();
  for (let count = 0; count < 5; count++) list.add({ place: -1 });
  let seen = 0;
  for (const one of list) {
    list.delete(one);
    seen++;
  }
  expect([seen, list.size]).toEqual([5, 0]);
});
