import { once } from "node:events";
import { eventually, FakeClock, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { deps, httpOrigin, type Origin } from "./edge.ts";
import { ask, echo, refusals, type SecureEdge, secureEdgeTo } from "./http2-edge.ts";
import { codeOf, codes, flag, frameClient, frameType, headerBlock } from "./http2-frames.ts";

describe("what one HTTP/2 connection may cost", () => {
  test("a head far beyond the limits is 431, also in many frames", async () => {
    await using origin = await httpOrigin(echo);
    await using edge = await secureEdgeTo(origin.address);
    const seen = refusals(edge);
    using client = await frameClient(edge.port);
    client.request(1, {}, flag.endStream);
    const block = headerBlock({ x: "y".repeat(16_000) });
    for (let count = 0; count < 5; count++) client.send(frameType.continuation, count === 4 ? flag.endHeaders : 0, 1, block);
    await eventually("the answer", () => client.of(1).some(({ flags }) => flags & flag.endStream));
    expect([...seen.keys()]).toEqual(["MS_HTTP1_HEAD_TOO_LARGE"]);
  });

  test("more fields than even their refusal is worth are reset", async () => {
    await using origin = await httpOrigin(echo);
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x${index}`, ""])));
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.enhanceYourCalm);
  });

  test("CONTINUATION without end (CVE-2024-27316) ends the connection", async () => {
    await using origin = await httpOrigin(echo);
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, {}, flag.endStream);
    for (let count = 0; count < 1000 && !client.socket.destroyed; count++)
      client.send(frameType.continuation, 0, 1, headerBlock({ x: "y" }));
    await eventually("the end", () => edge.proxy.connections === 0);
  });

  test("streams beyond the limit are refused, so that they can be sent again", async () => {
    const hold = gate();
    await using origin = await httpOrigin(async (_, response) => {
      await hold.opened;
      response.end("ok");
    });
    await using edge = await secureEdgeTo(origin.address, { listener: { http2: { maxStreams: 3 } } });
    using client = await frameClient(edge.port);
    for (const stream of [1, 3, 5]) client.request(stream);
    await eventually("all three", () => edge.upstream.inFlight === 3);
    client.request(7);
    expect(codeOf(await client.frame(frameType.reset, 7))).toBe(codes.refused);
    hold.open();
    for (const stream of [1, 3, 5]) await eventually("an answer", () => client.of(stream).some(({ flags }) => flags & flag.endStream));
  });

  test("streams beyond a limit that the client has acknowledged end the connection", async () => {
    await using origin = await httpOrigin(() => undefined);
    await using edge = await secureEdgeTo(origin.address, { listener: { http2: { maxStreams: 2 } } });
    using client = await frameClient(edge.port);
    await client.frame(frameType.settings);
    client.send(frameType.settings, flag.ack, 0);
    for (const stream of [1, 3, 5]) client.request(stream);
    expect(codeOf(await client.frame(frameType.goaway))).toBe(codes.protocol);
    await eventually("nothing left", () => edge.proxy.connections === 0 && edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
  });

  test("rapid resets (CVE-2023-44487) close the connection and are told in an event", async () => {
    let heard = 0;
    await using origin = await httpOrigin(() => heard++);
    await using edge = await secureEdgeTo(origin.address, { listener: { http2: { resetBurst: 20, resetsPerSecond: 1 } } });
    const seen = refusals(edge);
    using client = await frameClient(edge.port);
    for (let stream = 1; stream < 2000 && !client.socket.destroyed; stream += 2) {
      client.request(stream);
      client.reset(stream, codes.cancel);
    }
    await eventually("the end", () => edge.proxy.connections === 0);
    expect(heard).toBeLessThan(100);
    await eventually("nothing in flight", () => edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
    expect(seen.get("MS_HTTP2_RESETS") ?? 0).toBeLessThanOrEqual(1);
  });

  test("resets at a human pace are no attack", async () => {
    const clock = new FakeClock();
    await using origin = await httpOrigin(() => undefined);
    await using edge = await secureEdgeTo(origin.address, {
      listener: { http2: { resetBurst: 5, resetsPerSecond: 1 } },
      deps: { ...deps, clock },
    });
    const seen = refusals(edge);
    using client = await frameClient(edge.port);
    for (let stream = 1; stream < 16; stream += 2) {
      client.request(stream);
      await eventually("upstream", () => edge.upstream.inFlight === 1);
      client.reset(stream, codes.cancel);
      await eventually("gone", () => edge.proxy.inFlight === 0);
      await clock.advance(1000);
    }
    expect(edge.proxy.connections).toBe(1);
    for (let stream = 101; stream < 113; stream += 2) {
      client.request(stream);
      await eventually("upstream", () => edge.upstream.inFlight === 1);
      client.reset(stream, codes.cancel);
      await eventually("gone", () => edge.proxy.inFlight === 0);
    }
    expect(codeOf(await client.frame(frameType.goaway))).toBe(codes.enhanceYourCalm);
    expect(seen.get("MS_HTTP2_RESETS")).toBe(1);
    await eventually("closed", () => edge.proxy.connections === 0);
  });

  test.each([
    ["PING (CVE-2019-9512)", frameType.ping, 8],
    ["SETTINGS (CVE-2019-9515)", frameType.settings, 0],
  ])("a flood of %s closes the connection", async (_, type, bytes) => {
    await using origin = await httpOrigin(echo);
    await using edge = await secureEdgeTo(origin.address, { listener: { http2: { controlBurst: 20, controlsPerSecond: 1 } } });
    const seen = refusals(edge);
    using client = await frameClient(edge.port);
    for (let count = 0; count < 25; count++) client.send(type, 0, 0, Buffer.alloc(bytes));
    expect(codeOf(await client.frame(frameType.goaway))).toBe(codes.enhanceYourCalm);
    await eventually("closed", () => edge.proxy.connections === 0);
    expect(seen.get("MS_HTTP2_CONTROL_FRAMES")).toBe(1);
  });

  test("empty DATA without end (CVE-2019-9518) closes the connection", async () => {
    await using origin = await httpOrigin(echo);
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST" }, flag.endHeaders);
    for (let count = 0; count < 500 && !client.socket.destroyed; count++) client.send(frameType.data, 0, 1);
    await eventually("closed", () => edge.proxy.connections === 0);
  });

  test("content beyond maxBodyBytes is 413, announced or not", async () => {
    await using origin = await httpOrigin((request) => void request.resume());
    await using edge = await secureEdgeTo(origin.address, { listener: { limits: { maxBodyBytes: 1000 } } });
    const session = await edge.client();
    const announced = await ask(session, { ":method": "POST", ":path": "/", "content-length": "1001" }, Buffer.alloc(1001));
    expect(announced.status).toBe(413);
    const surprising = session.request({ ":method": "POST", ":path": "/" });
    surprising.write(Buffer.alloc(2000));
    const [headers] = (await once(surprising, "response")) as [Record<string, unknown>];
    expect(headers[":status"]).toBe(413);
    await eventually("nothing left", () => edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
  });

  test("99 streams that nobody reads leave room for the hundredth", async () => {
    await using origin = await httpOrigin((request, response) => {
      if (request.url === "/small") response.end("small");
      else for (let count = 0; count < 40; count++) response.write(Buffer.alloc(65_536));
    });
    await using edge = await secureEdgeTo(origin.address, { upstream: { maxConnections: 200 } });
    const session = await edge.client();
    for (let count = 0; count < 99; count++)
      session
        .request({ ":path": "/big" })
        .on("error", () => undefined)
        .pause();
    await eventually("all of them", () => edge.upstream.inFlight === 99);
    expect((await ask(session, { ":path": "/small" })).body.toString()).toBe("small");
  });
});

describe("an HTTP/2 connection in time", () => {
  const timed = async (origin: Origin, clock: FakeClock): Promise<SecureEdge> => secureEdgeTo(origin.address, { deps: { ...deps, clock } });

  test("is closed when no request comes, and when none comes any more", async () => {
    const clock = new FakeClock();
    await using origin = await httpOrigin(echo);
    await using edge = await timed(origin, clock);
    using silent = await frameClient(edge.port);
    await silent.frame(frameType.settings);
    await clock.advance(29_999);
    expect(silent.frames.filter(({ type }) => type === frameType.goaway)).toEqual([]);
    await clock.advance(1);
    await silent.frame(frameType.goaway);
    await eventually("closed", () => edge.proxy.connections === 0);

    using used = await frameClient(edge.port);
    used.request(1);
    await eventually("the answer", () => used.of(1).some(({ flags }) => flags & flag.endStream));
    await eventually("the end of the exchange", () => edge.proxy.inFlight === 0);
    await clock.advance(74_000);
    expect(edge.proxy.connections).toBe(1);
    await clock.advance(2_000);
    await used.frame(frameType.goaway);
  });

  test("a client that ignores GOAWAY is cut off", async () => {
    const clock = new FakeClock();
    await using origin = await httpOrigin(echo);
    await using edge = await timed(origin, clock);
    using client = await frameClient(edge.port);
    await client.frame(frameType.settings);
    client.socket.pause();
    await clock.advance(30_000);
    await clock.advance(2_000);
    await eventually("closed", () => edge.proxy.connections === 0);
  });

  test("a request body that stalls, or trickles, is 408", async () => {
    const clock = new FakeClock();
    await using origin = await httpOrigin((request) => void request.resume());
    await using edge = await timed(origin, clock);
    const seen = refusals(edge);
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST" }, flag.endHeaders);
    await eventually("the request", () => edge.upstream.inFlight === 1);
    for (let second = 0; second < 29; second++) {
      client.send(frameType.data, 0, 1, Buffer.from("x"));
      await eventually("it to pass", () => origin.sockets.size > 0);
      await clock.advance(1000);
    }
    expect(seen.size).toBe(0);
    await clock.advance(10_000);
    await eventually("an answer", () => client.of(1).some(({ type }) => type === frameType.headers));
    expect([...seen.keys()]).toEqual(["MS_HTTP1_BODY_TIMEOUT"]);
    await eventually("nothing in flight", () => edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
  });

  test("a client that takes nothing of its answer loses the stream, not the connection", async () => {
    const clock = new FakeClock();
    const end = Buffer.alloc(1_000_000);
    await using origin = await httpOrigin((request, response) => void response.end(request.url === "/small" ? "small" : end));
    await using edge = await timed(origin, clock);
    using client = await frameClient(edge.port);
    client.request(1);
    await eventually(
      "the window to be full",
      () => client.of(1).reduce((sum, { type, payload }) => sum + (type === frameType.data ? payload.length : 0), 0) === 65_535,
    );
    await clock.advance(29_000);
    expect(edge.proxy.inFlight).toBe(1);
    await clock.advance(10_000);
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.internal);
    await eventually("nothing in flight", () => edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
    expect(edge.proxy.connections).toBe(1);
  });

  test("leaves no timer behind", async () => {
    const clock = new FakeClock();
    await using origin = await httpOrigin(echo);
    await using edge = await timed(origin, clock);
    const before = clock.pending;
    using client = await frameClient(edge.port);
    client.request(1);
    await eventually("the answer", () => client.of(1).some(({ flags }) => flags & flag.endStream));
    client.socket.destroy();
    await eventually("closed", () => edge.proxy.connections === 0);
    await edge.upstream.pool.close({ signal: AbortSignal.abort() });
    expect(clock.pending).toBeLessThanOrEqual(before);
  });
});

describe("draining HTTP/2", () => {
  test("says so with GOAWAY, lets what runs finish, tells the client what it may send again, and closes", async () => {
    const hold = gate();
    await using origin = await httpOrigin(async (_, response) => {
      await hold.opened;
      response.end("finished");
    });
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1);
    await eventually("the request", () => edge.upstream.inFlight === 1);
    const closing = edge.proxy.close();
    client.request(3);
    const goaway = await client.frame(frameType.goaway);
    expect([goaway.payload.readUInt32BE(0), codeOf(goaway)]).toEqual([1, codes.noError]);
    hold.open();
    await closing;
    const content = (stream: number): string =>
      Buffer.concat(client.of(stream).flatMap(({ type, payload }) => (type === frameType.data ? [payload] : []))).toString();
    await eventually("the end of the socket", () => client.socket.readableEnded);
    expect([content(1), content(3)]).toEqual(["finished", ""]);
  });

  test("what still runs when the grace is over is cut off", async () => {
    await using origin = await httpOrigin(() => undefined);
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1);
    await eventually("the request", () => edge.upstream.inFlight === 1);
    const controller = new AbortController();
    const closing = edge.proxy.close({ signal: controller.signal });
    await client.frame(frameType.goaway);
    controller.abort();
    await closing;
    expect([edge.proxy.connections, edge.proxy.inFlight]).toEqual([0, 0]);
  });

  test("a connection that has served as many requests as it may is left", async () => {
    await using origin = await httpOrigin(echo);
    await using edge = await secureEdgeTo(origin.address, { listener: { limits: { maxRequests: 2 } } });
    const session = await edge.client();
    const gone = once(session, "close");
    await ask(session, { ":path": "/" });
    expect((await ask(session, { ":path": "/" })).status).toBe(200);
    await gone;
    await eventually("closed", () => edge.proxy.connections === 0);
  });
});
