import { type Body, bodyOf, emptyBody, Fields } from "@mothership/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DrivenBody, pieceByPiece, Sink } from "../test/driven-body.ts";
import { OpenedBody } from "./opened-body.ts";

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

describe("a body that was opened", () => {
  test("has what was there, when that is all and not too much", () => {
    expect(text(OpenedBody.of(bodyOf("abc"), 3).whole)).toBe("abc");
    expect(text(OpenedBody.of(pieceByPiece(Buffer.from("abcdef"), 2), 10).whole)).toBe("abcdef");
    expect(text(OpenedBody.of(emptyBody, 3).whole)).toBe("");
    expect(OpenedBody.of(bodyOf("abcd"), 3).whole).toBeUndefined();
  });

  test("is not whole when there is more to come, trailers or a failure", () => {
    const finished = (finish: (body: DrivenBody) => void): Body => {
      const body = new DrivenBody();
      body.onWanted = () => {
        body.give("abc");
        finish(body);
      };
      return body;
    };
    expect(
      OpenedBody.of(
        finished(() => undefined),
        9,
      ).whole,
    ).toBeUndefined();
    expect(
      OpenedBody.of(
        finished((body) => body.end(new Fields())),
        9,
      ).whole,
    ).toBeUndefined();
    expect(
      OpenedBody.of(
        finished((body) => body.fail(new Error("cut off"))),
        9,
      ).whole,
    ).toBeUndefined();
    const late = new DrivenBody();
    const opened = OpenedBody.of(late, 9);
    late.give("abc");
    late.end();
    expect(opened.whole).toBeUndefined();
  });

  test("asks for no more than it may keep, and nothing once it was opened", () => {
    const source = pieceByPiece(Buffer.alloc(100), 4);
    OpenedBody.of(source, 10);
    expect([source.given, source.waiting]).toEqual([12, true]);
    const late = new DrivenBody();
    OpenedBody.of(late, 10);
    late.give("abc");
    expect(late.waiting).toBe(true);
  });

  test("a failure is heard by the one who reads it, after what came before", async () => {
    const source = new DrivenBody();
    source.onWanted = () => {
      source.give("abc");
      source.fail(new Error("cut off"));
    };
    const opened = OpenedBody.of(source, 9);
    const sink = new Sink();
    opened.read(sink);
    expect(await sink.done).toMatchObject({ message: "cut off" });
    expect(text(sink.bytes)).toBe("abc");
  });

  test("a reader that leaves is told nothing more, and neither is one that never came", () => {
    for (const reads of [true, false]) {
      const source = new DrivenBody();
      const opened = OpenedBody.of(source, 9);
      const sink = new Sink();
      if (reads) opened.read(sink);
      opened.cancel(new Error("left"));
      source.give("abc");
      source.end();
      if (!reads) opened.read(sink);
      expect(source.cancelled?.message).toBe("left");
      expect(sink.pieces).toEqual([]);
    }
  });

  test("gives all of it in order, at the pace of any reader, and the end after it", async () => {
    const patience = fc.array(fc.constantFrom("more", "wait", "resume and wait", "resume and more"), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(100),
        patience,
        async (content, pieceBytes, maxBytes, moods) => {
          const opened = OpenedBody.of(pieceByPiece(content, pieceBytes), maxBytes);
          const received: number[] = [];
          let inside = false;
          let waits = false;
          await new Promise<void>((resolve, reject) => {
            let calls = 0;
            opened.read({
              data(piece) {
                if (waits || inside) reject(new Error("a piece while the reader waits, or has not taken the last"));
                inside = true;
                received.push(...piece);
                const mood = moods[calls++ % moods.length]!;
                if (mood.startsWith("resume")) opened.resume();
                waits = mood === "wait";
                if (waits) {
                  setImmediate(() => {
                    waits = false;
                    opened.resume();
                  });
                }
                inside = false;
                return mood.endsWith("more");
              },
              end: () => (inside || waits ? reject(new Error("the end before its time")) : resolve()),
              fail: reject,
            });
          });
          expect(received).toEqual([...content]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
