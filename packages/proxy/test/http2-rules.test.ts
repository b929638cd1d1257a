import { eventually, FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { deps, httpOrigin, type Origin, rawOrigin } from "./edge.ts";
import { ask, refusals, secureEdgeTo } from "./http2-edge.ts";
import { codeOf, codes, flag, frameClient, frameType } from "./http2-frames.ts";

describe("a stream that is cut off", () => {
  test.each([
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
  ])("rule 39 (RFC 9113, 8.1): half an answer in %s ends with a reset and never with END_STREAM", async (_, text) => {
    await using origin = await rawOrigin((socket) => void socket.once("data", () => socket.end(text)));
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1);
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.internal);
    const frames = client.of(1);
    expect(frames.map(({ type }) => type)).toEqual([frameType.headers, frameType.data, frameType.reset]);
    expect(frames.filter(({ flags, type }) => type !== frameType.reset && flags & flag.endStream)).toEqual([]);
    client.request(3);
    await client.frame(frameType.reset, 3);
  });

  test.each([
    ["CANCEL", codes.cancel],
    ["NO_ERROR", codes.noError],
  ])("a request body that ends with %s instead of END_STREAM is cut off for the upstream", async (_, code) => {
    const ends: string[] = [];
    await using origin = await httpOrigin((request) => {
      request.resume().on("end", () => ends.push("end"));
      request.on("error", () => ends.push("cut"));
    });
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST" }, flag.endHeaders);
    client.send(frameType.data, 0, 1, Buffer.from("half"));
    await eventually("the upstream to have it", () => edge.upstream.inFlight === 1);
    client.reset(1, code);
    await eventually("the end", () => ends.length > 0);
    expect(ends).toEqual(["cut"]);
    await eventually("nothing in flight", () => edge.proxy.inFlight === 0);
  });

  test("less content than was announced is cut off for the upstream", async () => {
    const ends: string[] = [];
    await using origin = await httpOrigin((request) => {
      request.resume().on("end", () => ends.push("end"));
      request.on("error", () => ends.push("cut"));
    });
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST", "content-length": "9" }, flag.endHeaders);
    client.send(frameType.data, flag.endStream, 1, Buffer.from("half"));
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.protocol);
    await eventually("nothing in flight", () => edge.proxy.inFlight === 0);
    expect(ends).not.toContain("end");
  });
});

describe("a complete answer to a request that is still being sent", () => {
  const answering = (answer: string): Promise<Origin> =>
    rawOrigin((socket) => void socket.once("data", () => socket.write(answer)).on("error", () => undefined));

  test("rule 36 (RFC 9113, 8.1): is followed by a reset of NO_ERROR, also where content waits that nobody reads", async () => {
    await using origin = await answering("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\ntoo much");
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST" }, flag.endHeaders);
    for (let count = 0; count < 4; count++) client.send(frameType.data, 0, 1, Buffer.alloc(16_000));
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.noError);
    const content = client.of(1).filter(({ type }) => type === frameType.data);
    expect(Buffer.concat(content.map(({ payload }) => payload)).toString()).toBe("too much");
    expect(content.at(-1)!.flags & flag.endStream).toBe(flag.endStream);
    await eventually("nothing left", () => edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
  });

  test("is followed by that reset as well where nobody ever read the request", async () => {
    await using origin = await answering("");
    await using edge = await secureEdgeTo(origin.address, { upstream: { available: false } });
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST" }, flag.endHeaders);
    for (let count = 0; count < 4; count++) client.send(frameType.data, 0, 1, Buffer.alloc(16_000));
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.noError);
    await eventually("nothing left", () => edge.proxy.inFlight === 0);
    client.request(3);
    await eventually("the next answer", () => client.of(3).some(({ flags }) => flags & flag.endStream));
  });

  test("with trailers is closed a little later, so that they are not lost", async () => {
    const clock = new FakeClock();
    await using origin = await answering(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
    );
    await using edge = await secureEdgeTo(origin.address, { deps: { ...deps, clock } });
    using client = await frameClient(edge.port);
    client.request(1, { ":method": "POST", te: "trailers" }, flag.endHeaders);
    await eventually("the trailers", () => client.of(1).filter(({ type }) => type === frameType.headers).length === 2);
    expect(client.of(1).at(-1)!.flags & flag.endStream).toBe(flag.endStream);
    await clock.advance(7_500);
    expect(codeOf(await client.frame(frameType.reset, 1))).toBe(codes.noError);
    await eventually("nothing left", () => edge.proxy.inFlight === 0 && edge.upstream.inFlight === 0);
  });
});

describe("a malformed request", () => {
  let heard = 0;
  const counting = (): Promise<Origin> => {
    heard = 0;
    return httpOrigin((_, response) => {
      heard++;
      response.end("ok");
    });
  };

  test.each<[string, Record<string, string>]>([
    ["no :path", { ":path": "" }],
    ["a path with a space", { ":path": "/a b" }],
    ["a path with a line break", { ":path": "/ HTTP/1.1\r\nx: y" }],
    ["a fragment", { ":path": "/a#b" }],
    ["an authority with a user", { ":authority": "user@a.example" }],
    ["a Host that differs", { host: "b.example" }],
    ["Connection", { connection: "close" }],
    ["Transfer-Encoding", { "transfer-encoding": "chunked" }],
    ["TE other than trailers", { te: "gzip" }],
    ["a capital in a name", { "X-Up": "x" }],
    ["a field that passes for a framing field", { transfer_encoding: "chunked" }],
    ["another scheme", { ":scheme": "ftp" }],
    ["an unknown pseudo-header", { ":version": "1" }],
    ["a status", { ":status": "200" }],
    ["a pseudo-header behind a field", { a: "b", ":protocol": "x" }],
    ["a method that is none", { ":method": "GE T" }],
    ["plain CONNECT", { ":method": "CONNECT" }],
    ["a length that is none", { "content-length": "1, 1" }],
  ])("with %s (RFC 9113, 8.2 and 8.3) is refused or reset, reaches no upstream, and harms no other stream", async (_, fields) => {
    await using origin = await counting();
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, fields);
    await eventually("an end of the stream", () =>
      client.of(1).some(({ type, flags }) => type === frameType.reset || flags & flag.endStream),
    );
    expect(heard).toBe(0);
    client.request(3);
    await eventually("the other stream's answer", () => client.of(3).some(({ flags }) => flags & flag.endStream));
    expect(heard).toBe(1);
  });

  test("a field with a name or value that is not valid, which node:http2 leaves out, is never forwarded", async () => {
    const seen: string[] = [];
    await using origin = await httpOrigin((request, response) => {
      seen.push(...request.rawHeaders);
      response.end("ok");
    });
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    client.request(1, { x: "a\r\nevil: c", "evil ": "b", "": "evil", "ev\0il": "d", y: "fine" });
    await eventually("an end of the stream", () =>
      client.of(1).some(({ type, flags }) => type === frameType.reset || flags & flag.endStream),
    );
    expect(seen.join("\n")).not.toMatch(/evil|ev.il/);
  });

  test("that we refuse is answered with its status and told in an event", async () => {
    await using origin = await counting();
    await using edge = await secureEdgeTo(origin.address);
    const seen = refusals(edge);
    const session = await edge.client();
    const answer = await ask(session, { ":path": "/a\\b" });
    expect([answer.status, answer.headers["content-type"], answer.body.toString()]).toEqual([
      400,
      "text/plain; charset=utf-8",
      "400 Bad Request\n",
    ]);
    const bare = await ask(session, { ":method": "HEAD", ":path": "/a\\b" });
    expect([bare.status, bare.body.length, bare.code]).toEqual([400, 0, 0]);
    expect((await ask(session, { ":path": `/${"a".repeat(8192)}` })).status).toBe(414);
    expect(
      (await ask(session, { ":path": "/", ...Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, "y"])) })).status,
    ).toBe(431);
    expect((await ask(session, { ":path": "/", x: "y".repeat(16_384) })).status).toBe(431);
    expect((await ask(session, { ":method": "POST", ":path": "/", expect: "tea" }, "x")).status).toBe(417);
    expect([...seen.keys()]).toEqual([
      "MS_HTTP2_TARGET",
      "MS_HTTP1_TARGET_TOO_LONG",
      "MS_HTTP1_FIELDS_TOO_MANY",
      "MS_HTTP1_HEAD_TOO_LARGE",
      "MS_HTTP1_EXPECTATION_UNKNOWN",
    ]);
    expect(heard).toBe(0);
  });

  test("rule 27 over two hops: a length in a request that is translated never frames more than its content", async () => {
    const bytes: Buffer[] = [];
    await using origin = await rawOrigin((socket) => void socket.on("data", (piece: Buffer) => bytes.push(piece)));
    await using edge = await secureEdgeTo(origin.address);
    using client = await frameClient(edge.port);
    const smuggled = "0\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n";
    client.request(1, { ":method": "POST" }, flag.endHeaders);
    client.send(frameType.data, flag.endStream, 1, Buffer.from(smuggled));
    await eventually("the whole request", () => Buffer.concat(bytes).toString().endsWith("\r\n0\r\n\r\n"));
    const [, body] = Buffer.concat(bytes).toString().split("\r\n\r\n", 1);
    expect(body).toBeUndefined();
    expect(Buffer.concat(bytes).toString()).toContain(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`);
  });
});
