import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ManifestError } from "../src/errors.ts";
import { limits } from "../src/limits.ts";
import { manifestSchema } from "../src/manifest-schema.ts";
import { parseManifest } from "../src/parse.ts";
import type { JsonSchema } from "../src/validate.ts";
import { http } from "./issues.ts";

const text = readFileSync(new URL("../../../docs/manifest.md", import.meta.url), "utf8");

interface Row {
  readonly key: string;
  readonly initial: string;
}

/** The rows of the tables of keys, each table under the heading or sentence that it belongs to. */
function tableAfter(mark: string): readonly Row[] {
  const from = text.indexOf(`\n${mark}`);
  expect(from, mark).toBeGreaterThan(-1);
  const [table = ""] = text.slice(text.indexOf("\n| Key |", from)).split("\n\n", 1);
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => {
      const cells = line.split(" | ");
      return { key: /`([^`]+)`/.exec(cells[0] ?? "")?.[1] ?? "", initial: (cells[2] ?? "").trim() };
    });
}

/** The table schema at a path of keys; of lists and groups, that of their elements. */
function schemaAt(...path: readonly string[]): JsonSchema {
  let schema: JsonSchema = manifestSchema;
  const open = (one: JsonSchema): JsonSchema => {
    if (one.items) return open(one.items);
    if (one.patternProperties) return open(Object.values(one.patternProperties)[0] ?? {});
    return one.anyOf?.find(({ type }) => type === "object") ?? one;
  };
  for (const key of path) schema = open(schema.properties?.[key] ?? {});
  return schema;
}

describe("docs/manifest.md", () => {
  test.each<[string, JsonSchema, ...string[]]>([
    ["## Whole file", schemaAt()],
    ["## `[mothership]`", schemaAt("mothership")],
    ["### `[mothership.bind]`", schemaAt("mothership", "bind")],
    ["### `[mothership.proxy]`", schemaAt("mothership", "proxy")],
    ["### `[mothership.access_log]`", schemaAt("mothership", "access_log")],
    ["### `[[mothership.static_dirs]]`", schemaAt("mothership", "static_dirs")],
    ["### `[mothership.cors_cache]`", schemaAt("mothership", "cors_cache")],
    ["### `[mothership.rate_limiting]`", schemaAt("mothership", "rate_limiting")],
    ["### `[[mothership.prelaunch]]`", schemaAt("mothership", "prelaunch"), "## Processes"],
    ["### `[mothership.flagship]`", schemaAt("mothership", "flagship")],
    ["`static_flagship` as a table", schemaAt("mothership", "flagship", "static_flagship")],
    ["### `[[mothership.uplinks]]`", schemaAt("mothership", "uplinks")],
    ["### `[mothership.logs]`", schemaAt("mothership", "logs")],
    ["## `[[fleet.<group>]]`", schemaAt("fleet"), "## Processes", "### Ships and bays"],
    ["## `[[bays.<type>]]`", schemaAt("bays"), "## Processes", "### Ships and bays"],
    ["### Log files", schemaAt("fleet", "log")],
    ["### Checks", schemaAt("fleet", "startup")],
    ["### Dependencies", schemaAt("fleet", "depends_on")],
    ["## How a ship is asked", schemaAt("fleet", "upstream")],
    ["`retries` as a table", schemaAt("fleet", "upstream", "retries")],
    ["`circuit_breaker` as a table", schemaAt("fleet", "upstream", "circuit_breaker")],
    ["## Routes", schemaAt("fleet", "routes")],
    ["## `[[shields.rules]]`", schemaAt("shields", "rules")],
    ["## `[[modules]]`", schemaAt("modules")],
  ])("has exactly the keys of the schema, with their defaults, under %s", (mark, schema, ...shared) => {
    const rows = [mark, ...shared].flatMap(tableAfter);
    expect(rows.map(({ key }) => key)).toEqual(Object.keys(schema.properties ?? {}));
    for (const { key, initial } of rows) {
      const inner: JsonSchema & { readonly default?: unknown } = schema.properties?.[key] ?? {};
      const unstated =
        key === "enabled" && /cors_cache|access_log/.test(mark)
          ? "`true`"
          : key === "name" && mark.includes("uplinks")
            ? "`host:port`"
            : key === "name" && mark.includes("shields")
              ? "`rule-1`"
              : "none";
      const expected = schema.required?.includes(key)
        ? "required"
        : inner.default === undefined
          ? unstated
          : `\`${JSON.stringify(inner.default)}\``;
      expect(initial, key).toBe(expected);
    }
  });

  test("names every limit as it is", () => {
    const { fileBytes: _, envFileBytes: __, ...numbers } = limits;
    for (const [name, value] of Object.entries(numbers)) expect(text, name).toMatch(new RegExp(`\\b${value}\\b`));
    expect([limits.fileBytes, limits.envFileBytes]).toEqual([1024 * 1024, 1024 * 1024]);
  });

  test("shows only TOML that is right", () => {
    const blocks = [...text.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) {
      const ship = '[[fleet.z]]\nname = "z"\ncommand = "z"\nbind = "9"\n';
      const whole = `${block.includes("[mothership.bind]") ? "" : http}${block.startsWith("routes") ? ship : ""}${block}\n${block.startsWith("routes") ? "" : ship}`;
      try {
        parseManifest(whole);
      } catch (error) {
        throw error instanceof ManifestError ? new Error(`${error.message}\n${block}`) : error;
      }
    }
  });
});
