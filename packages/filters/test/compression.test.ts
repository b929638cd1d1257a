import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import { type Body, bodyOf, emptyBody, Fields } from "@mothership/kernel";
import { eventually, FakeClock, MemoryExchange, type MemoryRequest as Request, readBody } from "@mothership/testkit";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Coding } from "../src/codings.ts";
import { type CompressionOptions, compression } from "../src/compression.ts";
import { DrivenBody, pieceByPiece, Sink } from "./driven-body.ts";

const codings: readonly Coding[] = ["br", "zstd", "gzip", "deflate"];
const { BROTLI_OPERATION_FLUSH, Z_SYNC_FLUSH, ZSTD_e_flush } = zlib.constants;

/** What a client makes of bytes in a coding; of the beginning of a stream, what it can tell so far. */
function decode(coding: string | undefined, bytes: Uint8Array, partial = false): Buffer {
  switch (coding) {
    case "br":
      return zlib.brotliDecompressSync(bytes, partial ? { finishFlush: BROTLI_OPERATION_FLUSH } : {});
    case "zstd":
      return zlib.zstdDecompressSync(bytes, partial ? { finishFlush: ZSTD_e_flush } : {});
    case "gzip":
      return zlib.gunzipSync(bytes, partial ? { finishFlush: Z_SYNC_FLUSH } : {});
    case "deflate":
      return zlib.inflateSync(bytes, partial ? { finishFlush: Z_SYNC_FLUSH } : {});
    default:
      return Buffer.from(bytes);
  }
}

const page = Buffer.from("<p>All work and no play makes a dull page.</p>\n".repeat(100));
const book = Buffer.from(Array.from({ length: 40_000 }, (_, line) => `line ${line} of ${(line * 7919) % 1000}\n`).join(""));

interface Sent {
  readonly status?: number;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Body;
  readonly clock?: FakeClock;
}

const plainText = [["Content-Type", "text/plain"]] as const;

/** Sends one response through the middleware, to a client that accepts `accept`. */
function respond(accept: string, sent: Sent = {}, options: Omit<CompressionOptions, "clock"> = {}, request: Request = {}): MemoryExchange {
  const { status = 200, fields = plainText, body = bodyOf(page), clock = new FakeClock() } = sent;
  const handle = compression({ ...options, clock })((exchange) => exchange.respond({ status, fields: Fields.from(fields) }, body));
  const exchange = new MemoryExchange({
    ...request,
    fields: [...(accept === "" ? [] : [["Accept-Encoding", accept] as const]), ...(request.fields ?? [])],
  });
  void handle(exchange);
  return exchange;
}

async function contentOf(exchange: MemoryExchange): Promise<Buffer> {
  return decode(exchange.field("content-encoding"), (await readBody(exchange.answer!.body)).bytes);
}

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

describe("streams", () => {
  test.each(codings)("%s: an event goes out at once", async (coding) => {
    const body = new DrivenBody();
    const clock = new FakeClock();
    const exchange = respond(coding, { fields: [["Content-Type", "text/event-stream"]], body, clock });
    const sink = new Sink();
    exchange.answer?.body.read(sink);
    let expected = "";
    for (let event = 0; event < 5; event++) {
      body.give(`data: ${event}\n\n`);
      expected += `data: ${event}\n\n`;
      await eventually("the event", () => sink.pieces.length > 0 && decode(coding, sink.bytes, true).toString() === expected);
    }
    expect(clock.pending).toBe(0);
    body.end();
    expect(await sink.done).toBe("ended");
    expect(decode(coding, sink.bytes).toString()).toBe(expected);
  });

  test.each(codings)("%s: what came is flushed when the source pauses", async (coding) => {
    const body = new DrivenBody();
    const clock = new FakeClock();
    const sink = new Sink();
    const exchange = respond(coding, { body, clock });
    exchange.answer?.body.read(sink);
    for (const part of ["one ", "two ", "three"]) {
      const before = sink.pieces.length;
      body.give(part);
      await eventually("the pause is noticed", () => clock.pending === 1);
      await clock.advance(9);
      // Headers of the format may be out; content is not.
      const early = sink.pieces.slice(before);
      expect(Buffer.concat(early).length).toBeLessThanOrEqual(10);
      await clock.advance(1);
      await eventually("the part", () => sink.pieces.length > 0 && decode(coding, sink.bytes, true).toString().endsWith(part));
    }
    expect(clock.pending).toBe(0);
    body.end();
    expect(await sink.done).toBe("ended");
    expect(decode(coding, sink.bytes).toString()).toBe("one two three");
  });

  test("pieces that follow one another closely are not flushed one by one", async () => {
    const body = new DrivenBody();
    const clock = new FakeClock();
    const sink = new Sink();
    respond("gzip", { body, clock }).answer?.body.read(sink);
    for (let piece = 0; piece < 100; piece++) {
      body.give(`piece ${piece}\n`);
      await eventually("it was taken", () => clock.pending === 1);
      await clock.advance(5);
    }
    // The header of the format.
    expect(sink.bytes.length).toBeLessThanOrEqual(10);
    body.end();
    await sink.done;
    expect(decode("gzip", sink.bytes).toString().split("\n")).toHaveLength(101);
  });

  test.each(codings)("%s: a reader that waits makes the source wait, and loses nothing", async (coding) => {
    const content = randomBytes(2_000_000);
    const slow = pieceByPiece(content, 16_384);
    const exchange = respond(coding, { body: slow });
    const sink = new Sink(false);
    exchange.answer?.body.read(sink);
    // Another one runs through meanwhile, so that there was time enough to take more.
    expect((await contentOf(respond(coding, { body: pieceByPiece(content, 16_384) }))).equals(content)).toBe(true);
    await eventually("the source waits", () => slow.waiting);
    expect(slow.given).toBeLessThan(600_000);
    sink.open = true;
    exchange.answer?.body.resume();
    expect(await sink.done).toBe("ended");
    expect(decode(coding, sink.bytes).equals(content)).toBe(true);
  });

  test.each(codings)("%s: nothing is left open when the client leaves, at whatever moment", async (coding) => {
    const names = { br: "createBrotliCompress", zstd: "createZstdCompress", gzip: "createGzip", deflate: "createDeflate" } as const;
    const opened = vi.spyOn(zlib, names[coding]);
    const clock = new FakeClock();
    const handle = compression({ clock, maxStreams: 4 })((exchange) =>
      exchange.respond({ status: 200, fields: Fields.from(plainText) }, exchange.incoming.body),
    );
    for (const moment of [
      "before it reads",
      "at once",
      "while it is compressed",
      "in a pause",
      "while it waits",
      "after the end",
    ] as const) {
      for (let client = 0; client < 4; client++) {
        const source = new DrivenBody();
        const exchange = new MemoryExchange({ body: source, fields: [["Accept-Encoding", coding]] });
        void handle(exchange);
        expect(exchange.field("content-encoding")).toBe(coding);
        const sink = new Sink(moment !== "while it waits");
        const { body } = exchange.answer!;
        if (moment !== "before it reads") body.read(sink);
        if (moment === "while it is compressed") for (let piece = 0; piece < 4; piece++) source.give(randomBytes(16_384));
        if (moment === "in a pause") {
          source.give(page);
          await eventually("the pause", () => clock.pending > 0);
        }
        if (moment === "while it waits") {
          source.give(randomBytes(60_000));
          await eventually("the pause", () => clock.pending > 0);
          await clock.advance(10);
          await eventually("the first bytes", () => sink.pieces.length > 0);
        }
        if (moment === "after the end") {
          source.end();
          await sink.done;
        }
        const got = sink.pieces.length;
        body.cancel(new Error("the client left"));
        body.cancel(new Error("and was told so twice"));
        if (moment !== "after the end") expect(source.cancelled?.message).toBe("the client left");
        expect(clock.pending).toBe(0);
        await eventually("all streams closed", () => opened.mock.results.every(({ value }) => (value as zlib.Gzip).closed));
        expect(sink.pieces).toHaveLength(got);
      }
    }
    expect(opened).toHaveBeenCalledTimes(20);
  });

  test("an answer that is cut off is cut off for the client, and nothing is left open", async () => {
    const opened = vi.spyOn(zlib, "createGzip");
    const body = new DrivenBody();
    const sink = new Sink();
    respond("gzip", { body }).answer?.body.read(sink);
    body.give(page);
    body.fail(new Error("the upstream died"));
    expect(await sink.done).toMatchObject({ message: "the upstream died" });
    await eventually("the stream closed", () => opened.mock.results.every(({ value }) => (value as zlib.Gzip).closed));
    const early = new DrivenBody();
    early.onWanted = () => early.fail(new Error("at once"));
    const other = new Sink();
    respond("gzip", { body: early }).answer?.body.read(other);
    expect(await other.done).toMatchObject({ message: "at once" });
  });

  test("an error of the compressor cuts the answer off and lets the source go", async () => {
    const opened = vi.spyOn(zlib, "createGzip");
    const body = new DrivenBody();
    const sink = new Sink();
    respond("gzip", { body }).answer?.body.read(sink);
    (opened.mock.results[0]!.value as zlib.Gzip).destroy(new Error("out of memory"));
    expect(await sink.done).toMatchObject({ message: "out of memory" });
    expect(body.cancelled).toMatchObject({ message: "out of memory" });
  });

  test("without memory for a compressor the answer is cut off, and its place is free again", async () => {
    const failing = vi.spyOn(zlib, "createGzip").mockImplementation(() => {
      throw new Error("Initialization failed");
    });
    const handle = compression({ clock: new FakeClock(), maxStreams: 2 })((exchange) =>
      exchange.respond({ status: 200, fields: Fields.from(plainText) }, exchange.incoming.body),
    );
    for (let attempt = 0; attempt < 5; attempt++) {
      const source = new DrivenBody();
      const exchange = new MemoryExchange({ body: source, fields: [["Accept-Encoding", "gzip"]] });
      void handle(exchange);
      expect(exchange.field("content-encoding")).toBe("gzip");
      const sink = new Sink();
      exchange.answer?.body.read(sink);
      expect(await sink.done).toMatchObject({ message: "Initialization failed" });
      expect(source.cancelled).toBeDefined();
    }
    expect(failing).toHaveBeenCalledTimes(5);
  });

  test("no more are compressed at a time than allowed, half of them events; the others go out plain", () => {
    let saturated = 0;
    const clock = new FakeClock();
    const handle = compression({ clock, maxStreams: 4, onSaturated: () => saturated++ })((exchange) =>
      exchange.respond({ status: 200, fields: Fields.from([["Content-Type", exchange.path.slice(1)]]) }, new DrivenBody()),
    );
    const send = (type: string): MemoryExchange => {
      const exchange = new MemoryExchange({ path: `/${type}`, fields: [["Accept-Encoding", "gzip"]] });
      void handle(exchange);
      return exchange;
    };
    const types = ["text/event-stream", "text/event-stream", "text/event-stream", "text/plain", "text/plain", "text/plain"];
    const sent = types.map(send);
    expect(sent.map((exchange) => exchange.field("content-encoding"))).toEqual(["gzip", "gzip", undefined, "gzip", "gzip", undefined]);
    expect(sent.map((exchange) => exchange.field("vary"))).toEqual(Array(6).fill("Accept-Encoding"));
    expect(saturated).toBe(2);
    sent[0]?.answer?.body.cancel(new Error("left"));
    expect(send("text/event-stream").field("content-encoding")).toBe("gzip");
    expect(send("text/plain").field("content-encoding")).toBeUndefined();
  });
});

test.each([{ encodings: [] }, { encodings: ["snappy" as Coding] }, { minBytes: -1 }, { minBytes: 0.5 }, { maxStreams: 1 }])(
  "refuses %j when it is made",
  (options) => {
    expect(() => compression({ clock: new FakeClock(), ...options })).toThrow(expect.objectContaining({ code: "MS_FILTER_OPTION" }));
  },
);
