import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedDecoder, chunkEnd, chunkHead } from "./chunked.ts";
import { relayableTrailers } from "./trailers.ts";
import { lastChunk } from "./write-head.ts";

const limits = { maxHeadBytes: 16_384, maxFields: 10, maxChunkExtensionBytes: 20, maxTrailerBytes: 40 };

/** Content, then "end" with trailers and what is left over, or a code, or "more". */
function decode(pieces: readonly Buffer[], own = limits): string {
  const decoder = new ChunkedDecoder(own);
  let content = "";
  let rest = Buffer.alloc(0);
  for (const piece of pieces) {
    let at = 0;
    while (at < piece.length && !decoder.ended && !decoder.refusal) {
      at = decoder.read(piece, at, piece.length);
      content += piece.toString("latin1", decoder.from, decoder.to);
    }
    if (decoder.refusal) return decoder.refusal.code.slice("MS_HTTP1_".length);
    if (decoder.ended) rest = Buffer.concat([rest, piece.subarray(at)]);
  }
  if (!decoder.ended) return `${content} more`;
  return `${content} end ${[...(decoder.trailers ?? [])].join("|")} +${rest.toString("latin1")}`;
}

const whole = (text: string, own = limits): string => decode([Buffer.from(text, "latin1")], own);

describe("a body in chunks", () => {
  test.each([
    ["0\r\n\r\n", " end  +"],
    ["3\r\nabc\r\n0\r\n\r\nGET", "abc end  +GET"],
    ["A\r\n0123456789\r\n00\r\n\r\n", "0123456789 end  +"],
    ['3;a="b;\\"c";d\r\nabc\r\n0\r\n\r\n', "abc end  +"],
    ["a;x=y;z\r\n0123456789\r\n0;last\r\n\r\n", "0123456789 end  +"],
    ["3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\nZ: \r\n\r\nrest", "abcde end X,y|Z, +rest"],
    ["3\r\nabc\r\n", "abc more"],
    ["3\r\nab", "ab more"],
  ])("%j (rule 32; RFC 9112, 7.1)", (text, outcome) => {
    expect(whole(text)).toBe(outcome);
  });

  test.each([
    ["\r\n", "CHUNK_SIZE_BAD"],
    ["g\r\n", "CHUNK_SIZE_BAD"],
    ["-1\r\n", "CHUNK_SIZE_BAD"],
    ["+1\r\na\r\n", "CHUNK_SIZE_BAD"],
    ["0x1\r\na\r\n", "CHUNK_SIZE_BAD"],
    [" 1\r\na\r\n", "CHUNK_SIZE_BAD"],
    ["1 \r\na\r\n", "CHUNK_SIZE_BAD"],
    ["1 ;x\r\na\r\n", "CHUNK_SIZE_BAD"],
    ["1\t\r\na\r\n", "CHUNK_SIZE_BAD"],
    ["1_0\r\n", "CHUNK_SIZE_BAD"],
    ["0000000000001\r\na\r\n", "CHUNK_SIZE_BAD"],
    ["fffffffffffff\r\n", "CHUNK_SIZE_BAD"],
    ["1\na\n", "LINE_END_BAD"],
    ["1\ra", "LINE_END_BAD"],
    ["1\r\na\n0\r\n\r\n", "CHUNK_END_BAD"],
    ["1\r\nab\r\n", "CHUNK_END_BAD"],
    ["1\r\na\rb", "CHUNK_END_BAD"],
    ["2\r\na\r\n0\r\n\r\n", "CHUNK_END_BAD"],
    ["1;a\nb\r\nx\r\n", "LINE_END_BAD"],
    ["1;a\rb\r\nx\r\n", "LINE_END_BAD"],
    ["1;a\0\r\nx\r\n", "CHUNK_EXTENSION_BAD"],
    ["1;\r\nx\r\n", "CHUNK_EXTENSION_BAD"],
    ["1;;a\r\nx\r\n", "CHUNK_EXTENSION_BAD"],
    ["1; a\r\nx\r\n", "CHUNK_EXTENSION_BAD"],
    ["1;a =b\r\nx\r\n", "CHUNK_EXTENSION_BAD"],
    ["1;a=\r\nx\r\n", "CHUNK_EXTENSION_BAD"],
    ['1;a="b\r\nx\r\n', "CHUNK_EXTENSION_BAD"],
    ['1;a="b"c\r\nx\r\n', "CHUNK_EXTENSION_BAD"],
    ['1;a="b\\\r\n"\r\nx\r\n', "CHUNK_EXTENSION_BAD"],
    ['1;a=b"c\r\nx\r\n', "CHUNK_EXTENSION_BAD"],
    [`1;${"x".repeat(21)}\r\n`, "CHUNK_EXTENSIONS_TOO_LARGE"],
    [`1;${"x".repeat(15)}\r\na\r\n1;${"y".repeat(15)}\r\n`, "CHUNK_EXTENSIONS_TOO_LARGE"],
    ["0\r\n\n", "LINE_END_BAD"],
    ["0\r\nX: y\n\r\n", "LINE_END_BAD"],
    ["0\r\nX : y\r\n\r\n", "FIELD_NAME_BAD"],
    ["0\r\nX: y\r\n z\r\n\r\n", "FIELD_FOLDED"],
    ["0\r\nX: \0\r\n\r\n", "FIELD_VALUE_BAD"],
    [`0\r\nX: ${"y".repeat(60)}`, "TRAILERS_TOO_LARGE"],
  ])("%j is refused as %s (rule 32; RFC 9112, 7.1)", (text, code) => {
    expect(whole(text)).toBe(code);
  });

  test("trailers up to the limit pass, one byte more does not (rule 33; RFC 9112, 7.1.2)", () => {
    expect(whole(`0\r\nX: ${"y".repeat(35)}\r\n\r\n`)).toBe(` end X,${"y".repeat(35)} +`);
    expect(whole(`0\r\nX: ${"y".repeat(36)}\r\n\r\n`)).toBe("TRAILERS_TOO_LARGE");
  });

  test("has one outcome wherever it is cut", () => {
    for (const text of [
      "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET /",
      "3\r\nabc\r\n2\r\nabc",
      "1;x\r\na\r\n0\r\nX\r\n\r\n",
    ]) {
      const bytes = Buffer.from(text, "latin1");
      const outcome = decode([bytes]);
      for (let cut = 1; cut < bytes.length; cut++)
        expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(outcome);
      expect(decode([...bytes].map((byte) => Buffer.of(byte)))).toBe(outcome);
    }
  });

  test("what is written as chunks is read back", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 6 }), (pieces) => {
        const parts = pieces.flatMap((piece) => [Buffer.from(chunkHead(piece.length)), piece, Buffer.from(chunkEnd)]);
        const bytes = Buffer.concat([...parts, Buffer.from(lastChunk(undefined))]);
        expect(decode([bytes])).toBe(`${Buffer.concat(pieces).toString("latin1")} end  +`);
      }),
    );
  });

  test("random bytes end in a refusal, an end or a wish for more", () => {
    const part = fc.constantFrom("0", "1", "a", "\r\n", "\r", "\n", ";", "x", " ", "\0", "0\r\n\r\n", "ffffffff");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const bytes = Buffer.from(parts.join(""), "latin1");
        const outcome = decode([bytes]);
        expect(decode([...bytes].map((byte) => Buffer.of(byte)))).toBe(outcome);
      }),
      { numRuns: 3_000 },
    );
  });
});

test("trailers that decide about framing, routing, authentication or content are not relayed (rule 33; RFC 9110, 6.5.1)", () => {
  const decoder = new ChunkedDecoder({ ...limits, maxFields: 50, maxTrailerBytes: 4_000 });
  const names =
    "Content-Length Transfer-Encoding Host Connection Authorization Cookie Set-Cookie Content-Type X-Forwarded-For Trailer TE Upgrade Location X_Forwarded_For content.length Grpc-Status X-Sum";
  const bytes = Buffer.from(
    `0\r\n${names
      .split(" ")
      .map((name) => `${name}: 1\r\n`)
      .join("")}\r\n`,
  );
  decoder.read(bytes, 0, bytes.length);
  expect([...relayableTrailers(decoder.trailers)!].map(([name]) => name)).toEqual(["Grpc-Status", "X-Sum"]);
});
