import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { eventually, FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { acceptOf } from "../src/websocket.ts";
import { deps, httpOrigin, type Origin, rawOrigin } from "./edge.ts";
import { answerOf, ask, secureEdgeTo } from "./http2-edge.ts";

const handshake = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/ws", "sec-websocket-version": "13" } as const;

/** An upstream that agrees to a WebSocket and sends back what it gets. */
const webSocketOrigin = (onTunnel: (socket: Socket) => void = (socket) => void socket.pipe(socket), seen: string[] = []): Promise<Origin> =>
  httpOrigin(
    (_, response) => void response.writeHead(404).end("no"),
    (server) =>
      server.on("upgrade", (request, socket: Socket) => {
        seen.push(JSON.stringify({ method: request.method, url: request.url, ...request.headers }));
        const accept = acceptOf(request.headers["sec-websocket-key"] ?? "");
        const protocol = request.headers["sec-websocket-protocol"];
        const chosen = protocol === undefined ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
        socket.write(
          `HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`,
        );
        onTunnel(socket);
      }),
  );

/** A tunnel that stands. */
async function open(session: ClientHttp2Session, headers: Readonly<Record<string, string>> = {}): Promise<ClientHttp2Stream> {
  const stream = session.request({ ...handshake, ...headers }, { endStream: false });
  stream.on("error", () => undefined);
  const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
  expect(answer[":status"]).toBe(200);
  expect(answer).not.toHaveProperty("sec-websocket-accept");
  return stream;
}

/** The end of a stream, with an error or without. */
const closing = (stream: ClientHttp2Stream): Promise<unknown> => new Promise((resolve) => stream.once("close", resolve));

describe("a WebSocket over HTTP/2 (RFC 8441)", () => {
  test("is offered, and tunnelled to an upstream that speaks HTTP/1.1", async () => {
    const seen: string[] = [];
    await using origin = await webSocketOrigin(undefined, seen);
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    if (!session.remoteSettings.enableConnectProtocol) await once(session, "remoteSettings");
    expect(session.remoteSettings.enableConnectProtocol).toBe(true);
    const stream = await open(session, { "sec-websocket-protocol": "chat" });
    expect(stream.sentHeaders[":protocol"]).toBe("websocket");
    expect(JSON.parse(seen[0]!)).toMatchObject({
      method: "GET",
      url: "/ws",
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": expect.stringMatching(/^[A-Za-z\d+/]{22}==$/),
    });
    stream.write("hello");
    expect(String((await once(stream, "data"))[0])).toBe("hello");
    expect([edge.upstream.tunnels, edge.proxy.inFlight]).toEqual([1, 0]);
    expect((await ask(session, { ":path": "/" })).status).toBe(404);
    stream.end();
    await once(stream, "close");
    await eventually("nothing left", () => edge.upstream.tunnels === 0 && origin.sockets.size <= 1);
  });

  test("carries much in both directions without losing a byte", async () => {
    await using origin = await webSocketOrigin();
    await using edge = await secureEdgeTo(origin.address);
    const stream = await open(await edge.client());
    const piece = Buffer.alloc(100_000, "0123456789abcdef");
    let received = 0;
    stream.on("data", (bytes: Buffer) => (received += bytes.length));
    for (let count = 0; count < 100; count++) if (!stream.write(piece)) await once(stream, "drain");
    stream.end();
    await once(stream, "close");
    expect(received).toBe(10_000_000);
  });

  test("that the upstream refuses is answered like any other request", async () => {
    await using origin = await httpOrigin(
      () => undefined,
      (server) => server.on("upgrade", (_, socket: Socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")),
    );
    await using edge = await secureEdgeTo(origin.address);
    const { status, body } = await answerOf((await edge.client()).request(handshake, { endStream: false }));
    expect([status, body.toString()]).toEqual([403, "no"]);
    await eventually("nothing left", () => edge.proxy.inFlight === 0);
  });

  test("of another version, or of another protocol, is refused", async () => {
    await using origin = await webSocketOrigin();
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    expect((await answerOf(session.request({ ...handshake, "sec-websocket-version": "8" }, { endStream: false }))).status).toBe(426);
    expect((await answerOf(session.request({ ...handshake, ":protocol": "connect-udp" }, { endStream: false }))).status).toBe(501);
  });

  test("an upstream that did not read the key is not believed", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"),
      );
    });
    await using edge = await secureEdgeTo(origin.address);
    expect((await answerOf((await edge.client()).request(handshake, { endStream: false }))).status).toBe(502);
  });

  test("rule 53: one side that breaks off breaks off the other", async () => {
    let tunnel: Socket | undefined;
    await using origin = await webSocketOrigin((socket) => {
      tunnel = socket.on("error", () => undefined).resume();
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const first = await open(session);
    const end = closing(first);
    tunnel!.resetAndDestroy();
    await end;
    expect(first.rstCode).not.toBe(0);
    const second = await open(session);
    second.destroy();
    await new Promise((resolve) => tunnel!.once("close", resolve));
    await eventually("nothing left", () => edge.upstream.tunnels === 0);
    expect(edge.proxy.connections).toBe(1);
  });

  test("in which nothing is sent ends, and the connection lives on", async () => {
    const clock = new FakeClock();
    await using origin = await webSocketOrigin((socket) => void socket.resume());
    await using edge = await secureEdgeTo(origin.address, { deps: { ...deps, clock } });
    const stream = await open(await edge.client());
    const closed = closing(stream);
    await clock.advance(3_600_000);
    await closed;
    await eventually("nothing left", () => edge.upstream.tunnels === 0);
  });

  test("ends at once when the proxy drains", async () => {
    await using origin = await webSocketOrigin((socket) => void socket.resume());
    await using edge = await secureEdgeTo(origin.address, { graceMs: 60_000 });
    const session = await edge.client();
    const stream = await open(session);
    const closed = closing(stream);
    await edge.proxy.close();
    await closed;
    await eventually("nothing left", () => edge.upstream.tunnels === 0);
  });

  test("ends at once when its upstream drains", async () => {
    await using origin = await webSocketOrigin((socket) => void socket.resume());
    await using edge = await secureEdgeTo(origin.address);
    const stream = await open(await edge.client());
    const closed = closing(stream);
    await edge.upstream.drain();
    await closed;
    expect(edge.proxy.connections).toBe(1);
  });

  test("is not offered where the bind knows no upgrade", async () => {
    await using origin = await webSocketOrigin();
    await using edge = await secureEdgeTo(origin.address, { listener: { upgrades: [] } });
    const session = await edge.client();
    await ask(session, { ":path": "/" });
    expect(session.remoteSettings.enableConnectProtocol).toBe(false);
  });
});
