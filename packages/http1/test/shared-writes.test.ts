import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Output } from "../src/output.ts";

/*
 * All plain connections of a thread join what they write in one store. Were it used again while a socket still has bytes in it, another's bytes
 * would be sent. Unix sockets, because the system holds little for them: they are full again and again.
 */

interface Stream {
  readonly pieces: number;
  /** Sizes of the pieces, over and over; each has a line of text before it. */
  readonly sizes: readonly number[];
  /** The peer waits so many turns before it reads, and after each read. */
  readonly slowness: number;
}

const streams: fc.Arbitrary<Stream[]> = fc.array(
  fc.record({
    pieces: fc.integer({ min: 1, max: 60 }),
    sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 40_000 })), { minLength: 1, maxLength: 4 }),
    slowness: fc.integer({ min: 0, max: 4 }),
  }),
  { minLength: 2, maxLength: 6 },
);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What belongs to one stream alone. */
function piecesOf({ pieces, sizes }: Stream, index: number): { readonly line: string; readonly bytes: Buffer }[] {
  return Array.from({ length: pieces }, (_, at) => {
    const line = `${index}, ${at}\r\n`;
    return { line, bytes: Buffer.alloc(sizes[at % sizes.length]!, line) };
  });
}

async function give(socket: Socket, stream: Stream, index: number): Promise<void> {
  const output = new Output(socket);
  for (const { line, bytes } of piecesOf(stream, index)) {
    output.push(line);
    output.push(bytes);
    output.flush();
    for (; output.full; output.flush()) await once(socket, "drain");
    await turn();
  }
  socket.end();
}

async function take(socket: Socket, slowness: number): Promise<Buffer> {
  const kept: Buffer[] = [];
  for (let count = 0; count < slowness * 10; count++) await turn();
  for await (const piece of socket) {
    kept.push(piece);
    for (let count = 0; count < slowness; count++) await turn();
  }
  return Buffer.concat(kept);
}

describe("what is joined in the one store of all connections", () => {
  test("reaches each peer as it was written, however full the system is", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ms-writes-"));
    const path = join(folder, "s");
    const waiting: Socket[] = [];
    const server = createServer((socket) => waiting.push(socket)).listen(path);
    await once(server, "listening");
    try {
      await fc.assert(
        fc.asyncProperty(streams, async (all) => {
          const peers = all.map(() => connect(path));
          while (waiting.length < all.length) await turn();
          // Which peer belongs to which socket does not matter: each stream names itself in every line.
          const given = waiting.splice(0).map((socket, index) => give(socket, all[index]!, index));
          const taken = await Promise.all(peers.map((peer, index) => take(peer, all[index]!.slowness)));
          await Promise.all(given);
          const sent = all.map((stream, index) =>
            Buffer.concat(piecesOf(stream, index).flatMap(({ line, bytes }) => [Buffer.from(line), bytes])),
          );
          for (const bytes of taken) expect(sent.some((one) => one.equals(bytes))).toBe(true);
        }),
        { numRuns: 25 },
      );
    } finally {
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
