import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedCache } from "./bounded-cache.ts";

test("never holds more than its capacity, and never a value under another key", () => {
  const key = fc.oneof(fc.string(), fc.stringMatching(/^[a-d]{1,2}$/));
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.array(key, { maxLength: 200 }), (capacity, keys) => {
      const cache = new BoundedCache<string>(capacity);
      for (const one of keys) {
        const found = cache.get(one);
        if (found === undefined) cache.set(one, one);
        else expect(found).toBe(one);
        expect(cache.size).toBeLessThanOrEqual(capacity);
      }
    }),
  );
});

test("keeps what is asked for again through a flood of keys that are not", () => {
  const cache = new BoundedCache<number>(10);
  cache.set("used", 1);
  for (let i = 0; i < 1000; i++) {
    expect(cache.get("used")).toBe(1);
    cache.set(`flood ${i}`, i);
  }
});

test("forgets what nobody asks for", () => {
  const cache = new BoundedCache<number>(10);
  cache.set("unused", 1);
  for (let i = 0; i < 20; i++) cache.set(`other ${i}`, i);
  expect(cache.get("unused")).toBeUndefined();
});

test("does not take two texts for one that have the same low bytes", () => {
  const cache = new BoundedCache<string>(10);
  cache.set("\u0141", "not latin-1");
  expect(cache.get("A")).toBeUndefined();
  expect(cache.get("\u0141")).toBeUndefined();
});
