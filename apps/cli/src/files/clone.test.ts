import { mkdirSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";
import { linkCommand, packageInClone } from "./clone.ts";

test("a package is looked for in a clone alone, and a folder of the same name is not taken for it", () => {
  using folder = tempFolder();
  const program = folder.join("apps/cli/dist");
  expect(packageInClone("@mothership/docking", program)).toBeUndefined();
  mkdirSync(folder.join("packages/docking"), { recursive: true });
  writeFileSync(folder.join("packages/docking/package.json"), '{ "name": "docking" }');
  expect(packageInClone("@mothership/docking", program)).toBeUndefined();
  writeFileSync(folder.join("packages/docking/package.json"), '{ "name": "@mothership/docking" }');
  expect(packageInClone("@mothership/docking", program)).toBe(folder.join("packages/docking"));
});

test("the command that links it takes any path", () => {
  expect(linkCommand("@mothership/docking", "/it's here/docking")).toContain(
    `ln -s '/it'\\''s here/docking' node_modules/@mothership/docking`,
  );
});
