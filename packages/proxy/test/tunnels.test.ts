import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { eventually } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { acceptOf } from "../src/websocket.ts";
import { edgeTo, exchangeRaw, httpOrigin, type Origin, rawClient } from "./edge.ts";
import { readAll } from "./sockets.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const handshake = (more = "", version = "13", sent = key): string =>
  `GET /cable HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: ${sent}\r\n${more}\r\n`;

/** An origin that accepts every upgrade with a right answer and hands over its sockets. */
function webSocketOrigin(
  onSocket: (socket: Duplex, request: IncomingMessage, head: Buffer) => void,
  fields = "",
  accept?: string,
): Promise<Origin> {
  return httpOrigin(
    (_, response) => void response.writeHead(200).end("plain"),
    (server) =>
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const sent = request.headers["sec-websocket-key"] ?? "";
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept ?? acceptOf(sent)}\r\n${fields}\r\n`,
        );
        socket.on("error", () => undefined);
        onSocket(socket, request, head);
      }),
  );
}

const echo = (socket: Duplex, _: IncomingMessage, head: Buffer): void => {
  socket.write(head);
  socket.pipe(socket);
};

/** What a client has received up to and including `text`. */
async function until(client: Duplex, text: string): Promise<string> {
  let seen = "";
  const add = (piece: Buffer): void => {
    seen += piece.toString("latin1");
  };
  client.on("data", add);
  await eventually(JSON.stringify(text), () => seen.includes(text));
  client.off("data", add);
  return seen;
}

describe("a WebSocket", () => {
  test("of a real client works, with its subprotocol, text, bytes and close code", async () => {
    // A frame of up to 125 bytes, masked by the client, is answered with the same content.
    await using origin = await webSocketOrigin((socket) => {
      socket.on("data", (frame: Buffer) => {
        const length = frame[1]! & 127;
        const content = Buffer.from(frame.subarray(6, 6 + length).map((byte, at) => byte ^ frame[2 + (at % 4)]!));
        socket.write(Buffer.concat([Buffer.of(frame[0]!, length), content]));
        if ((frame[0]! & 15) === 8) socket.end();
      });
    }, "Sec-WebSocket-Protocol: chat\r\n");
    await using edge = await edgeTo(origin.address);
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/cable`, ["chat", "other"]);
    socket.binaryType = "arraybuffer";
    await once(socket, "open");
    expect(socket.protocol).toBe("chat");
    socket.send("hello");
    const [text] = (await once(socket, "message")) as [MessageEvent];
    expect(text.data).toBe("hello");
    socket.send(Uint8Array.of(1, 2, 255));
    const [bytes] = (await once(socket, "message")) as [MessageEvent];
    expect(new Uint8Array(bytes.data as ArrayBuffer)).toEqual(Uint8Array.of(1, 2, 255));
    expect(edge.upstream.tunnels).toBe(1);
    expect(edge.upstream.inFlight).toBe(0);
    socket.close(4001, "bye");
    const [close] = (await once(socket, "close")) as [CloseEvent];
    expect(close.code).toBe(4001);
    await eventually("the tunnel gone", () => edge.upstream.tunnels === 0 && edge.proxy.connections === 0 && origin.sockets.size === 0);
  });

  test("rule 49 (RFC 9110, 7.8): what was sent behind the request reaches the upstream after 101, in order", async () => {
    await using origin = await webSocketOrigin(echo);
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, `${handshake()}early`);
    expect(await until(client, "early")).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\nearly$/);
    client.end("late");
    expect(await readAll(client)).toBe("late");
    await eventually("the tunnel gone", () => edge.upstream.tunnels === 0);
  });

  test("rule 49: a second request behind an upgrade that is answered otherwise is not taken for one", async () => {
    let requests = 0;
    await using origin = await httpOrigin((_, response) => {
      requests++;
      response.end("plain");
    });
    await using edge = await edgeTo(origin.address);
    const answer = await exchangeRaw(edge.port, `${handshake()}GET /admin HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(requests).toBe(1);
  });

  test("rule 49: the upstream hears nothing beyond the request before it has agreed", async () => {
    let received = "";
    await using origin = await webSocketOrigin((_, __, head) => (received = head.toString()));
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, `${handshake()}early`);
    await until(client, "101");
    expect(received).toBe("");
    client.destroy();
  });

  test.each([
    ["another version", handshake("", "8"), /^HTTP\/1\.1 426 [\s\S]*Sec-WebSocket-Version: 13\r\n/],
    ["no version", handshake("", ""), /^HTTP\/1\.1 426 /],
    ["a short key", handshake("", "13", "c2hvcnQ="), /^HTTP\/1\.1 400 [\s\S]*bad-handshake/],
    ["two keys", handshake(`Sec-WebSocket-Key: ${key}\r\n`), /^HTTP\/1\.1 400 [\s\S]*bad-handshake/],
  ])("rule 52 (RFC 6455, 4.2): %s is refused here", async (_, text, answer) => {
    let heard = 0;
    await using origin = await webSocketOrigin(() => void heard++);
    await using edge = await edgeTo(origin.address);
    expect(await exchangeRaw(edge.port, text)).toMatch(answer);
    expect(heard).toBe(0);
  });

  test("rule 52 (RFC 6455, 4.1): an upstream that did not read the key is not believed", async () => {
    await using origin = await webSocketOrigin(echo, "", acceptOf("another key"));
    await using edge = await edgeTo(origin.address);
    expect(await exchangeRaw(edge.port, handshake())).toMatch(/^HTTP\/1\.1 502 [\s\S]*upstream-invalid/);
    await eventually("its connection closed", () => origin.sockets.size === 0);
  });

  test("rule 50 (RFC 9112, 9.9): an upgrade with a body is refused", async () => {
    await using origin = await webSocketOrigin(echo);
    await using edge = await edgeTo(origin.address);
    expect(await exchangeRaw(edge.port, handshake("Content-Length: 5\r\n"))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchangeRaw(edge.port, handshake("Transfer-Encoding: chunked\r\n"))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("rule 51 (RFC 9113, 3.1): h2c is served as plain HTTP/1.1 and not forwarded", async () => {
    let fields: NodeJS.Dict<string | string[]> = {};
    await using origin = await httpOrigin((request, response) => {
      fields = request.headers;
      response.end("plain");
    });
    await using edge = await edgeTo(origin.address);
    const answer = await exchangeRaw(
      edge.port,
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*plain/);
    expect(fields["upgrade"]).toBeUndefined();
    expect(fields["http2-settings"]).toBeUndefined();
  });

  test("another protocol is a tunnel where the bind allows it", async () => {
    await using origin = await httpOrigin(
      () => undefined,
      (server) =>
        server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
          socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`);
          socket.pipe(socket);
        }),
    );
    await using edge = await edgeTo(origin.address, { listener: { upgrades: ["telnet"] } });
    const client = await rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: telnet\r\n\r\nping");
    expect(await until(client, "ping")).toContain("Upgrade: telnet");
    client.destroy();
  });

  test("rule 53: many tunnels leave nothing behind when either side is killed", async () => {
    await using origin = await webSocketOrigin(echo);
    await using edge = await edgeTo(origin.address);
    const clients = await Promise.all(Array.from({ length: 100 }, () => rawClient(edge.port, handshake())));
    await Promise.all(clients.map((client) => until(client, "\r\n\r\n")));
    expect(edge.upstream.tunnels).toBe(100);
    for (const client of clients.slice(0, 50)) client.resetAndDestroy();
    await eventually("half of them gone", () => edge.upstream.tunnels === 50);
    for (const socket of origin.sockets) socket.resetAndDestroy();
    await eventually("all gone", () => edge.upstream.tunnels === 0 && edge.proxy.connections === 0 && origin.sockets.size === 0);
  });
});
