import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManifestError } from "../src/errors.ts";
import { formatIssues } from "../src/format-issues.ts";
import { manifestSchema } from "../src/manifest-schema.ts";
import { parseManifest } from "../src/parse.ts";
import { starterManifest } from "../src/starter.ts";
import type { JsonSchema } from "../src/validate.ts";
import { http, issuesOf, ship } from "./issues.ts";

/** Reads a text; anything but a manifest or a ManifestError fails. */
function outcome(text: string): "manifest" | "error" {
  try {
    parseManifest(text, { env: { DATABASE_URL: "postgres://h/x" } });
    return "manifest";
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    expect(error.issues.length).toBeGreaterThan(0);
    const lines = text.split("\n").length;
    for (const { line = 1, column = 1, message } of error.issues) {
      expect(line).toBeLessThanOrEqual(lines);
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      expect(message).not.toMatch(/undefined|\[object|\n/);
    }
    expect(formatIssues(error, { color: false })).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    return "error";
  }
}

const everything = starterManifest.replaceAll(/^#(?=[a-z[])/gm, "");
const words = [
  "[",
  "]",
  "[[",
  "]]",
  "{",
  "}",
  "=",
  ",",
  '"',
  "'",
  "\n",
  "true",
  "-1",
  "nan",
  "1e400",
  '""',
  "[]",
  "{}",
  "\u0000",
  "\\",
  "é",
  "$",
  "__proto__",
  "1979-05-27",
  "fleet",
  "mothership",
];

/** Values of every kind, right and wrong, for every key of the schema. */
const anyValue = fc.constantFrom(
  "1",
  "-5",
  "0",
  "true",
  '""',
  '"x"',
  '"/"',
  '"http:/"',
  "[]",
  "[1]",
  '["a"]',
  "{}",
  '{ bind = "http", pattern = "/" }',
  "nan",
  "99999999999999999999",
  "2001-01-01",
  '"a b"',
  '"3000"',
  '"$X"',
  "[[]]",
  "[{}]",
);

function* keysOf(schema: JsonSchema, path: string): Generator<string> {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const here = path ? `${path}.${key}` : key;
    yield here;
    yield* keysOf(inner, here);
    for (const one of inner.anyOf ?? []) yield* keysOf(one, here);
    if (inner.patternProperties)
      for (const one of Object.values(inner.patternProperties)) yield* [`${here}.x`, ...keysOf(one, `${here}.x`)];
  }
  for (const [key, inner] of Object.entries(schema.items?.properties ?? {})) yield* [`${path}.${key}`, ...keysOf(inner, `${path}.${key}`)];
}

describe("any text", () => {
  test("of random characters ends in a ManifestError or a Manifest", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => outcome(text) !== undefined),
      { numRuns: 400 },
    );
  });

  test("that was a manifest before pieces were cut, doubled or put in ends in a ManifestError or a Manifest", () => {
    const changes = fc.array(fc.tuple(fc.nat(everything.length), fc.nat(30), fc.constantFrom(...words, "")), {
      minLength: 1,
      maxLength: 5,
    });
    const seen = { manifest: 0, error: 0 };
    fc.assert(
      fc.property(changes, (edits) => {
        let text = everything;
        for (const [at, length, word] of edits) text = text.slice(0, at) + word + text.slice(at + length);
        seen[outcome(text)]++;
      }),
      { numRuns: 500 },
    );
    expect(seen.error).toBeGreaterThan(0);
  });

  test("with any value under any key ends in a ManifestError or a Manifest", () => {
    const paths = [...keysOf(manifestSchema, "")];
    expect(paths.length).toBeGreaterThan(60);
    const lines = fc.uniqueArray(fc.tuple(fc.constantFrom(...paths), anyValue), { minLength: 1, maxLength: 4, selector: ([path]) => path });
    fc.assert(
      fc.property(lines, (pairs) => {
        outcome(pairs.map(([path, value]) => `${path} = ${value}`).join("\n"));
      }),
      { numRuns: 1500 },
    );
  });

  test("named like what objects inherit is only text", () => {
    for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(issuesOf(`${key} = 1\n`)[0]?.message).toContain("unknown key");
      const { ships, bays } = parseManifest(
        `${ship("constructor", `env = { ${key} = "x" }`)}[[bays.${key}]]\nname = "${key}1"\ncommand = "c"\n`,
      );
      expect(Object.entries(ships[0]?.env ?? {})).toEqual([[key, "x"]]);
      expect(bays[0]?.type).toBe(key);
    }
  });
});

describe("secrets", () => {
  const env = { URL: "postgres://app:hunter2@db:70000/x", WRONG: "ftp://app:hunter2@db/x", PARTS: "app:hunter2" };

  test.each([
    ['[[mothership.uplinks]]\nurl = "$URL"\n'],
    ['[[mothership.uplinks]]\nurl = "$WRONG"\n'],
    ['[[mothership.uplinks]]\nurl = "redis://$PARTS@"\n'],
    ['[[mothership.uplinks]]\nname = "a"\nurl = "postgres://app:hunter2@db:70000/x"\n'],
    ['[mothership.flagship]\nenabled = true\nelection = "postgres"\nelection_url = "$WRONG"\n'],
    ['[mothership.flagship]\nenabled = true\nelection = "postgres"\nelection_url = "postgres://app:hunter2@db/x?sslmode=allow"\n'],
    ['[[fleet.x]]\nname = "a"\ncommand = "b"\nenv = { DB_PASSWORD = "hunter2", "a=b" = 1 }\n'],
    ['[[fleet.x]]\nname = "a"\ncommand = "b"\nenv = { DB_PASSWORD = ["hunter2"] }\n'],
    ['[[fleet.x]]\nname = "a"\nenv = { DATABASE_URL = "postgres://app:hunter2@db" }\n'],
    ['[[bays.x]]\nname = "a"\ncommand = "b"\nconfig = { password = "hunter2\\u0000" }\n'],
    ['[[fleet.x]]\nname = "a"\ncommand = "b"\nbind = "redis://app:hunter2@h:1"\n'],
    ['[[fleet.x]]\nname = "a"\nenv = { API_TOKEN = "hunter2" }\nbroken = yes\n'],
  ])("are in no message, hint or frame: %j", (text) => {
    const issues = issuesOf(text, { env });
    expect(JSON.stringify(issues)).not.toContain("hunter2");
  });
});

describe("limits", () => {
  test.each([
    ["depth", `a = ${"[".repeat(17)}${"]".repeat(17)}\n`, /excessively nested/],
    ["a name", ship("a".repeat(65)), /a name of ASCII/],
    ["a text", ship("a", `args = ["${"x".repeat(8193)}"]`), /has 8193 characters, and may have 8192/],
    ["arguments", ship("a", `args = [${'"",'.repeat(1025)}]`), /"args" has 1025 elements, and may have 1024/],
    ["tags", ship("a", `tags = [${'"a",'.repeat(65)}]`), /"tags" has 65 elements, and may have 64/],
    ["dependencies", ship("a", `depends_on = [${'"a",'.repeat(257)}]`), /"depends_on" has 257 elements/],
    ["routes", `${http}${ship("a", 'bind = "1"', `routes = [${'"http:/",'.repeat(1025)}]`)}`, /"routes" has 1025 elements/],
    [
      "variables",
      ship("a", `env = { ${Array.from({ length: 1025 }, (_, n) => `A${n} = "1"`).join(", ")} }`),
      /"env" has 1025 entries, and may have 1024/,
    ],
    ["binds", `[mothership.bind]\n${Array.from({ length: 65 }, (_, n) => `b${n} = "${n + 1}"\n`).join("")}`, /"bind" has 65 entries/],
    ["modules", '[[modules]]\nname = "m"\nwasm = "w"\n'.repeat(257), /"modules" has 257 elements/],
    ["ships of a group", ship("a").repeat(1025), /"web" has 1025 elements, and may have 1024/],
    [
      "values with inherited ones",
      `[base.ship]\nenv = { ${Array.from({ length: 1000 }, (_, n) => `A${n} = "1"`).join(", ")} }\n${Array.from({ length: 201 }, (_, n) => ship(`s${n}`)).join("")}`,
      /has 201000 routes, variables and other values with the inherited ones, and may have 200000/,
    ],
    [
      "ships and bays",
      Array.from({ length: 2049 }, (_, n) => `[[fleet.g${n >> 9}]]\nname = "s${n}"\ncommand = "c"\n`).join(""),
      /has 2049 ships and bays, and may have 2048/,
    ],
  ])("of %s are kept", (_, text, message) => {
    expect(issuesOf(text)[0]?.message).toMatch(message);
  });

  test("a manifest as large as is allowed is read in a moment, whatever is in it", () => {
    const fill = (piece: (n: number) => string, head = ""): string => {
      const pieces: string[] = [head];
      for (let n = 0, size = head.length; size < 1_000_000; n++) {
        const next = piece(n);
        pieces.push(next);
        size += next.length;
      }
      return pieces.join("");
    };
    const long = "x".repeat(60);
    const texts = [
      fill((n) => `key${n} = 1\n`),
      fill((n) => `[[fleet.web]]\nname = "${n % 7}"\nbogus = 1\n`),
      fill(() => '"",', '[[fleet.web]]\nname = "a"\ncommand = "b"\nargs = [').concat("]"),
      fill(
        (n) =>
          `[[fleet.g${n >> 10}]]\nname = "s${n}"\ncommand = "c"\ndepends_on = [${Array.from({ length: 24 }, (_, k) => `"s${(n * 7 + k) % 900}${k % 9 ? "" : long}"`).join()}]\n`,
      ),
      fill(() => "a.", "").concat("b = 1"),
      fill(() => "# comment '''\n"),
      fill(() => "\\n", 'a = "').concat('"'),
      fill(() => '["', "a = "),
      fill(() => "=key=", "# "),
      fill((n) => `[base.a${n}.b]\n`),
      fill(() => "a://b:", "a = '").concat("'"),
    ];
    const inherits = `[base.ship]\ntags = [${'"a",'.repeat(60)}]\nenv = { ${fill((n) => `A${n} = "1", `).slice(0, 9000)} Z = "" }\n`;
    texts.push(fill((n) => `[[fleet.g${n >> 10}]]\nname = "s${n}"\ncommand = "c"\n`, inherits));
    for (const text of texts) {
      expect(() => parseManifest(text)).toThrow(ManifestError);
    }
  }, 15_000);
});
