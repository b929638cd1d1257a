import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { silentLogger, systemClock } from "@mothership/kernel";
import { eventually, FakeClock, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { acceptOf } from "../src/websocket.ts";
import { edgeTo, exchangeRaw, get, httpOrigin, rawClient, rawOrigin, told } from "./edge.ts";
import { readAll } from "./sockets.ts";

/** An upstream that answers each connection with these bytes and closes. */
const saying = (text: string) => rawOrigin((socket) => void socket.once("data", () => socket.end(text, "latin1")));

describe("an upstream that fails", () => {
  test("rule 65 (RFC 9110, 15.6.3): 502 when it refuses connections", async () => {
    const origin = await rawOrigin(() => undefined);
    const { address } = origin;
    await origin[Symbol.asyncDispose]();
    await using edge = await edgeTo(address);
    expect(told(await get(edge))).toBe("502 upstream-unreachable");
  });

  test("rule 65: 502 when it breaks off before an answer", async () => {
    await using origin = await rawOrigin((socket) => void socket.once("data", () => socket.resetAndDestroy()));
    await using edge = await edgeTo(origin.address);
    expect(told(await get(edge))).toBe("502 upstream-closed");
  });

  test.each([
    ["rule 37 (RFC 9112, 6.3): two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"],
    ["rule 37 (RFC 9112, 6.3): length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["rule 37 (RFC 9112, 5.2): a folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"],
    ["rule 16 (RFC 9112, 5.1): a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"],
    ["rule 42 (RFC 9110, 15): status 099", "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n"],
    ["rule 42 (RFC 9110, 15): status 999", "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n"],
    ["rule 42 (RFC 9110, 15): a status that is a word", "HTTP/1.1 abc X\r\nContent-Length: 0\r\n\r\n"],
    ["rule 48 (RFC 9110, 15.2.2): 101 that nobody asked for", "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"],
    ["something that is no HTTP", "SSH-2.0-OpenSSH\r\n"],
  ])("%s: 502, and the client sees nothing of it", async (_, text) => {
    await using origin = await saying(text);
    await using edge = await edgeTo(origin.address);
    const answer = await get(edge);
    expect(told(answer)).toBe("502 upstream-invalid");
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("rule 65 (RFC 9110, 15.6.5): 504 when it does not answer in time", async () => {
    await using origin = await rawOrigin((socket) => void socket.resume().on("end", () => socket.end()));
    await using edge = await edgeTo(origin.address, { upstream: { timeouts: { firstByteMs: 50 } } });
    expect(told(await get(edge))).toBe("504 upstream-timeout");
    await eventually("its connection closed", () => origin.sockets.size === 0);
  });

  test("rule 65 (RFC 9110, 15.6.4): 503 with Retry-After when it is out of use, and it hears nothing", async () => {
    let connections = 0;
    await using origin = await rawOrigin(() => void connections++);
    await using edge = await edgeTo(origin.address, { upstream: { available: false, retryAfterSeconds: 7 } });
    const answer = await get(edge);
    expect(told(answer)).toBe("503 upstream-unavailable");
    expect(answer).toContain("Retry-After: 7\r\n");
    expect(connections).toBe(0);
  });

  test("rule 65: 503 when too many wait for it", async () => {
    const free = gate();
    await using origin = await httpOrigin((_, response) => void free.opened.then(() => response.end("done")));
    await using edge = await edgeTo(origin.address, { upstream: { maxConnections: 1, maxQueued: 1 } });
    const running = get(edge);
    await eventually("one at the upstream", () => origin.sockets.size === 1);
    const waiting = get(edge);
    await eventually("one in the queue", () => edge.upstream.pool.queued === 1);
    expect(told(await get(edge))).toBe("503 upstream-overloaded");
    free.open();
    expect(await running).toContain("done");
    expect(await waiting).toContain("done");
  });

  test("rule 39 (RFC 9112, 8): an answer that is cut off is cut off for the client, whatever its framing", async () => {
    for (const head of ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"]) {
      await using origin = await saying(`HTTP/1.1 200 OK\r\n${head}`);
      await using edge = await edgeTo(origin.address);
      const client = await rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await expect(readAll(client)).rejects.toMatchObject({ code: "ECONNRESET" });
      client.destroy();
    }
  });

  test("rule 40 (RFC 9112, 6.3): an answer that ends with the connection is whole, in chunks for 1.1, with the connection for 1.0", async () => {
    await using origin = await saying("HTTP/1.1 200 OK\r\n\r\nall of it");
    await using edge = await edgeTo(origin.address);
    expect(await get(edge)).toMatch(/Transfer-Encoding: chunked[\s\S]*\r\n\r\n9\r\nall of it\r\n0\r\n\r\n$/);
    expect(await exchangeRaw(edge.port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nall of it$/);
  });

  test("is told of once a second, with the number of those that were left out", async () => {
    const lines: unknown[] = [];
    const log = { ...silentLogger, child: () => log, warn: (message: string, fields: unknown) => void lines.push([message, fields]) };
    await using origin = await saying("garbage\r\n");
    await using edge = await edgeTo(origin.address, { deps: { clock: systemClock, log } });
    for (let count = 0; count < 5; count++) await get(edge);
    expect(lines.length).toBeLessThan(5);
    expect(lines[0]).toEqual([
      "a request could not be forwarded",
      expect.objectContaining({ status: 502, reason: "upstream-invalid", code: "MS_HTTP1_BAD_RESPONSE" }),
    ]);
  });
});

describe("an upstream with a breaker", () => {
  test("is left alone when it fails too often, and used again when a trial succeeds", async () => {
    const clock = new FakeClock();
    let well = false;
    let asked = 0;
    await using origin = await httpOrigin((_, response) => {
      asked++;
      response.writeHead(well ? 200 : 503).end();
    });
    await using edge = await edgeTo(origin.address, {
      upstream: { breaker: { minRequests: 3, openMs: 1000 } },
      deps: { clock, log: silentLogger },
    });
    for (let count = 0; count < 3; count++) expect(await get(edge)).toMatch(/^HTTP\/1\.1 503 (?![\s\S]*X-Mothership-Error)/);
    expect(told(await get(edge))).toBe("503 upstream-failing");
    expect(asked).toBe(3);
    expect(edge.upstream.breaker?.state).toBe("open");

    await clock.advance(1000);
    well = true;
    expect(await get(edge)).toMatch(/^HTTP\/1\.1 200 /);
    expect(edge.upstream.breaker?.state).toBe("closed");
  });

  test("counts refused connections, forgets them when it is told to, and not because it comes back", async () => {
    const origin = await rawOrigin(() => undefined);
    const { address } = origin;
    await origin[Symbol.asyncDispose]();
    await using edge = await edgeTo(address, { upstream: { breaker: { minRequests: 2 } } });
    expect(told(await get(edge))).toBe("502 upstream-unreachable");
    expect(told(await get(edge))).toBe("502 upstream-unreachable");
    expect(told(await get(edge))).toBe("503 upstream-failing");
    edge.upstream.available = false;
    edge.upstream.available = true;
    expect(told(await get(edge))).toBe("503 upstream-failing");
    edge.upstream.breaker?.reset();
    expect(told(await get(edge))).toBe("502 upstream-unreachable");
  });

  test("rule 57 (RFC 9110, 10.2.3): is left alone for as long as it asks with Retry-After, and clients are told so", async () => {
    const clock = new FakeClock();
    await using origin = await httpOrigin((_, response) => void response.writeHead(503, { "Retry-After": "20" }).end());
    await using edge = await edgeTo(origin.address, {
      upstream: { breaker: { minRequests: 2, openMs: 1000 } },
      deps: { clock, log: silentLogger },
    });
    // One alone may have been meant for one request.
    expect(await get(edge)).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 20\r\n/);
    expect(await get(edge)).not.toContain("upstream-failing");
    await clock.advance(5500);
    expect(await get(edge)).toMatch(/^HTTP\/1\.1 503 [\s\S]*X-Mothership-Error: upstream-failing[\s\S]*Retry-After: 15\r\n/);
    await clock.advance(14_500);
    expect(await get(edge)).not.toContain("upstream-failing");
  });

  test("takes an upgrade for a success", async () => {
    const clock = new FakeClock();
    let well = false;
    await using origin = await httpOrigin(
      (_, response) => void response.writeHead(503).end(),
      (server) =>
        server.on("upgrade", (_, socket) => {
          socket.on("error", () => undefined);
          if (well)
            socket.write(`HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`);
        }),
    );
    await using edge = await edgeTo(origin.address, {
      upstream: { breaker: { minRequests: 1, openMs: 1000 } },
      deps: { clock, log: silentLogger },
    });
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    await get(edge);
    expect(edge.upstream.breaker?.state).toBe("open");
    await clock.advance(1000);
    well = true;
    const client = await rawClient(
      edge.port,
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await once(client, "data");
    expect(edge.upstream.breaker?.state).toBe("closed");
    client.destroy();
  });

  test("learns nothing from clients that leave", async () => {
    await using origin = await httpOrigin(() => undefined);
    await using edge = await edgeTo(origin.address, { upstream: { breaker: { minRequests: 1 } } });
    for (let count = 0; count < 3; count++) {
      const client = await rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await eventually("the request", () => edge.upstream.inFlight === 1);
      client.resetAndDestroy();
      await eventually("it over", () => edge.upstream.inFlight === 0);
    }
    expect(edge.upstream.breaker?.state).toBe("closed");
  });
});

describe("rule 58 (RFC 9110, 7.6): a client that leaves", () => {
  test("cancels its request at the upstream, before the answer and in the middle of it", async () => {
    for (const begun of [false, true]) {
      const arrived = gate();
      await using origin = await httpOrigin((_, response) => {
        if (begun) response.write("first");
        arrived.open();
      });
      await using edge = await edgeTo(origin.address);
      const client = await rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await arrived.opened;
      if (begun) await once(client, "data");
      expect(edge.upstream.inFlight).toBe(1);
      client.resetAndDestroy();
      await eventually("the upstream's connection closed", () => origin.sockets.size === 0);
      expect(edge.upstream.inFlight).toBe(0);
      expect(edge.proxy.inFlight).toBe(0);
    }
  });

  test("in the middle of its own body cancels it too", async () => {
    const arrived = gate();
    await using origin = await httpOrigin((request) => void request.once("data", () => arrived.open()));
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    await arrived.opened;
    client.resetAndDestroy();
    await eventually("the upstream's connection closed", () => origin.sockets.size === 0);
    await eventually("the request over", () => edge.proxy.inFlight === 0);
  });

  test("200 of them leave no connection behind", async () => {
    const responses: ServerResponse[] = [];
    await using origin = await httpOrigin((_, response) => {
      responses.push(response);
      response.write("first");
    });
    await using edge = await edgeTo(origin.address);
    const clients = await Promise.all(Array.from({ length: 200 }, () => rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
    await eventually("all at the upstream", () => responses.length === 200);
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.resetAndDestroy();
      else client.destroy();
    }
    // Nobody can tell a client that has closed from one that only has nothing more to say, until something is sent to it.
    await eventually("no connection left", () => {
      for (const response of responses) response.write("more");
      return edge.proxy.connections === 0 && origin.sockets.size === 0 && edge.upstream.pool.open === 0;
    });
    expect(edge.proxy.inFlight).toBe(0);
    expect(edge.upstream.inFlight).toBe(0);
  });
});

describe("rule 36 (RFC 9112, 9.5): an answer while the body still arrives", () => {
  test("reaches the client, and what is left of the body is never taken for a request", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"));
    });
    await using edge = await edgeTo(origin.address);
    const smuggled = "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n";
    const client = await rawClient(edge.port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n${smuggled}`);
    const answer = await readAll(client);
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*Connection: close[\s\S]*\r\n\r\nno$/);
    client.destroy();
  });
});

describe("handlers that fail", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("secret detail");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret detail"))],
  ])("a handler that %s becomes 500, which says nothing of the reason", async (_, handler) => {
    await using edge = await edgeTo({ kind: "tcp", host: "127.0.0.1", port: 1 });
    edge.proxy.replace(handler);
    const answer = await get(edge);
    expect(told(answer)).toBe("500 internal");
    expect(answer).not.toContain("secret");
  });
});
