import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";

test("the example of the README runs and prints what it says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const source = new URL("../src/index.ts", import.meta.url).href;
  using folder = tempFolder();
  writeFileSync(folder.join("example.ts"), example.replace("@mothership/manifest", source));
  const { stdout, stderr, status } = spawnSync(process.execPath, [folder.join("example.ts")], { cwd: folder.path, encoding: "utf8" });
  const said = [...example.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, text]) => text);
  expect(stdout.trim().split("\n")).toEqual(said);
  expect(stderr).toContain("ship-manifest.toml  the manifest does not exist");
  expect(status).toBe(0);
});
