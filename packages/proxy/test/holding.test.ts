import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { constants } from "node:http2";
import { systemClock } from "@mothership/kernel";
import { eventually, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { forwardTo } from "../src/forward.ts";
import { acceptOf } from "../src/websocket.ts";
import { deps, type Edge, edgeTo, exchangeRaw, httpOrigin, rawClient, rawOrigin } from "./edge.ts";
import { ask, secureEdgeTo } from "./http2-edge.ts";
import { recorder } from "./recorder.ts";
import { readAll } from "./sockets.ts";

const asked = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const get = (edge: Edge, path?: string): Promise<string> => exchangeRaw(edge.port, asked(path));

/** Status and reason of an answer of the proxy itself. */
function told(answer: string): string {
  return `${answer.slice(9, 12)} ${/X-Mothership-Error: (.*)\r\n/.exec(answer)?.[1]}`;
}

const heldAre = (edge: Edge, count: number): Promise<unknown> => eventually(`${count} requests held`, () => edge.upstream.held === count);

describe("requests to an upstream that is restarted", () => {
  test("wait, and reach it in their order when it is back", async () => {
    const seen: string[] = [];
    await using origin = await httpOrigin((request, response) => {
      seen.push(request.url ?? "");
      response.end("done");
    });
    // One connection, so that the order in which they arrive is that in which they were sent.
    await using edge = await edgeTo(origin.address, { upstream: { maxConnections: 1 } });
    edge.upstream.hold();
    expect([edge.upstream.available, edge.upstream.holding]).toEqual([false, true]);
    const answers: Promise<string>[] = [];
    for (let n = 1; n <= 20; n++) {
      answers.push(get(edge, `/${n}`));
      await heldAre(edge, n);
    }
    await edge.upstream.drain();
    expect([seen, edge.upstream.held, edge.upstream.inFlight]).toEqual([[], 20, 0]);
    edge.upstream.available = true;
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `/${index + 1}`));
    expect([edge.upstream.held, edge.upstream.holding]).toEqual([0, false]);
    expect(await get(edge)).toMatch(/^HTTP\/1.1 200 /);
  });

  test("do not wait for the requests that run, nor these for them", async () => {
    const free = gate();
    await using origin = await httpOrigin((_, response) => void free.opened.then(() => response.end("done")));
    await using edge = await edgeTo(origin.address);
    const running = get(edge);
    await eventually("a request that runs", () => edge.upstream.inFlight === 1);
    edge.upstream.hold();
    const waiting = get(edge);
    await heldAre(edge, 1);
    const drained = edge.upstream.drain();
    free.open();
    expect(await running).toMatch(/^HTTP\/1.1 200 /);
    await drained;
    expect(edge.upstream.held).toBe(1);
    edge.upstream.available = true;
    expect(await waiting).toMatch(/^HTTP\/1.1 200 /);
  });

  test("are answered 503 with a reason of its own when it takes too long, and the log says so", async () => {
    await using origin = await httpOrigin((_, response) => void response.end("done"));
    const log = recorder();
    await using edge = await edgeTo(origin.address, {
      upstream: { hold: { timeoutMs: 30 }, retryAfterSeconds: 7 },
      deps: { clock: systemClock, log },
    });
    edge.upstream.hold();
    const answer = await get(edge);
    expect([told(answer), answer.includes("Retry-After: 7\r\n")]).toEqual(["503 upstream-hold-timeout", true]);
    expect(edge.upstream.held).toBe(0);
    expect(log.lines.find(({ fields }) => fields?.["reason"] === "upstream-hold-timeout")).toMatchObject({ level: "warn" });
  });

  test("are answered 503 at once when too many wait", async () => {
    await using origin = await httpOrigin((_, response) => void response.end("done"));
    await using edge = await edgeTo(origin.address, { upstream: { hold: { maxHeld: 2 } } });
    edge.upstream.hold();
    const waiting = [get(edge), get(edge)];
    await heldAre(edge, 2);
    const answer = await get(edge);
    expect([told(answer), answer.includes("Retry-After: 5\r\n")]).toEqual(["503 upstream-hold-full", true]);
    edge.upstream.available = true;
    for (const one of await Promise.all(waiting)) expect(one).toMatch(/^HTTP\/1.1 200 /);
  });

  test("are not let in beyond what its connections and their queue take", async () => {
    await using origin = await httpOrigin((_, response) => void response.end("done"));
    await using edge = await edgeTo(origin.address, { upstream: { maxConnections: 1, maxQueued: 1 } });
    edge.upstream.hold();
    const waiting = [get(edge), get(edge)];
    await heldAre(edge, 2);
    expect(told(await get(edge))).toBe("503 upstream-hold-full");
    edge.upstream.available = true;
    for (const one of await Promise.all(waiting)) expect(one).toMatch(/^HTTP\/1.1 200 /);
  });

  test.each([
    ["it does not come up", ({ upstream }: Edge): unknown => Object.assign(upstream, { available: false })],
    ["it is closed", ({ upstream }: Edge): unknown => upstream.close({ signal: AbortSignal.abort() })],
  ])("are answered 503 at once when %s", async (_, end) => {
    await using origin = await httpOrigin((_, response) => void response.end("done"));
    await using edge = await edgeTo(origin.address);
    edge.upstream.hold();
    const waiting = [get(edge), get(edge)];
    await heldAre(edge, 2);
    await end(edge);
    for (const one of await Promise.all(waiting)) expect(told(one)).toBe("503 upstream-unavailable");
    expect(told(await get(edge))).toBe("503 upstream-unavailable");
  });

  test("do not wait where no time is given to them", async () => {
    await using origin = await httpOrigin((_, response) => void response.end("done"));
    await using edge = await edgeTo(origin.address, { upstream: { hold: { timeoutMs: 0 } } });
    edge.upstream.hold();
    expect(edge.upstream.holding).toBe(false);
    expect(told(await get(edge))).toBe("503 upstream-unavailable");
  });

  test("are forgotten when their clients leave", async () => {
    let requests = 0;
    await using origin = await httpOrigin((_, response) => {
      requests++;
      response.end("done");
    });
    const outcomes: string[] = [];
    await using edge = await edgeTo(origin.address);
    const watch = { answered: () => undefined, failed: () => undefined, held: (outcome: string) => void outcomes.push(outcome) };
    edge.proxy.replace(forwardTo(edge.upstream, deps, { watch }));
    edge.upstream.hold();
    const left = await rawClient(edge.port, asked());
    const stays = get(edge);
    await heldAre(edge, 2);
    left.resetAndDestroy();
    await heldAre(edge, 1);
    edge.upstream.available = true;
    expect(await stays).toMatch(/^HTTP\/1.1 200 /);
    expect([requests, outcomes.sort()]).toEqual([1, ["left", "released"]]);
    expect(edge.upstream.inFlight).toBe(0);
  });

  test("keep their bodies at the client until it is back, and lose no byte", async () => {
    let received = 0;
    await using origin = await httpOrigin((request: IncomingMessage, response) => {
      request.on("data", (piece: Buffer) => {
        received += piece.length;
      });
      request.on("end", () => response.end(String(received)));
    });
    await using edge = await edgeTo(origin.address);
    edge.upstream.hold();
    const size = 64 * 1024 * 1024;
    const socket = await rawClient(edge.port, `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
    const answer = readAll(socket);
    const before = process.memoryUsage().arrayBuffers;
    const taken = socket.write(Buffer.alloc(size));
    await heldAre(edge, 1);
    expect(taken).toBe(false);
    // The client's own memory is in this process as well: what the proxy took would come on top of it.
    await eventually("a client that cannot send on", () => socket.writableLength > size - 16 * 1024 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size + 16 * 1024 * 1024);
    expect(received).toBe(0);
    edge.upstream.available = true;
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 200 [\\s\\S]*${size}`));
  });

  test("may be WebSocket handshakes", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.once("data", (data: Buffer) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(data.toString("latin1"))?.[1] ?? "";
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
        );
        socket.pipe(socket);
      });
    });
    await using edge = await edgeTo(origin.address);
    edge.upstream.hold();
    const client = await rawClient(
      edge.port,
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await heldAre(edge, 1);
    edge.upstream.available = true;
    const [head] = (await once(client, "data")) as [Buffer];
    expect(head.toString("latin1")).toMatch(/^HTTP\/1.1 101 /);
    client.write("hello");
    expect(String((await once(client, "data"))[0])).toBe("hello");
    client.destroy();
  });

  test("wait over HTTP/2 as well, with their content, and are forgotten when their stream is reset", async () => {
    let received = 0;
    await using origin = await httpOrigin((request, response) => {
      request.on("data", (piece: Buffer) => {
        received += piece.length;
      });
      request.on("end", () => response.end("done"));
    });
    await using edge = await secureEdgeTo(origin.address);
    edge.upstream.hold();
    const session = await edge.client();
    const body = Buffer.alloc(1024 * 1024);
    const stays = ask(session, { ":method": "POST", ":path": "/" }, body);
    const leaves = session.request({ ":path": "/" }).on("error", () => undefined);
    await heldAre(edge, 2);
    leaves.close(constants.NGHTTP2_CANCEL);
    await heldAre(edge, 1);
    expect(received).toBe(0);
    edge.upstream.available = true;
    expect((await stays).status).toBe(200);
    expect(received).toBe(body.length);
  });
});
