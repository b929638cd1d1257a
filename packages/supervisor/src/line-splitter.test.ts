import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Piece } from "./line-splitter.ts";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Buffer[], maxLineBytes = 2 ** 16): Piece[] {
  const splitter = new LineSplitter(maxLineBytes);
  const pieces = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.flush(true);
  return last ? [...pieces, last] : pieces;
}

const textsOf = (pieces: readonly Piece[]): string[] => pieces.map(({ text }) => text);

describe("LineSplitter", () => {
  test("gives the same lines wherever the bytes are cut", () => {
    const bytes = Buffer.from("one\n\nzwei äöü\r\n三\n🚀 four\nno newline");
    for (let cut = 0; cut <= bytes.length; cut++)
      expect(textsOf(split([bytes.subarray(0, cut), bytes.subarray(cut)]))).toEqual(["one", "", "zwei äöü", "三", "🚀 four", "no newline"]);
  });

  test("loses and invents no byte, whatever it is given and however it is cut", () => {
    const chunks = fc.array(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte % 5 === 0 ? 10 : byte === 13 ? 14 : byte)))),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(chunks, fc.integer({ min: 4, max: 20 }), (list, limit) => {
        const pieces = split(list, limit);
        for (const { bytes } of pieces) expect(bytes.length).toBeLessThanOrEqual(limit);
        const rebuilt = Buffer.concat(pieces.flatMap(({ bytes, continued }) => (continued ? [bytes] : [bytes, Buffer.from("\n")])));
        const whole = Buffer.concat(list);
        // The last line gets a newline if it had none; carriage returns are looked at above.
        const plain = (buffer: Buffer): string => buffer.toString("latin1").replace(/\n$/, "");
        expect(plain(rebuilt)).toBe(plain(whole));
      }),
    );
  });

  test("splits a line that is too long between characters, and marks all pieces but the last", () => {
    const pieces = split([Buffer.from("ääääää\n")], 5);
    expect(pieces.map(({ text, continued }) => [text, continued])).toEqual([
      ["ää", true],
      ["ää", true],
      ["ää", false],
    ]);
  });

  test("splits at the limit where the bytes are no text at all", () => {
    expect(split([Buffer.alloc(12, 0x80)], 5).map(({ bytes }) => bytes.length)).toEqual([5, 5, 2]);
  });

  test("holds no more than the limit of a line that never ends", () => {
    const splitter = new LineSplitter(1_000);
    let pieces = 0;
    for (let n = 0; n < 10_000; n++) pieces += splitter.push(Buffer.from("x".repeat(7))).length;
    expect(pieces).toBe(69);
    expect(splitter.flush(true)!.bytes.length).toBe(1_000);
  });

  test("gives on what is there of a line, but not half a character", () => {
    const splitter = new LineSplitter(100);
    const euro = Buffer.from("€");
    splitter.push(Buffer.concat([Buffer.from("5 "), euro.subarray(0, 2)]));
    expect(splitter.flush(false)).toMatchObject({ text: "5 ", continued: true });
    expect(splitter.flush(false)).toBeUndefined();
    expect(splitter.push(Buffer.concat([euro.subarray(2), Buffer.from("\n")]))).toMatchObject([{ text: "€", continued: false }]);
    expect(splitter.pending).toBe(false);
  });
});
