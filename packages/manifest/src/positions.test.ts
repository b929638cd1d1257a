import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { type Path, Positions } from "./positions.ts";

/** Every path of parsed data, tables and elements included. */
function* pathsOf(value: unknown, path: Path = []): Generator<readonly [Path, unknown]> {
  if (path.length > 0) yield [path, value];
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* pathsOf(item, [...path, index]);
  else if (typeof value === "object" && value !== null && !(value instanceof Date))
    for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key]);
}

const keyForm = /(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+)/y;

/** Fails unless every path that the parser finds has a place, the key stands there, and so does a text of the same value. */
function checkPlaces(text: string): number {
  const data: unknown = parse(text, { integersAsBigInt: "asNeeded" });
  const positions = new Positions(text);
  let count = 0;
  for (const [path, value] of pathsOf(data)) {
    count++;
    const place = positions.exact(path);
    if (!place) throw new Error(`no place for ${JSON.stringify(path)} in\n${text}`);
    const written = text.slice(place.start, place.end);
    const step = path.at(-1);
    if (typeof step === "string") {
      keyForm.lastIndex = place.key;
      const key = keyForm.exec(text)?.[0] ?? "";
      expect(Object.keys(parse(`${key} = 1`)), `the key of ${JSON.stringify(path)} in\n${text}`).toEqual([step]);
    }
    // Tables that are only implied, by a header below them or a dotted key, have no text of their own.
    if (written === "") expect(typeof value, `the value of ${JSON.stringify(path)} in\n${text}`).toBe("object");
    else if (!isHeaderOf(written, path)) expect(valueIn(written), `the value of ${JSON.stringify(path)} in\n${text}`).toEqual(value);
  }
  return count;
}

function valueIn(written: string): unknown {
  return parse(`x = ${written}`, { integersAsBigInt: "asNeeded" })["x"];
}

/** True for the text of a header, of one or two brackets, that opens the table at this path. */
function isHeaderOf(written: string, path: Path): boolean {
  if (!/^\[[^\n]*\]$/.test(written)) return false;
  const keys: string[] = [];
  try {
    for (let inner: unknown = parse(written); typeof inner === "object" && inner !== null; ) {
      const table: object = Array.isArray(inner) ? (inner as readonly object[])[0]! : inner;
      const [key] = Object.keys(table);
      if (key === undefined) break;
      keys.push(key);
      inner = Object.values(table)[0];
    }
  } catch {
    // An inline list is no header.
    return false;
  }
  return JSON.stringify(keys) === JSON.stringify(path.filter((step) => typeof step === "string"));
}

const bareKey = fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/);
const anyKey = fc.oneof({ weight: 4, arbitrary: bareKey }, { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: "binary" }) });

type Data = { readonly [key: string]: Value };
type Value = string | number | boolean | readonly Value[] | Data;

const { data } = fc.letrec<{ data: Data; value: Value }>((tie) => ({
  data: fc.dictionary(anyKey, tie("value"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4, depthSize: "max" },
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("a", "a]b", "x # y", 'say "hi"', "it's", "line\nline", "{", "}", "a,b", "'''", '"""', "\\"),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 4 }),
    { weight: 3, arbitrary: fc.array(tie("data"), { minLength: 1, maxLength: 3 }) },
    { weight: 4, arbitrary: tie("data") },
  ),
}));

/** Writes data as TOML, choosing among its forms by the numbers drawn. */
class Writer {
  readonly #draw: () => number;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  document(data: Data): string {
    return `${this.#noise()}${this.#table(data, [])}`;
  }

  #pick(choices: number): number {
    return this.#draw() % choices;
  }

  #noise(): string {
    return ["", "\n", "# [a] = \"'{\n", "  \t\n", "\r\n"][this.#pick(5)] ?? "";
  }

  #space(): string {
    return ["", " ", "\t", "  "][this.#pick(4)] ?? "";
  }

  #key(key: string): string {
    if (/^[\w-]+$/.test(key) && this.#pick(4) > 0) return key;
    if (/^[^'\u0000-\u001f\u007f\ud800-\udfff]*$/.test(key) && this.#pick(2) === 0) return `'${key}'`;
    return this.#basic(key);
  }

  #basic(text: string): string {
    return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
  }

  #text(text: string): string {
    const plain = !/[\u0000-\u0008\u000b-\u001f\u007f\ud800-\udfff]/.test(text);
    const choice = this.#pick(4);
    if (choice === 1 && plain && !/['\n]/.test(text)) return `'${text}'`;
    if (choice === 2 && plain && !text.includes("'''") && !text.endsWith("'")) return `'''${text.startsWith("\n") ? "\n" : ""}${text}'''`;
    if (choice === 3 && plain)
      return `"""${this.#pick(2) ? "\n" : text.startsWith("\n") ? "\n" : ""}${text.replaceAll("\\", "\\\\").replaceAll('"""', '""\\"').replace(/"$/, '\\"')}"""`;
    return this.#basic(text);
  }

  #inline(value: Value): string {
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 53 ? String(value) : this.#float(value);
    if (typeof value === "boolean") return String(value);
    const gap = this.#space();
    if (Array.isArray(value)) {
      const line = ["", "\n", " # ] }\n"][this.#pick(3)] ?? "";
      const items = value.map((item: Value) => `${line}${this.#inline(item)}${gap}`);
      return `[${items.join(",")}${items.length > 0 && this.#pick(2) ? "," : ""}${line}]`;
    }
    return `{${gap}${Object.entries(value)
      .map(([key, inner]) => `${this.#key(key)}${gap}=${gap}${this.#inline(inner)}`)
      .join(`,${gap}`)}${gap}}`;
  }

  #float(value: number): string {
    const text = String(value);
    return /[.e]/.test(text) ? text.replace(/^(-?\d+)e/, "$1.0e") : `${text}.0`;
  }

  #table(data: Data, path: readonly string[]): string {
    const later: string[] = [];
    let out = "";
    for (const [key, value] of Object.entries(data)) {
      const here = [...path, key];
      const header = here.map((part) => this.#key(part)).join(`${this.#space()}.${this.#space()}`);
      const style = this.#pick(3);
      if (isTables(value) && value.length > 0 && style > 0) {
        later.push(
          value
            .map((item) => `${this.#noise()}[[${this.#space()}${header}${this.#space()}]]${this.#space()}# x\n${this.#table(item, here)}`)
            .join(""),
        );
      } else if (isTable(value) && style === 1) {
        later.push(`${this.#noise()}[${this.#space()}${header}${this.#space()}]\n${this.#table(value, here)}`);
      } else if (isTable(value) && style === 2 && Object.keys(value).length > 0) {
        for (const [inner, item] of Object.entries(value))
          out += `${this.#key(key)}${this.#space()}.${this.#space()}${this.#key(inner)} = ${this.#inline(item)}\n`;
      } else {
        out += `${this.#space()}${this.#key(key)}${this.#space()}=${this.#space()}${this.#inline(value)}${this.#space()}${this.#pick(2) ? "# end" : ""}${this.#pick(3) ? "\n" : "\r\n"}${this.#noise()}`;
      }
    }
    return out + later.join("");
  }
}

function isTable(value: Value): value is Data {
  return typeof value === "object" && !Array.isArray(value);
}

function isTables(value: Value): value is readonly Data[] {
  return Array.isArray(value) && value.every(isTable);
}

const documents = fc.tuple(data, fc.array(fc.nat(1000), { minLength: 30, maxLength: 80 })).map(([data, numbers]) => {
  let next = 0;
  return new Writer(() => numbers[next++ % numbers.length] ?? 0).document(data);
});

describe("Positions", () => {
  test("finds every path of any document that the parser finds, with its key and its value", () => {
    let places = 0;
    fc.assert(
      fc.property(documents, (text) => {
        places += checkPlaces(text);
      }),
      { numRuns: 600 },
    );
    // Guards the generator: documents without anything in them would prove nothing.
    expect(places).toBeGreaterThan(10_000);
  });

  test.each([
    ["a table", "[a]\nb = 1\n", ["a", "b"], [2, 1]],
    ["a table that a deeper header implies", "[a.b]\nc = 1\n", ["a"], [1, 2]],
    ["a table whose own header comes later", "[a.b]\nc = 1\n[a]\nd = 2\n", ["a"], [3, 2]],
    ["the second of a list of tables", "[[a.b]]\nx = 1\n[[a.b]]\n", ["a", "b", 1], [3, 5]],
    ["a table inside the last of a list", "[[a]]\n[[a]]\n[a.b]\nc = 1\n", ["a", 1, "b", "c"], [4, 1]],
    ["a dotted key", "a . 'b' = 1\n", ["a", "b"], [1, 5]],
    ["an inline table", "a = { b = 1, c = 2 }\n", ["a", "c"], [1, 14]],
    ["an inline table over lines", "a = {\n  b = 1,\n  c = 2,\n}\n", ["a", "c"], [3, 3]],
    ["a list over lines with comments", "a = [ # ]\n  1,\n  # 2,\n  3,\n]\n", ["a", 1], [4, 3]],
    ["a key behind a long text", "a = '''\n'' [b]\n'''''\nb = 1\n", ["b"], [4, 1]],
    ["a key behind a text that ends in quotes", 'a = """x"""""\nb = 1\n', ["b"], [2, 1]],
    ["a key behind an escaped quote", 'a = "\\"#"\nb = 1\n', ["b"], [2, 1]],
    ["a key behind a byte order mark", "\uFEFFa = 1\n", ["a"], [1, 2]],
    ["a key with escapes", '"\\u0061\\x62\\t" = 1\n', ["ab\t"], [1, 1]],
    ["a key behind Windows line ends", "a = 1\r\nb = 2\r\n", ["b"], [2, 1]],
    ["a date with a space", "a = 1979-05-27 07:32:00\nb = 1\n", ["b"], [2, 1]],
  ] as const)("knows the place of %s", (_, text, path, [line, column]) => {
    parse(text);
    const positions = new Positions(text);
    const place = positions.exact(path);
    expect(place).toBeDefined();
    expect(positions.lineColumn(place?.key ?? -1)).toEqual({ line, column });
  });

  test("gives the nearest table around a path that is not there", () => {
    const positions = new Positions("[a]\nb = { c = 1 }\n");
    expect(positions.exact(["a", "b", "missing"])).toBeUndefined();
    expect(positions.lineColumn(positions.nearest(["a", "b", "missing", 3]).start)).toEqual({ line: 2, column: 5 });
    expect(positions.nearest(["nothing"]).start).toBe(0);
  });

  test("ends on any text, also when it is no TOML", () => {
    const pieces = fc.array(fc.constantFrom("[", "]", "{", "}", "=", ".", ",", '"', "'", '"""', "\n", "#", "a", "\\", " ", "\r"), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(pieces, (parts) => new Positions(parts.join("")).nearest(["a"]).start >= 0),
      { numRuns: 500 },
    );
  });

  test("takes time in proportion to the text", () => {
    const lines = 40_000;
    const texts = [
      "a.".repeat(lines) + "b = 1",
      "# x\n".repeat(lines),
      `a = [${"1,\n".repeat(lines)}]`,
      `a = '''${"\n''x".repeat(lines)}'''`,
      "[[a]]\n".repeat(lines),
    ];
    for (const text of texts) expect(new Positions(text).exact(["a"]) === undefined).toBe(text.startsWith("#"));
  }, 5000);
});
