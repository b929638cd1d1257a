import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { eventually, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { forwardTo } from "../src/forward.ts";
import { acceptOf } from "../src/websocket.ts";
import { deps, edgeTo, exchangeRaw, httpOrigin, rawClient } from "./edge.ts";
import { closed, readAll } from "./sockets.ts";

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const handshake = `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;

/** An origin that answers when the test says so, and turns upgrades into tunnels that stay silent. */
async function slowOrigin() {
  const responses: ServerResponse[] = [];
  const origin = await httpOrigin(
    (_, response) => void responses.push(response),
    (server) =>
      server.on("upgrade", (_, socket: Duplex) => {
        socket.on("error", () => undefined);
        socket.write(`HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`);
      }),
  );
  return { ...origin, responses };
}

describe("closing a proxy", () => {
  test("lets 50 running requests finish, says that the connection closes, and leaves nothing", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address);
    const clients = await Promise.all(Array.from({ length: 50 }, () => rawClient(edge.port, request)));
    await eventually("all at the upstream", () => origin.responses.length === 50);
    const answers = Promise.all(clients.map(readAll));
    const closing = edge.proxy.close();
    await expect(rawClient(edge.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    for (const response of origin.responses) response.end("finished");
    for (const answer of await answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain("Connection: close");
      expect(answer).toContain("finished");
    }
    for (const client of clients) client.destroy();
    await closing;
    expect(edge.proxy.connections).toBe(0);
  });

  test("closes idle connections and ends tunnels at once, while a request goes on", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address);
    const idle = await rawClient(edge.port, request);
    await eventually("a request", () => origin.responses.length === 1);
    origin.responses.pop()!.end();
    await once(idle, "data");
    const tunnel = await rawClient(edge.port, handshake);
    await once(tunnel, "data");
    const running = await rawClient(edge.port, request);
    await eventually("another request", () => origin.responses.length === 1);

    let done = false;
    const closing = edge.proxy.close().then(() => (done = true));
    await Promise.all([closed(idle), closed(tunnel)]);
    await eventually("the tunnel's other side closed", () => edge.upstream.tunnels === 0);
    expect(done).toBe(false);
    origin.responses[0]!.end("finished");
    expect(await readAll(running)).toContain("finished");
    running.destroy();
    await closing;
  });

  test("cuts off what still runs when its signal fires", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, request);
    await eventually("a request", () => origin.responses.length === 1);
    const stop = new AbortController();
    const closing = edge.proxy.close({ signal: stop.signal });
    stop.abort();
    await closing;
    await closed(client);
    await eventually("the upstream's connection closed", () => origin.sockets.size === 0);
  });

  test("cuts off what still runs when its own grace has passed", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address, { graceMs: 50 });
    const client = await rawClient(edge.port, request);
    await eventually("a request", () => origin.responses.length === 1);
    await edge.proxy.close();
    await closed(client);
  });

  test("may be asked for twice, the second time with less patience", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, request);
    await eventually("a request", () => origin.responses.length === 1);
    const patient = edge.proxy.close();
    await edge.proxy.close({ signal: AbortSignal.abort() });
    await patient;
    await edge.proxy.close();
    client.destroy();
  });

  test("ends a tunnel that comes out of a request that was running", async () => {
    const agree = gate();
    await using origin = await httpOrigin(
      () => undefined,
      (server) =>
        server.on("upgrade", (_, socket: Duplex) => {
          socket.on("error", () => undefined);
          void agree.opened.then(() =>
            socket.write(`HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`),
          );
        }),
    );
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, handshake);
    await eventually("the upgrade on its way", () => edge.upstream.inFlight === 1);
    const closing = edge.proxy.close();
    agree.open();
    await closing;
    await closed(client);
  });
});

describe("draining an upstream", () => {
  test("ends its tunnels, finishes its requests, and sends new ones away", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address);
    const tunnel = await rawClient(edge.port, handshake);
    await once(tunnel, "data");
    const running = await rawClient(edge.port, request);
    await eventually("a request", () => origin.responses.length === 1);
    let drained = false;
    const draining = edge.upstream.drain().then(() => (drained = true));
    await closed(tunnel);
    expect(drained).toBe(false);
    const refused = await exchangeRaw(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(refused).toMatch(/^HTTP\/1\.1 503 [\s\S]*upstream-unavailable/);
    origin.responses[0]!.end("finished");
    await once(running, "data");
    await draining;
    running.destroy();

    edge.upstream.available = true;
    const again = exchangeRaw(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await eventually("the next request", () => origin.responses.length === 2);
    origin.responses[1]!.end("back");
    expect(await again).toContain("back");
  });

  test("answers 503 for a request that does not end in time, and cuts one whose answer has begun", async () => {
    await using origin = await slowOrigin();
    await using edge = await edgeTo(origin.address, { upstream: { graceMs: 20 } });
    const last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const clients = await Promise.all([rawClient(edge.port, last), rawClient(edge.port, last)]);
    await eventually("both requests", () => origin.responses.length === 2);
    // Which of the two it is does not matter.
    origin.responses[0]!.write("begun");
    await Promise.race(clients.map((client) => once(client, "readable")));
    const answers = Promise.allSettled(clients.map(readAll));
    await edge.upstream.drain();
    const texts = (await answers).map((one) =>
      one.status === "fulfilled" ? one.value : String((one.reason as NodeJS.ErrnoException).code),
    );
    expect(texts.filter((text) => text.startsWith("HTTP/1.1 503"))).toHaveLength(1);
    expect(texts.filter((text) => text === "ECONNRESET")).toHaveLength(1);
    await eventually("the upstream's connections closed", () => origin.sockets.size === 0);
    for (const client of clients) client.destroy();
  });
});

test("replacing the handler leaves the requests that run with the one that began them", async () => {
  await using before = await slowOrigin();
  await using after = await httpOrigin((_, response) => void response.end("new"));
  await using edge = await edgeTo(before.address);
  await using other = await edgeTo(after.address);
  const running = exchangeRaw(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await eventually("a request", () => before.responses.length === 1);

  edge.proxy.replace(forwardTo(other.upstream, deps));
  expect(await exchangeRaw(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toContain("new");
  before.responses[0]!.end("old");
  expect(await running).toContain("old");
});
