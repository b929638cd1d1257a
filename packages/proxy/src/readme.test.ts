import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answers } from "./reply.ts";

test("the README lists every reason that the proxy can give, with its status", () => {
  const rows = readFileSync(new URL("../README.md", import.meta.url), "utf8").matchAll(/^\| (\d{3}) +\| (.*)\|$/gm);
  const listed = Array.from(rows, ([, status, cell = ""]) =>
    Array.from(cell.matchAll(/`([a-z-]+)`/g), ([, reason]) => `${status} ${reason}`),
  ).flat();
  const given = Object.values(answers).map(({ status, reason }) => `${status} ${reason}`);
  expect(listed.sort()).toEqual(given.sort());
});
