import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { documentForm, readVectors } from "../test/vectors.ts";
import { FrameDecoder } from "./decode.ts";
import { encodeFrame } from "./encode.ts";
import type { Frame } from "./frame.ts";
import { frameCodes } from "./frame-codes.ts";
import { pieceBytes } from "./limits.ts";

const vectors = readVectors();
const good = vectors.filter(({ value }) => value !== undefined);
const bad = vectors.filter(({ code }) => code !== undefined);

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the vectors of docs/docking-protocol.md", () => {
  test("show every frame type, and are many", () => {
    expect(new Set(good.map(({ value }) => value?.["type"]))).toEqual(new Set(Object.keys(frameCodes)));
    expect(bad.length).toBeGreaterThanOrEqual(25);
  });

  test.each(good)("decode to what they say: $title", ({ bytes, value }) => {
    expect(new FrameDecoder().push(bytes).map(documentForm)).toEqual([value]);
  });

  test.each(good.filter(({ title }) => !title.startsWith("members that")))("are what the encoder writes: $title", ({ bytes }) => {
    const [frame] = new FrameDecoder().push(bytes);
    expect(Buffer.from(encodeFrame(frame!)).toString("latin1")).toBe(bytes.toString("latin1"));
  });

  test.each(bad)("are refused, and ever after: $title", ({ bytes, code }) => {
    const decoder = new FrameDecoder();
    expect(thrownBy(() => decoder.push(bytes))).toMatchObject({ code });
    expect(thrownBy(() => decoder.push(good[0]!.bytes))).toMatchObject({ code });
  });

  test("give the same frames wherever the bytes are cut", () => {
    const all = Buffer.concat(good.map(({ bytes }) => bytes));
    const whole = new FrameDecoder().push(all).map(documentForm);
    for (let cut = 0; cut <= all.length; cut++) {
      const decoder = new FrameDecoder();
      const frames = [...decoder.push(all.subarray(0, cut)), ...decoder.push(all.subarray(cut))];
      expect(frames.map(documentForm)).toEqual(whole);
      expect(decoder.idle).toBe(true);
    }
  });

  test("give the same error wherever the bytes are cut, and byte by byte", () => {
    for (const { bytes, code } of bad) {
      for (let cut = 0; cut <= bytes.length; cut++) {
        const decoder = new FrameDecoder();
        const feed = (): unknown => [decoder.push(bytes.subarray(0, cut)), decoder.push(bytes.subarray(cut))];
        expect(thrownBy(feed)).toMatchObject({ code });
      }
      const decoder = new FrameDecoder();
      expect(thrownBy(() => bytes.forEach((byte) => void decoder.push(Uint8Array.of(byte))))).toMatchObject({ code });
    }
  });
});

describe("FrameDecoder", () => {
  test("gives the frames before a malformed one", () => {
    const seen: Frame[] = [];
    const bytes = Buffer.concat([encodeFrame({ type: "ready", accepting: true }), Buffer.from([0x7f, 0, 0, 0, 0])]);
    expect(thrownBy(() => new FrameDecoder().read(bytes, (frame) => seen.push(frame)))).toMatchObject({ code: "MS_FRAME_UNKNOWN" });
    expect(seen).toEqual([{ type: "ready", accepting: true }]);
  });

  test("refuses a frame longer than its limit before the body arrives", () => {
    const header = Uint8Array.of(0x12, 0, 0, 0, 0x11);
    expect(thrownBy(() => new FrameDecoder({ maxFrameBytes: 16 }).push(header))).toMatchObject({
      code: "MS_FRAME_TOO_LARGE",
      bytes: 17,
      limit: 16,
    });
    expect(new FrameDecoder({ maxFrameBytes: 17 }).push(header)).toEqual([]);
  });

  test("takes time in proportion to the bytes, however small the pieces", () => {
    const bytes = Buffer.from(encodeFrame({ type: "cargo", connId: 1, data: Buffer.alloc(1_000_000, "a") }));
    const decoder = new FrameDecoder();
    const frames: Frame[] = [];
    for (let at = 0; at < bytes.length; at += 3) frames.push(...decoder.push(bytes.subarray(at, at + 3)));
    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({ connId: 1, data: { length: 1_000_000 } });
  });

  test("keeps a member called __proto__ a plain member", () => {
    const payload = '{"version":1,"config":{"__proto__":"x"}}';
    const [frame] = new FrameDecoder().push(Buffer.concat([Buffer.from([2, 0, 0, 0, payload.length]), Buffer.from(payload)]));
    expect(JSON.stringify(frame)).toContain('"__proto__":"x"');
    expect(Object.getPrototypeOf((frame as Extract<Frame, { type: "moored" }>).config)).toBe(Object.prototype);
  });
});

describe("encodeFrame", () => {
  test.each<readonly [string, Frame]>([
    ["Cargo", { type: "cargo", connId: 1, data: Buffer.alloc(1_048_573) }],
    ["Message", { type: "message", connId: 1, binary: true, continues: false, data: Buffer.alloc(pieceBytes + 1) }],
    ["Moored", { type: "moored", version: 1, config: { long: "x".repeat(65_536) } }],
  ])("refuses a %s frame that no reader would take", (_, frame) => {
    expect(thrownBy(() => encodeFrame(frame))).toMatchObject({ code: "MS_FRAME_TOO_LARGE" });
  });

  test("writes what the decoder reads", () => {
    const connId = fc.integer({ min: 1, max: 0xffff_ffff });
    const data = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const text = fc.string({ unit: "grapheme", maxLength: 40 });
    const pairs = fc.array(fc.tuple(text, text), { maxLength: 3 });
    const table = fc.dictionary(text, text, { maxKeys: 4 });
    const windows = {
      features: fc.array(text, { maxLength: 3 }),
      window: connId,
      linkWindow: connId,
      maxMessage: connId,
    };
    const frame = fc.oneof<fc.Arbitrary<Frame>[]>(
      fc.record({
        type: fc.constant("dock"),
        version: fc.constant(2),
        ship: text,
        terms: fc.record({ ...windows, links: fc.integer({ min: 1, max: 16 }) }),
      }),
      fc.record({
        type: fc.constant("moored"),
        version: fc.constant(2),
        config: table,
        terms: fc.record({ ...windows, session: text, pingMs: fc.nat(1000).map((n) => n + 1) }),
      }),
      fc.record({ type: fc.constant("boarding"), connId, path: text, remoteAddr: text, headers: table }),
      fc.record({ type: fc.constant("disembark"), connId, code: fc.integer({ min: 0, max: 65_535 }), reason: text }),
      fc.record({ type: fc.constant("cargo"), connId, data }),
      fc.record({ type: fc.constant("message"), connId, binary: fc.boolean(), continues: fc.constant(false), data }),
      fc.record({ type: fc.constant("credit"), connId, bytes: fc.nat(), messages: fc.nat() }),
      fc.record({ type: fc.constant("accept"), connId, protocol: text, headers: pairs }),
      fc.record({ type: fc.constant("refuse"), connId, status: fc.integer({ min: 300, max: 599 }), headers: pairs, body: text }),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (frames, step) => {
        const bytes = Buffer.concat(frames.map((one) => encodeFrame(one)));
        const decoder = new FrameDecoder();
        const decoded: Frame[] = [];
        for (let at = 0; at < bytes.length; at += step) decoded.push(...decoder.push(bytes.subarray(at, at + step)));
        expect(decoded.map(documentForm)).toEqual(frames.map(documentForm));
      }),
    );
  });
});
