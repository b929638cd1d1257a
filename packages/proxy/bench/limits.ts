/**
 * What the limits and times of a proxy with its defaults really are, seen from outside: sends more and more until it is refused, and waits on a
 * clock that is moved by hand until something happens. Run it as
 *
 *     node packages/proxy/bench/limits.ts
 *
 * It prints the table that `docs/limits.md` holds in its column "seen".
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { silentLogger } from "@mothership/kernel";
import { eventually, FakeClock } from "@mothership/testkit";
import { edgeTo, httpOrigin, type Origin, rawOrigin } from "../test/edge.ts";
import { secureEdgeTo } from "../test/http2-edge.ts";
import { type FrameClient, flag, frameClient, frameType, headerBlock } from "../test/http2-frames.ts";

const rows: string[] = [];
const row = (what: string, seen: string | number): void => {
  const text = typeof seen === "number" ? seen.toLocaleString("en") : seen;
  rows.push(`| ${what} | ${text} |`);
  console.log(rows.at(-1));
};

const clock = new FakeClock(Date.now());
const deps = { clock, log: silentLogger };
const turn = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 2));

/** The time on the moved clock until `happened`, in steps of a quarter of a second. */
async function after(happened: () => boolean, maxMs = 4_000_000): Promise<string> {
  const began = clock.now();
  const step = maxMs > 100_000 ? 60_000 : 250;
  while (!happened() && clock.now() - began < maxMs) {
    await clock.advance(step);
    await turn();
  }
  const ms = clock.now() - began;
  return happened() ? `${(ms / 1000).toLocaleString("en")} s` : `not within ${ms / 1000} s`;
}

/** The largest number between the two that `fits`. */
async function largest(low: number, high: number, fits: (size: number) => Promise<boolean>): Promise<number> {
  let [good, bad] = [low, high];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await fits(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  readonly gone: () => boolean;
}

async function raw(port: number, text = ""): Promise<Raw> {
  const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
  let seen = "";
  let gone = false;
  socket.on("data", (piece: Buffer) => (seen += piece.toString("latin1")));
  socket.on("error", () => undefined).on("close", () => (gone = true));
  socket.on("end", () => {
    gone = true;
    socket.end();
  });
  await once(socket, "connect");
  if (text !== "") socket.write(text, "latin1");
  return { socket, text: () => seen, gone: () => gone };
}

/** The status of the answer to these bytes. */
async function status(port: number, text: string): Promise<number> {
  const client = await raw(port, text);
  const head = await eventually("an answer", () => /^HTTP\/1\.1 (\d{3})/.exec(client.text()));
  client.socket.destroy();
  return Number(head[1]);
}

const ok = (): Promise<Origin> =>
  httpOrigin(
    (request, response) => void request.resume().on("end", () => response.end("ok")),
    // Its own limits must not be met first.
    (server) => Object.assign(server, { maxHeaderSize: 1_000_000, maxHeadersCount: 0 }),
  );

async function clients(): Promise<void> {
  await using origin = await ok();
  await using edge = await edgeTo(origin.address, { deps });
  const { port } = edge;
  const start = "GET / HTTP/1.1\r\nHost: a\r\n";
  row(
    "HTTP/1.1: bytes of a head",
    await largest(100, 100_000, async (size) => (await status(port, `${start}X: ${"y".repeat(size - start.length - 7)}\r\n\r\n`)) === 200),
  );
  row(
    "HTTP/1.1: fields of a head",
    await largest(1, 1000, async (count) => (await status(port, `${start}${"X: y\r\n".repeat(count - 1)}\r\n`)) === 200),
  );
  row(
    "HTTP/1.1: bytes of a target",
    await largest(1, 15_000, async (size) => (await status(port, `GET /${"a".repeat(size - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`)) === 200),
  );
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  row(
    "HTTP/1.1: bytes of chunk extensions",
    await largest(10, 60_000, async (size) => (await status(port, `${chunked}1;a=${"b".repeat(size - 3)}\r\nx\r\n0\r\n\r\n`)) === 200),
  );
  row(
    "HTTP/1.1: bytes of trailers",
    await largest(10, 60_000, async (size) => (await status(port, `${chunked}1\r\nx\r\n0\r\nX: ${"b".repeat(size - 7)}\r\n\r\n`)) === 200),
  );

  const silent = await raw(port);
  row("HTTP/1.1: silence from the start of a connection", await after(silent.gone, 100_000));
  const slow = await raw(port, "GET / HT");
  row("HTTP/1.1: time for a head", await after(() => slow.text() !== "", 100_000));
  const idle = await raw(port, `${start}\r\n`);
  await eventually("the answer", () => idle.text().endsWith("ok"));
  row("HTTP/1.1: silence between two requests", await after(idle.gone, 100_000));
  const stalled = await raw(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  await eventually("the request", () => edge.upstream.inFlight === 1);
  row("HTTP/1.1: silence in a request body", await after(() => stalled.text() !== "", 100_000));
  for (const one of [silent, slow, idle, stalled]) one.socket.destroy();
}

async function readers(): Promise<void> {
  await using origin = await httpOrigin((_, response) => void response.end(Buffer.alloc(30_000_000)));
  await using edge = await edgeTo(origin.address, { deps });
  const reader = await raw(edge.port);
  reader.socket.pause();
  reader.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("the answer to begin", () => edge.proxy.inFlight === 1);
  await turn();
  row("HTTP/1.1: a client that takes nothing of its answer", await after(() => edge.proxy.inFlight === 0, 100_000));
  reader.socket.destroy();
}

async function headers(): Promise<void> {
  await using origin = await ok();
  await using edge = await edgeTo(origin.address, { deps, listener: { proxyProtocol: "required" } });
  const waiting = await raw(edge.port);
  row("PROXY protocol: time for the header", await after(waiting.gone, 100_000));
  // The longest real header has 104 bytes; what does not end is given up at the limit.
  const longest = await largest(20, 1000, async (size) => {
    const client = await raw(edge.port, `PROXY TCP4 ${"1".repeat(size - 11)}`);
    for (let count = 0; count < 5; count++) await turn();
    const held = !client.gone();
    client.socket.destroy();
    return held;
  });
  row("PROXY protocol: bytes of version 1, its end included", longest + 1);
}

async function handshakes(): Promise<void> {
  await using origin = await ok();
  await using edge = await secureEdgeTo(origin.address, { deps });
  const silent = await raw(edge.port);
  await eventually("accepted", () => edge.proxy.connections === 1);
  row("TLS: time for a handshake", await after(silent.gone, 100_000));
  const held: Raw[] = [];
  const full = (): boolean => held.some(({ gone }) => gone());
  while (!full() && held.length < 1200) {
    held.push(await raw(edge.port));
    if (held.length > 1000) await turn();
  }
  row("TLS: handshakes at a time", held.length - held.filter(({ gone }) => gone()).length);
  for (const one of held) one.socket.destroy();
}

/** True when the stream was answered 200. */
async function answered(client: FrameClient, stream: number): Promise<boolean> {
  const frames = await eventually("an end", () => {
    const all = client.of(stream);
    return all.some(({ type, flags }) => type === frameType.reset || flags & flag.endStream) ? all : undefined;
  });
  // 200 stands in HPACK's static table.
  return frames[0]?.type === frameType.headers && frames[0].payload[0] === 0x88;
}

async function http2(): Promise<void> {
  await using origin = await ok();
  await using edge = await secureEdgeTo(origin.address, { deps });
  const { port } = edge;
  const asked = async (fields: Readonly<Record<string, string>>): Promise<boolean> => {
    using client = await frameClient(port);
    client.request(1, fields);
    return await answered(client, 1);
  };
  const half = (size: number): string => "y".repeat(size >> 1);
  const values = await largest(100, 30_000, (size) => asked({ x: half(size), y: half(size + 1) }));
  row("HTTP/2: bytes of a head (4 more are counted for each field)", values + pseudoBytes + 2 + 6 * 4);
  row(
    "HTTP/2: fields of a head",
    await largest(1, 200, (count) => asked(Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, "y"])))),
  );
  row("HTTP/2: bytes of a target", await largest(1, 12_000, (size) => asked({ ":path": `/${"a".repeat(size - 1)}` })));

  using silent = await frameClient(port);
  row(
    "HTTP/2: silence from the start of a connection",
    await after(() => silent.frames.some(({ type }) => type === frameType.goaway), 100_000),
  );
  using idle = await frameClient(port);
  idle.request(1);
  await answered(idle, 1);
  await eventually("the end", () => edge.proxy.inFlight === 0);
  row("HTTP/2: silence between two requests", await after(() => idle.frames.some(({ type }) => type === frameType.goaway), 100_000));

  for (const [what, type, bytes] of [
    ["PING frames at once", frameType.ping, 8],
    ["SETTINGS frames at once", frameType.settings, 0],
  ] as const) {
    using client = await frameClient(port);
    let sent = 0;
    // Its first SETTINGS counts.
    while (!client.frames.some((one) => one.type === frameType.goaway) && sent < 2000) {
      client.send(type, 0, 0, Buffer.alloc(bytes));
      sent++;
      await turn();
    }
    row(`HTTP/2: ${what}`, sent - 1);
  }
}

const pseudoBytes = ":methodGET:schemehttps:path/:authoritya.example".length;

async function resets(): Promise<void> {
  await using origin = await httpOrigin(() => undefined);
  await using edge = await secureEdgeTo(origin.address, { deps, upstream: { maxConnections: 1000 } });
  using client = await frameClient(edge.port);
  let count = 0;
  while (!client.frames.some(({ type }) => type === frameType.goaway) && count < 2000) {
    client.request(2 * count + 1);
    await eventually("the request", () => edge.upstream.inFlight === 1);
    client.reset(2 * count + 1, 8);
    await eventually("its end", () => edge.upstream.inFlight === 0);
    count++;
  }
  row("HTTP/2: resets at once", count - 1);

  using many = await frameClient(edge.port);
  let streams = 0;
  while (!many.frames.some(({ type }) => type === frameType.reset) && streams < 500) {
    many.request(2 * streams + 1);
    streams++;
    await eventually("an outcome", () => edge.upstream.inFlight === streams || many.frames.some(({ type }) => type === frameType.reset));
  }
  row("HTTP/2: requests at a time", streams - 1);
}

async function stalls(): Promise<void> {
  await using origin = await httpOrigin((request, response) => {
    if (request.method === "POST") request.resume();
    else response.end(Buffer.alloc(1_000_000));
  });
  await using edge = await secureEdgeTo(origin.address, { deps });
  using client = await frameClient(edge.port);
  client.request(1);
  await eventually(
    "the window to be full",
    () => client.of(1).reduce((sum, { type, payload }) => sum + (type === frameType.data ? payload.length : 0), 0) === 65_535,
  );
  row("HTTP/2: a client that takes nothing of its answer", await after(() => edge.proxy.inFlight === 0, 100_000));
  client.request(3, { ":method": "POST" }, flag.endHeaders);
  client.send(frameType.data, 0, 3, headerBlock({ a: "b" }));
  await eventually("the request", () => edge.upstream.inFlight === 1);
  row("HTTP/2: silence in a request body", await after(() => edge.proxy.inFlight === 0, 100_000));
}

async function upstreams(): Promise<void> {
  let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  await using origin = await rawOrigin((socket) => void socket.on("data", () => socket.write(answer, "latin1")));
  await using edge = await edgeTo(origin.address, { deps });
  const fits = async (text: string): Promise<boolean> => {
    answer = text;
    return (await status(edge.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) === 200;
  };
  const start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  row(
    "upstream: bytes of a head",
    await largest(100, 200_000, (size) => fits(`${start}X: ${"y".repeat(size - start.length - 7)}\r\n\r\n`)),
  );
  row("upstream: fields of a head", await largest(1, 1000, (count) => fits(`${start}${"X: y\r\n".repeat(count - 1)}\r\n`)));
  const interims = await largest(0, 200, async (count) => {
    answer = `${"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(count)}${start}\r\n`;
    const client = await raw(edge.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const last = await eventually("a final answer", () => /HTTP\/1\.1 ([2-5]\d\d)/.exec(client.text()));
    client.socket.destroy();
    return last[1] === "200";
  });
  row("upstream: interim answers", interims);
  answer = `${start}\r\n`;
  await status(edge.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  row("upstream: silence on a free connection", await after(() => edge.upstream.pool.open === 0, 100_000));
  answer = "";
  const first = await raw(edge.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("the request", () => edge.upstream.inFlight === 1);
  row("upstream: time to its answer", await after(() => first.text() !== "", 100_000));
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
  const half = await raw(edge.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("half an answer", () => half.text().endsWith("half"));
  row("upstream: silence in its answer", await after(half.gone, 100_000));
  answer = "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  const upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  const tunnel = await raw(edge.port, `${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  await eventually("the tunnel", () => edge.upstream.tunnels === 1);
  row("silence in a tunnel", await after(tunnel.gone));
  for (const one of [first, half, tunnel]) one.socket.destroy();
}

console.log("| what | seen |\n| --- | --- |");
for (const part of [clients, readers, headers, handshakes, http2, resets, stalls, upstreams]) await part();
