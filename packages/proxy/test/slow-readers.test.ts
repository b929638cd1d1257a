import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { edgeTo } from "./edge.ts";

const piece = Buffer.alloc(65_536, 120);
const pieces = 1_000;
/** What two Unix sockets of the system, and what stands between them, may hold. Half of it was seen. */
const heldAtMost = 4 * 1024 ** 2;

/** Writes as fast as it is let; how much that was so far. */
function pour(into: Writable): { readonly bytes: () => number } {
  let bytes = 0;
  const go = (): void => {
    while (bytes < pieces * piece.length) {
      bytes += piece.length;
      if (into.write(piece)) continue;
      into.once("drain", go);
      return;
    }
    into.end();
  };
  go();
  return { bytes: () => bytes };
}

/** Resolves when a number has not changed for many turns of the event loop. */
async function settled(number: () => number): Promise<number> {
  for (let last = -1, same = 0; same < 200; ) {
    await turn();
    same = number() === last ? same + 1 : 0;
    last = number();
  }
  return number();
}

describe("a side that takes nothing", () => {
  test("a client: its upstream is stopped, and goes on when it reads again", async () => {
    using folder = tempFolder();
    let poured = (): number => 0;
    await using origin = createServer((_, response) => {
      poured = pour(response).bytes;
    }).listen(folder.join("origin"));
    await once(origin, "listening");
    const address = { kind: "unix", path: folder.join("edge") } as const;
    await using _edge = await edgeTo({ kind: "unix", path: folder.join("origin") }, { listener: { address } });
    const client = connect(address.path);
    client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await once(client, "readable");
    expect(await settled(() => poured())).toBeLessThan(heldAtMost);
    let taken = 0;
    for await (const chunk of client) taken += (chunk as Buffer).length;
    expect(taken).toBeGreaterThan(pieces * piece.length);
  });

  test("an upstream: its client is stopped, and goes on when it reads again", async () => {
    using folder = tempFolder();
    const asked = Promise.withResolvers<() => void>();
    await using origin = createServer((request, response) => {
      let bytes = 0;
      asked.resolve(() => {
        request.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("end", () => response.end(String(bytes)));
      });
    }).listen(folder.join("origin"));
    await once(origin, "listening");
    const address = { kind: "unix", path: folder.join("edge") } as const;
    await using _edge = await edgeTo({ kind: "unix", path: folder.join("origin") }, { listener: { address } });
    const client = connect(address.path);
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${pieces * piece.length}\r\n\r\n`);
    const { bytes } = pour(client);
    const goOn = await asked.promise;
    expect(await settled(bytes)).toBeLessThan(heldAtMost);
    goOn();
    let answer = "";
    for await (const chunk of client) answer += String(chunk);
    expect(answer).toContain(`\r\n\r\n${pieces * piece.length}`);
  });
});
