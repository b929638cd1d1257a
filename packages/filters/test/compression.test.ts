import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import { bodyOf, emptyBody, Fields } from "@mothership/kernel";
import { FakeClock, MemoryExchange, readBody } from "@mothership/testkit";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Coding } from "../src/codings.ts";
import { compression } from "../src/compression.ts";
import { book, codings, contentOf, decode, page, plainText, respond, type Sent } from "./compressed.ts";
import { DrivenBody, pieceByPiece } from "./driven-body.ts";

afterEach(() => vi.restoreAllMocks());

describe("rule 61 (RFC 9110, 12.5.3): the coding that a client gets", () => {
  test.each<[string, Coding | undefined]>([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate, zstd", "zstd"],
    ["gzip, deflate", "gzip"],
    ["deflate", "deflate"],
    ["x-gzip", "gzip"],
    ["GZIP", "gzip"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["br;q=0.5, gzip;q=0.5", "br"],
    ["br;q=0, gzip", "gzip"],
    ["br;q=0.000", undefined],
    ["*", "br"],
    ["*;q=0.1, br;q=0", "zstd"],
    ["gzip;q=0, *", "br"],
    ["*;q=0", undefined],
    ["identity", undefined],
    ["identity, gzip;q=0.5", undefined],
    ["identity;q=0.5, gzip", "gzip"],
    // Nothing acceptable is left: the plain content is a better answer than 406.
    ["identity;q=0", undefined],
    ["identity;q=0, br", "br"],
    ["compress, snappy", undefined],
    ["br;q=x", undefined],
    ["", undefined],
  ])("for %j is %s", async (accept, coding) => {
    const exchange = respond(accept);
    expect(exchange.field("content-encoding")).toBe(coding);
    expect(exchange.field("vary")).toBe("Accept-Encoding");
    expect(await contentOf(exchange)).toEqual(page);
  });

  test("is found in several lines", () => {
    expect(respond("deflate", {}, {}, { fields: [["Accept-Encoding", "gzip;q=0.9"]] }).field("content-encoding")).toBe("deflate");
  });

  test("is one of those that are offered, in the order offered", () => {
    expect(respond("br, gzip, deflate", {}, { encodings: ["deflate", "gzip"] }).field("content-encoding")).toBe("deflate");
    expect(respond("br", {}, { encodings: ["gzip"] }).field("content-encoding")).toBeUndefined();
  });

  test("stays right when many clients make up values", () => {
    const handle = compression({ clock: new FakeClock() })((exchange) =>
      exchange.respond({ status: 200, fields: Fields.from(plainText) }, bodyOf(page)),
    );
    for (let client = 0; client < 400; client++) {
      for (const [accept, coding] of [
        [`gzip, made-up-${client}`, "gzip"],
        ["br", "br"],
        [`${"x".repeat(1000)}${client}`, undefined],
      ] as const) {
        const exchange = new MemoryExchange({ fields: [["Accept-Encoding", accept]] });
        void handle(exchange);
        expect(exchange.field("content-encoding")).toBe(coding);
      }
    }
  });
});

describe("rule 61: what goes out as it is", () => {
  test.each<[string, Sent]>([
    ["what is too short", { body: bodyOf(Buffer.alloc(1023, "a")) }],
    ["what turns out to be too short", { body: { ...bodyOf(Buffer.alloc(1023, "a")), length: undefined } }],
    ["what is encoded already", { fields: [...plainText, ["Content-Encoding", "gzip"]] }],
    ["what may not be transformed", { fields: [...plainText, ["Cache-Control", "no-transform"]] }],
    ["a photo", { fields: [["Content-Type", "image/png"]] }],
    ["a part", { status: 206, fields: [...plainText, ["Content-Range", "bytes 0-4699/9000"]] }],
    ["what does not become smaller", { body: bodyOf(randomBytes(5000)) }],
  ])("%s", async (_, sent) => {
    const before = new Map(sent.fields ?? plainText);
    const expected = (await readBody({ ...(sent.body ?? bodyOf(page)) })).bytes;
    const exchange = respond("gzip, br", { ...sent, body: bodyOf(expected) });
    expect(exchange.field("content-encoding")).toBe(before.get("Content-Encoding"));
    expect((await readBody(exchange.answer!.body)).bytes).toEqual(expected);
    expect(exchange.answer?.body.length).toBe(expected.length);
  });

  test("(RFC 9111, 5.2.1.6) to a client that asked for no transformation", () => {
    const exchange = respond("gzip", {}, {}, { fields: [["Cache-Control", "no-transform"]] });
    expect(exchange.field("content-encoding")).toBeUndefined();
    expect(exchange.field("vary")).toBe("Accept-Encoding");
  });

  test("is not touched when it does not qualify: the very body", () => {
    const body = bodyOf(page);
    expect(respond("gzip", { fields: [["Content-Type", "image/png"]], body }).answer?.body).toBe(body);
  });
});

describe("rule 61: fields", () => {
  test("of a compressed answer", () => {
    const fields = [...plainText, ["ETag", '"a"'], ["Accept-Ranges", "bytes"], ["Content-Length", "4700"], ["Vary", "Origin"]] as const;
    const exchange = respond("gzip", { fields });
    expect(Object.fromEntries(exchange.answer!.head.fields)).toEqual({
      "Content-Type": "text/plain",
      ETag: 'W/"a"',
      Vary: "Origin, Accept-Encoding",
      "Content-Encoding": "gzip",
    });
    expect(exchange.answer?.body.length).toBeLessThan(page.length);
  });

  test("of a plain one: a strong ETag, and Vary all the same", () => {
    const exchange = respond("", { fields: [...plainText, ["ETag", '"a"'], ["Accept-Ranges", "bytes"]] });
    expect(exchange.field("etag")).toBe('"a"');
    expect(exchange.field("accept-ranges")).toBe("bytes");
    expect(exchange.field("vary")).toBe("Accept-Encoding");
  });

  test("(RFC 9110, 15.4.5) of 304: Vary, and the validator that the client has", () => {
    const sent = { status: 304, fields: [["ETag", '"a"']], body: emptyBody } as const;
    const exchange = respond("gzip", sent, {}, { fields: [["If-None-Match", 'W/"a"']] });
    expect(exchange.field("vary")).toBe("Accept-Encoding");
    expect(exchange.field("etag")).toBe('W/"a"');
    expect(exchange.field("content-encoding")).toBeUndefined();
    expect(respond("gzip", sent, {}, { fields: [["If-None-Match", '"a"']] }).field("etag")).toBe('"a"');
  });

  test("(RFC 9110, 9.3.2) of HEAD: those of GET, without its content", () => {
    const body = new DrivenBody(5000);
    const exchange = respond("gzip", { fields: [...plainText, ["ETag", '"a"'], ["Content-Length", "5000"]], body }, {}, { method: "HEAD" });
    expect(exchange.field("content-encoding")).toBe("gzip");
    expect(exchange.field("etag")).toBe('W/"a"');
    expect(exchange.field("content-length")).toBeUndefined();
    expect(exchange.answer?.body.length).toBe(0);
    expect(body.cancelled).toBeDefined();
  });
});

describe("content comes out as it went in", () => {
  test.each(codings)("%s, large, whatever the length is known to be", async (coding) => {
    for (const length of [book.length, undefined]) {
      const exchange = respond(coding, { body: pieceByPiece(book, 10_000, length) });
      expect(exchange.field("content-encoding")).toBe(coding);
      expect(exchange.answer?.body.length).toBeUndefined();
      expect(await contentOf(exchange)).toEqual(book);
    }
  });

  test("for any content in any pieces, with readers that wait at any time", async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 60_000 }),
      fc
        .array(fc.constantFrom("alpha ", "beta ", "gamma\n"), { maxLength: 20_000, size: "max" })
        .map((words) => Buffer.from(words.join(""))),
    );
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.integer({ min: 1, max: 70_000 }),
        fc.constantFrom(...codings),
        fc.boolean(),
        fc.integer({ min: 1, max: 5 }),
        async (bytes, pieceBytes, coding, live, patience) => {
          const fields = [["Content-Type", live ? "text/event-stream" : "text/plain"]] as const;
          const exchange = respond(coding, { fields, body: pieceByPiece(bytes, pieceBytes) }, { minBytes: 0, encodings: [coding] });
          const { body } = exchange.answer!;
          const received: Uint8Array[] = [];
          await new Promise<void>((resolve, reject) => {
            body.read({
              data(piece) {
                received.push(piece);
                if (received.length % patience !== 0) return true;
                // Some resume before they have said that they wait.
                if (received.length % 2 === 0) body.resume();
                else setImmediate(() => body.resume());
                return false;
              },
              end: () => resolve(),
              fail: reject,
            });
          });
          expect(decode(exchange.field("content-encoding"), Buffer.concat(received))).toEqual(Buffer.from(bytes));
        },
      ),
      { numRuns: 80 },
    );
  });

  test("trailers follow it", async () => {
    const body = new DrivenBody();
    body.onWanted = () => {
      body.give(page);
      body.end(Fields.from([["X-Sum", "1"]]));
    };
    const exchange = respond("gzip", { body });
    const { bytes, trailers } = await readBody(exchange.answer!.body);
    expect(decode("gzip", bytes)).toEqual(page);
    expect(trailers?.get("x-sum")).toBe("1");
  });

  test("small content that is there has a length; it is compressed in one go", () => {
    const open = vi.spyOn(zlib, "createBrotliCompress");
    const exchange = respond("br");
    expect(exchange.answer?.body.length).toBeGreaterThan(0);
    expect(open).not.toHaveBeenCalled();
    respond("br", { body: bodyOf(book) }).answer?.body.cancel(new Error("not needed"));
    expect(open).not.toHaveBeenCalled();
  });
});

test.each([{ encodings: [] }, { encodings: ["snappy" as Coding] }, { minBytes: -1 }, { minBytes: 0.5 }, { maxStreams: 1 }])(
  "refuses %j when it is made",
  (options) => {
    expect(() => compression({ clock: new FakeClock(), ...options })).toThrow(expect.objectContaining({ code: "MS_FILTER_OPTION" }));
  },
);
