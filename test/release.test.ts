import { mkdirSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { examplesIn, importedPackages, installLine } from "../scripts/examples.ts";
import { contentProblems } from "../scripts/rehearsal/contents.ts";

const readme = `# x

## Install

\`\`\`sh
npm install @mothership/x @mothership/kernel
\`\`\`

## Example

\`\`\`ts
import assert from "node:assert/strict";
import { type A, b } from "@mothership/x/part";
import {
  c,
} from "@mothership/kernel";
await import("./own.ts");
\`\`\`
`;

describe("the examples of a README", () => {
  test("are found with the line that they begin on", () => {
    expect(examplesIn(readme).map(({ line, code }) => [line, code.split("\n")[0]])).toEqual([
      [12, 'import assert from "node:assert/strict";'],
    ]);
  });

  test("are compared with what the Install section names", () => {
    expect(installLine(readme)).toEqual(["@mothership/x", "@mothership/kernel"]);
    expect(importedPackages(readme)).toEqual(["@mothership/x", "@mothership/kernel"]);
  });
});

describe("the contents of a tarball", () => {
  const good = { scripts: {}, dependencies: { ws: "8.0.0" }, exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } } };
  const map = { version: 3, file: "", sources: ["../src/index.ts"], sourcesContent: ["let a = 1;\n"], names: [], mappings: "AAAA" };
  const files = (over: Readonly<Record<string, string | undefined>> = {}): Record<string, string | undefined> => ({
    "package.json": JSON.stringify(good),
    "README.md": "# x",
    LICENSE: "MIT",
    "CHANGELOG.md": "# x\n\n## 0.1.0\n",
    "dist/index.d.ts": "export {};\n",
    "dist/index.js": "let a = 1;\n//# sourceMappingURL=index.js.map\n",
    "dist/index.js.map": JSON.stringify(map),
    ...over,
  });

  test.each<[string, Readonly<Record<string, string | undefined>>, string[]]>([
    ["finds nothing where all is well", {}, []],
    ["misses a licence", { LICENSE: undefined }, ["x: LICENSE is missing"]],
    ["misses the version in the changelog", { "CHANGELOG.md": "# x\n" }, ["x: CHANGELOG.md says nothing about 0.1.0"]],
    ["wonders at a test", { "dist/a.test.js": "//\n" }, ["x: dist/a.test.js has no place in a release"]],
    [
      "refuses a range that means nothing outside",
      { "package.json": JSON.stringify({ ...good, dependencies: { kernel: "workspace:^" } }) },
      ['x: it depends on kernel as "workspace:^", which means nothing outside the workspace'],
    ],
    [
      "refuses install scripts",
      { "package.json": JSON.stringify({ ...good, scripts: { postinstall: "true" } }) },
      ['x: it has the install script "postinstall"'],
    ],
    ["misses what is exported", { "dist/index.d.ts": undefined }, ["x: it exports ./dist/index.d.ts, which is not in it"]],
    ["misses a map", { "dist/index.js.map": undefined }, ["x: dist/index.js points to index.js.map, which is not in it"]],
    ["misses the mark of a map", { "dist/index.js": "let a = 1;\n" }, ["x: dist/index.js has no source map"]],
    [
      "misses the text of a source",
      { "dist/index.js.map": JSON.stringify({ ...map, sourcesContent: [null] }) },
      ["x: dist/index.js.map has no text for ../src/index.ts"],
    ],
    [
      "follows a map to where there is nothing",
      { "dist/index.js.map": JSON.stringify({ ...map, mappings: "AAUA" }) },
      ["x: dist/index.js.map leads line 1 to a place that its source does not have"],
    ],
  ])("%s", (_, over, problems) => {
    using folder = tempFolder();
    mkdirSync(folder.join("dist"));
    for (const [name, text] of Object.entries(files(over))) if (text !== undefined) writeFileSync(folder.join(name), text);
    expect(contentProblems({ name: "x", version: "0.1.0", folder: "packages/x", tarball: "" }, folder.path)).toEqual(problems);
  });
});
