import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readLiteral } from "./js-literal.ts";
import { plainOf } from "./literal-of.ts";

const plain = (text: string): unknown => {
  const read = readLiteral(text);
  return "problem" in read ? read : plainOf(read);
};

describe("a file that holds data only", () => {
  test.each([
    ["module.exports = { a: 1, 'b': [true, null,], };", { a: 1, b: [true, null] }],
    ["export default {\n  // why\n  a: `x` /* y */\n}", { a: "x" }],
    ["({ a: -1.5e3 })", { a: -1500 }],
    ["'use strict';\nmodule.exports = [0x10, 1_000]", [16, 1000]],
    ['{ "a": "\\u0041\\n\\x42\\u{1F600}" }', { a: "A\nB\u{1F600}" }],
  ])("is read without being run: %s", (text, value) => expect(plain(text)).toEqual(value));

  test.each([
    ["module.exports = { a: process.env.A }", 1],
    ["const x = 1;\nmodule.exports = { x }", 1],
    ["module.exports = {\n a: 'x' + 'y' }", 2],
    ["module.exports = {\n\n a: `\u0024{x}` }", 3],
    ["module.exports = { ...base }", 1],
    ["module.exports = { a: __dirname + x }", 1],
    ["module.exports = { a: path.join(__dirname, x) }", 1],
    ["const fs = require('fs');\nmodule.exports = {}", 1],
    ["module.exports = { a: [1].map(x) }", 1],
    ["module.exports = { a: 1 }; require('x')", 1],
    ["module.exports = () => ({})", 1],
    ["module.exports = { a: 1", 1],
    ["", 1],
  ])("is told from one that computes something: %s", (text, line) => {
    expect(readLiteral(text)).toMatchObject({ line, problem: expect.stringMatching(/computed|too early/) });
  });

  test("knows the line of each key and value", () => {
    const read = readLiteral("module.exports = {\n  a: 1,\n  b: {\n    c: 2 } }");
    expect(read).toMatchObject({
      entries: [
        { key: "a", line: 2 },
        { key: "b", line: 3, value: { entries: [{ key: "c", line: 4 }] } },
      ],
    });
  });

  test("reads every JSON text as JSON does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(plain(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("ends with a value or a reason for any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."{}[]:,'\"`\\/*\n ab1-.=$") }),
        (text) => void readLiteral(`module.exports = {${text}`),
      ),
    );
  });
});
