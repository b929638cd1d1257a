import { describe, expect, test } from "vitest";
import { LogBuffer, maxLineChars } from "./log-buffer.ts";

const line = (text: string, dropped = 0) => ({ name: "app", stream: "stdout", at: 0, pid: 1, text, dropped }) as const;

describe("LogBuffer", () => {
  test("keeps the latest lines under the numbers they came with", () => {
    const buffer = new LogBuffer(3);
    for (const text of ["a", "b", "c", "d", "e"]) buffer.push(line(text));
    expect([buffer.first, buffer.next]).toEqual([2, 5]);
    expect([1, 2, 3, 4, 5].map((number) => buffer.at(number)?.text)).toEqual([undefined, "c", "d", "e", undefined]);
  });

  test("says where lines were lost", () => {
    const buffer = new LogBuffer(9);
    buffer.push(line("after", 120));
    expect([buffer.at(0)?.stream, buffer.at(0)?.text, buffer.at(1)?.text]).toEqual([
      "lost",
      expect.stringMatching(/^120 lines lost/),
      "after",
    ]);
  });

  test("cuts a line that is too long to keep", () => {
    const buffer = new LogBuffer(9);
    buffer.push(line("x".repeat(maxLineChars + 1)));
    expect(buffer.at(0)?.text).toBe(`${"x".repeat(maxLineChars)}…`);
  });

  test("is empty and counts from 0 once cleared", () => {
    const buffer = new LogBuffer(2);
    for (const text of ["a", "b", "c"]) buffer.push(line(text));
    buffer.clear();
    expect([buffer.first, buffer.next, buffer.at(0)]).toEqual([0, 0, undefined]);
  });
});
