import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import { Fields } from "@mothership/kernel";
import { eventually, FakeClock, MemoryExchange } from "@mothership/testkit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { compression } from "../src/compression.ts";
import { codings, contentOf, decode, page, plainText, respond } from "./compressed.ts";
import { DrivenBody, pieceByPiece, Sink } from "./driven-body.ts";

afterEach(() => vi.restoreAllMocks());

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
