import { describe, expect, test } from "vitest";
import { codeFrame } from "./frame.ts";

const marked = (text: string, line: number, column: number): string => {
  const [source, mark] = codeFrame(text, line, column)
    .split("\n")
    .slice(line > 1 ? 1 : 0);
  return (source ?? "")[(mark ?? "").length - 1] ?? "";
};

describe("codeFrame", () => {
  test("shows the line between its neighbours, with a mark under the column", () => {
    expect(codeFrame("one\ntwo\nthree\nfour", 3, 2)).toBe("  2 | two\n> 3 | three\n    |  ^\n  4 | four");
  });

  test("shows the first and the last line with the neighbours that they have", () => {
    expect(codeFrame("one\r\ntwo", 1, 1)).toBe("> 1 | one\n    | ^\n  2 | two");
    expect(codeFrame("one\ntwo", 2, 4)).toBe("  1 | one\n> 2 | two\n    |    ^");
    expect(codeFrame("", 1, 1)).toBe("> 1 |\n    | ^");
  });

  test("aligns numbers of different length", () => {
    expect(codeFrame("\n".repeat(9) + "ten", 10, 1)).toBe("   9 |\n> 10 | ten\n     | ^");
  });

  test("shows of a long line the part around the column", () => {
    const line = `${"a".repeat(5000)}X${"b".repeat(5000)}`;
    const frame = codeFrame(line, 1, 5001);
    expect(frame.split("\n")[0]?.length).toBeLessThan(140);
    expect(marked(line, 1, 5001)).toBe("X");
    expect(marked(`X${"b".repeat(500)}`, 1, 1)).toBe("X");
    expect(marked(`${"b".repeat(500)}X`, 1, 501)).toBe("X");
  });

  test("keeps the mark in place behind a tab", () => {
    expect(marked("\tX = 1", 1, 2)).toBe("X");
  });

  test("shows nothing that a terminal would act on", () => {
    // An attacker's manifest, shown by clearance in somebody else's terminal, could otherwise clear or forge its output.
    const frame = codeFrame("a = \u001b[2J\u0007\u009b31m \u202e", 1, 1);
    expect(frame).toBe("> 1 | a = ·[2J··31m ·\n    | ^");
  });

  test.each([
    ['url = "postgres://app:hunter2@db/x"', 'url = "postgres://app:***@db/x"'],
    ['url = "redis://:hunter2@db"', 'url = "redis://:***@db"'],
    ['url = "postgres://app:hunt@er2@db/x"', 'url = "postgres://app:***@db/x"'],
    ['env = { SECRET_KEY_BASE = "hunter2", A = "b" }', 'env = { SECRET_KEY_BASE = ***, A = "b" }'],
    ["DB_PASSWORD = 'hunter2'", "DB_PASSWORD = ***"],
    ['"api-key" = "hunter2"', '"api-key" = ***'],
    ["token = hunter2", "token = ***"],
    ['env = { TOKEN = "a,b}hunter2", A = "b" }', 'env = { TOKEN = ***, A = "b" }'],
    ['TOKEN = "a\\"hunter2"', "TOKEN = ***"],
    ['password = """hunter2', "password = ***"],
  ])("masks what sounds secret: %s", (line, shown) => {
    expect(codeFrame(line, 1, 1).split("\n")[0]).toBe(`> 1 | ${shown}`);
    expect(codeFrame(`x\n${line}\ny`, 3, 1)).not.toMatch(/hunt|er2/);
  });

  test.each([
    ['env = { KEY = "QQ\nline one\nhunter2"QQ }\noops = 1', 4],
    ["a = '''\nhunter2\n'''\noops = 1", 4],
    ['# "QQ\nenv = { KEY = "QQ\n\\"QQhunter2\n"QQ }\noops = 1', 5],
    ["oops = 1\na = '''hunter2\n'''", 1],
  ])("hides neighbours that are inside a text of several lines: %j", (text, line) => {
    const frame = codeFrame(text.replaceAll("Q", '"'), line, 1);
    expect(frame).toContain(`> ${line} | oops = 1`);
    if (line > 1) expect(frame).not.toContain("hunter2");
  });

  test("shows a neighbour behind a comment or a short text that holds quotes", () => {
    expect(codeFrame("# it's '''\na = 1\noops = 1", 3, 1)).toContain("  2 | a = 1");
    expect(codeFrame("a = \"'''\"\nb = 1\noops = 1", 3, 1)).toContain("  2 | b = 1");
  });

  test("masks a secret that begins far before the part that is shown", () => {
    const line = `env = { PRIVATE_KEY = "${"hunter2".repeat(400)}", "bad=key" = 1 }`;
    expect(codeFrame(line, 1, line.indexOf('"bad') + 1)).not.toContain("hunter2");
  });

  test("keeps the mark in place behind a masked password", () => {
    const line = 'x = { url = "postgres://app:a-long-password@db/x", oops = 1 }';
    expect(marked(line, 1, line.indexOf("oops") + 1)).toBe("o");
    const inside = codeFrame(line, 1, line.indexOf("long") + 1).split("\n");
    expect(inside[0]?.[(inside[1] ?? "").length - 1]).toBe("*");
  });
});
