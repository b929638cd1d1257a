import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { read, root } from "../scripts/workspace.ts";

const documents = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");

/** A text without what is code in it: what stands there leads nowhere. */
function prose(path: string): string {
  return read(path)
    .replaceAll(/^(`{3,})[\s\S]*?^\1/gm, "")
    .replaceAll(/`[^`\n]*`/g, (code) => "x".repeat(code.length));
}

/** The names under which the heads of a document can be linked to, as GitHub makes them. */
function anchors(path: string): Set<string> {
  const heads = read(path).matchAll(/^#+ +(.+)$/gm);
  return new Set(
    Array.from(heads, ([, head = ""]) =>
      head
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

describe("every document", () => {
  test.each(documents)("%s links only to what is there", (document) => {
    const broken = Array.from(prose(document).matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target).filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = "", anchor] = target.split("#");
      const place = path === "" ? document : relative(root, join(root, dirname(document), path));
      if (!existsSync(join(root, place))) return true;
      return anchor !== undefined && place.endsWith(".md") && !anchors(place).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

test("the map of the code names only files and folders that are there", () => {
  const words = Array.from(
    read("docs/architecture.md").matchAll(/`((?:packages|apps|scripts|examples|test)\/[^`\s*]+)`/g),
    ([, path = ""]) => path,
  );
  expect(words.length).toBeGreaterThan(5);
  expect(words.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
