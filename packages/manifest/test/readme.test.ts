import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";

test("the example of the README runs, and what it asserts is so", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const source = new URL("../src/index.ts", import.meta.url).href;
  using folder = tempFolder();
  writeFileSync(folder.join("example.ts"), example.replace("@mothership/manifest", source));
  const { stderr, status } = spawnSync(process.execPath, [folder.join("example.ts")], { cwd: folder.path, encoding: "utf8" });
  expect(stderr).toContain('unknown key "comand" in fleet.web[0]');
  expect(status).toBe(0);
});
