import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { durationBucketsMs, families } from "./registry.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README lists every metric with its labels, its type and what it says", () => {
  const rows = Array.from(
    readme.matchAll(/^\| `(mothership_\w+)` +\| (.*?) +\| (\w+) +\| (.*?) *\|$/gm),
    ([, name, labels = "", type, help]) => ({
      name,
      labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label]) => label),
      type,
      help,
    }),
  );
  expect(rows).toEqual(Object.values(families).map(({ name, labels, type, help }) => ({ name, labels: [...labels], type, help })));
});

test("the README lists the buckets of the duration", () => {
  expect(readme).toContain(durationBucketsMs.map((ms) => ms / 1000).join(", "));
});
