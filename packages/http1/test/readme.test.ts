import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { upstreamFailures } from "../src/errors.ts";
import { defaultClientLimits, defaultClientTimeouts, defaultServerLimits, defaultServerTimeouts, refusals } from "../src/index.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const rows = readme.match(/^\|.*\|$/gm)!.map((row) => row.split("|").map((cell) => cell.trim()));

describe("the README", () => {
  test("lists every refusal with its status, section and reason", () => {
    for (const { code, status, section, reason } of Object.values(refusals))
      expect(rows).toContainEqual(["", `\`${code}\``, String(status), section, reason, ""]);
  });

  test("lists every failure of a pool with its sentence", () => {
    for (const [code, sentence] of Object.entries(upstreamFailures)) expect(rows).toContainEqual(["", `\`${code}\``, `${sentence}.`, ""]);
  });

  test("names every limit and time-out", () => {
    const first = rows.map((row) => row[1]).join(" ");
    for (const name of [defaultServerLimits, defaultServerTimeouts, defaultClientLimits, defaultClientTimeouts].flatMap(Object.keys))
      expect(first).toContain(`\`${name}\``);
  });
});

describe("the example of the README", () => {
  test("is a working proxy, as it checks itself", { timeout: 30_000 }, async () => {
    // Within the package its own name resolves to what it ships.
    const folder = mkdtempSync(join(root, ".example-"));
    try {
      const file = join(folder, "example.ts");
      writeFileSync(file, /^```ts\n([\s\S]*?)^```/m.exec(readme)![1]!);
      const child = spawn(process.execPath, [file], { stdio: "inherit" });
      expect(await once(child, "exit")).toEqual([0, null]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
