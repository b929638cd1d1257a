import { describe, expect, test } from "vitest";
import { fromShellLine, splitWords } from "./command-words.ts";
import { readIni } from "./ini.ts";
import { readLiteral } from "./js-literal.ts";
import { noteEnvFile } from "./procfile-env.ts";
import { expand, readPairs } from "./supervisord-values.ts";

/** A file may come from anywhere. As long as one may be, and made so that a careless expression would try for hours. */
const size = 1024 * 1024;
const many = (piece: string): string => piece.repeat(Math.floor(size / piece.length));

describe("a file of a megabyte", () => {
  test.each<[string, () => unknown]>([
    ["blanks in a literal", () => readLiteral(`module.exports = {${many(" ")}x`)],
    ["comments that do not end", () => readLiteral(`module.exports = {${many("/* ")}`)],
    ["comments that do", () => readLiteral(`module.exports = {${many("/**/ //\n")}`)],
    ["texts that do not end", () => readLiteral(`[${many("'\n")}`)],
    ["escapes", () => readLiteral(`['${many("\\'")}`)],
    ["lists in lists", () => readLiteral(many("["))],
    ["numbers", () => readLiteral(`[${many("1,")}]`)],
    ["blanks in a section", () => readIni(`[a]\na${many(" ")}b\n`, "f")],
    ["lines that go on", () => readIni(`[a]\nk=1\n${many(" x\n")}`, "f")],
    ["words", () => fromShellLine(`a ${many("b ")}`, {})],
    ["variables in front of nothing", () => fromShellLine(`${many("A=b ")}$`, {})],
    ["variables in a word", () => fromShellLine(`a ${many("$A")}`, {})],
    ["quotes", () => splitWords(many("'a' \\b "))],
    ["pairs", () => readPairs(many("A=1,"))],
    ["blanks between pairs", () => readPairs(`A=1${many(" ")}B`)],
    ["what is to be put in", () => expand(many("%(ENV_A)s"), {})],
    ["blanks in a .env", () => noteEnvFile("f", `A=${many(" ")}$`)],
  ])("full of %s is read in a moment", (_, read) => {
    const start = performance.now();
    read();
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
