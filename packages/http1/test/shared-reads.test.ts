import { once } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { get } from "./support/ask.ts";
import { listen, pool } from "./support/wire.ts";

/*
 * All plain connections of a pool read into one buffer. Whoever kept a view of it instead of a copy would see another's bytes.
 */

/** Bytes that no other stream has at the same places. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = seed + 1; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    bytes[at] = state >> 16;
  }
  return bytes;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Stream {
  readonly length: number;
  readonly chunked: boolean;
  /** Sizes of what the origin writes, over and over. */
  readonly pieces: readonly number[];
  /** The reader waits a turn after every so many pieces; 0 for never. */
  readonly pauseAfter: number;
}

const streams: fc.Arbitrary<Stream[]> = fc.array(
  fc.record({
    length: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 300_000 })),
    chunked: fc.boolean(),
    pieces: fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 4 }),
    pauseAfter: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 2, maxLength: 6 },
);

async function give(socket: Socket, { length, chunked, pieces }: Stream, body: Buffer): Promise<void> {
  socket.write(`HTTP/1.1 200 OK\r\n${chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`}\r\n\r\n`);
  for (let at = 0, count = 0; at < length; count++) {
    const piece = body.subarray(at, at + Math.max(pieces[count % pieces.length]!, length / 50));
    at += piece.length;
    socket.write(chunked ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]) : piece);
    await turn();
  }
  if (chunked) socket.write("0\r\n\r\n");
}

describe("what is read through the one buffer of all connections", () => {
  test("reaches each reader as it was sent, however it was cut and however slowly it is taken", async () => {
    await fc.assert(
      fc.asyncProperty(streams, async (all) => {
        const bodies = all.map(({ length }, seed) => pattern(length, seed));
        await using origin = await listen((socket) => {
          socket.on("data", (request: Buffer) => {
            const index = Number(/^GET \/(\d+)/.exec(request.toString("latin1"))?.[1]);
            void give(socket, all[index]!, bodies[index]!);
          });
        });
        await using client = pool(origin.port);
        const read = (index: number): Promise<Buffer> =>
          new Promise((resolve, reject) => {
            // Kept as they come: the reader owns them.
            const kept: Uint8Array[] = [];
            client.request(
              { ...get, target: `/${index}` },
              {
                interim: () => undefined,
                upgraded: () => undefined,
                failed: reject,
                response: (_, body) =>
                  body.read({
                    data: (piece) => {
                      kept.push(piece);
                      const { pauseAfter } = all[index]!;
                      if (pauseAfter === 0 || kept.length % pauseAfter > 0) return true;
                      setImmediate(() => body.resume());
                      return false;
                    },
                    end: () => resolve(Buffer.concat(kept)),
                    fail: reject,
                  }),
              },
            );
          });
        const taken = await Promise.all(all.map((_, index) => read(index)));
        for (const [index, bytes] of taken.entries()) expect(bytes.equals(bodies[index]!)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test("goes on after an upgrade as a stream that can be paused", async () => {
    const sent = pattern(2_000_000, 7);
    await using origin = await listen((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        socket.end(sent);
      });
    });
    await using client = pool(origin.port);
    const { socket, held } = await new Promise<{ socket: NodeJS.ReadableStream; held: Uint8Array }>((resolve, reject) => {
      client.request(
        { ...get, upgrade: "websocket" },
        { interim: () => undefined, response: () => undefined, failed: reject, upgraded: (_, tunnel) => resolve(tunnel) },
      );
    });
    const kept: Uint8Array[] = [held];
    let reading = true;
    socket.on("data", (piece: Buffer) => {
      expect(reading).toBe(true);
      kept.push(piece);
      reading = false;
      socket.pause();
      setImmediate(() => {
        reading = true;
        socket.resume();
      });
    });
    socket.resume();
    await once(socket, "end");
    expect(Buffer.concat(kept).equals(sent)).toBe(true);
  });
});
