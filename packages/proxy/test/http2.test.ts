import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { Readable } from "node:stream";
import { eventually, gate, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { certificateFiles } from "./certificates.ts";
import { httpOrigin, rawOrigin } from "./edge.ts";
import { answerOf, ask, secureEdgeTo } from "./http2-edge.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

/** Answers with what it has seen of the request. */
const mirror = (request: IncomingMessage, response: ServerResponse): void => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    const { method, url, headers, rawTrailers } = request;
    response.end(JSON.stringify({ method, url, headers, rawTrailers, body: Buffer.concat(pieces).toString("latin1") }));
  });
};

interface Mirrored {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawTrailers: readonly string[];
  readonly body: string;
}

/** Without the symbol that node:http2 adds. */
const plain = (headers: IncomingHttpHeaders | undefined): Record<string, unknown> => Object.fromEntries(Object.entries(headers ?? {}));

const mirrored = ({ body }: { readonly body: Buffer }): Mirrored => JSON.parse(body.toString()) as Mirrored;

describe("HTTP/2", () => {
  test("is agreed on by ALPN and forwarded over HTTP/1.1, both ways", async () => {
    await using origin = await httpOrigin(mirror);
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    expect(session.alpnProtocol).toBe("h2");
    const answer = await ask(session, { ":method": "PUT", ":path": "/a/%41?b=c", "x-one": "1", "content-length": 5 }, "hello");
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json");
    for (const name of ["connection", "keep-alive", "transfer-encoding"]) expect(answer.headers).not.toHaveProperty(name);
    const { method, url, headers, body } = mirrored(answer);
    expect({ method, url, body }).toEqual({ method: "PUT", url: "/a/A?b=c", body: "hello" });
    expect(headers).toMatchObject({
      host: `127.0.0.1:${edge.port}`,
      "x-one": "1",
      "content-length": "5",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "127.0.0.1",
      via: "2.0 mothership",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith(":"))).toEqual([]);
  });

  test("content of unknown length, of none after all, none, and none with a method that usually has some", async () => {
    await using origin = await httpOrigin(mirror);
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const chunked = mirrored(await ask(session, { ":method": "POST", ":path": "/" }, "some"));
    expect(chunked).toMatchObject({ body: "some", headers: { "transfer-encoding": "chunked" } });
    const empty = mirrored(await ask(session, { ":method": "POST", ":path": "/" }, ""));
    expect(empty).toMatchObject({ body: "", headers: { "transfer-encoding": "chunked" } });
    expect(mirrored(await ask(session, { ":path": "/" })).headers).not.toHaveProperty("content-length");
    expect(mirrored(await ask(session, { ":method": "POST", ":path": "/" })).headers).toMatchObject({ "content-length": "0" });
  });

  test("the pieces of a cookie reach the upstream as one (RFC 9113, 8.2.3)", async () => {
    await using origin = await httpOrigin(mirror);
    await using edge = await secureEdgeTo(origin.address);
    const answer = await ask(await edge.client(), { ":path": "/", cookie: ["a=1", "b=2"] });
    expect(mirrored(answer).headers["cookie"]).toBe("a=1; b=2");
  });

  test("rule 24: bytes above ASCII in values pass unchanged, both ways", async () => {
    await using origin = await httpOrigin((request, response) => {
      response.setHeader("X-Back", request.headers["x-there"] ?? "");
      response.end();
    });
    await using edge = await secureEdgeTo(origin.address);
    const answer = await ask(await edge.client(), { ":path": "/", "x-there": "caf\xe9" });
    expect(answer.headers["x-back"]).toBe("caf\xe9");
  });

  test("many requests run at the same time on one connection", async () => {
    const all = gate();
    let running = 0;
    await using origin = await httpOrigin(async (request, response) => {
      if (++running === 50) all.open();
      await all.opened;
      response.end(request.url);
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(session, { ":path": `/${index}` })));
    expect(answers.map(({ body }) => body.toString())).toEqual(answers.map((_, index) => `/${index}`));
    expect(edge.proxy.connections).toBe(1);
  });

  test("rule 41: HEAD, 204 and 304 have no content, and HEAD and 304 say how long it would be", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.on("data", (piece: Buffer) => {
        const path = /^\w+ (\S+)/.exec(piece.toString())?.[1];
        if (path === "/204") socket.write("HTTP/1.1 204 No Content\r\n\r\n");
        else if (path === "/304") socket.write('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n');
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
      });
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const head = await ask(session, { ":method": "HEAD", ":path": "/" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "1234", 0]);
    const none = await ask(session, { ":path": "/204" });
    expect([none.status, none.headers["content-length"]]).toEqual([204, undefined]);
    const same = await ask(session, { ":path": "/304" });
    expect([same.status, same.headers["content-length"], same.headers["etag"]]).toEqual([304, "9", '"x"']);
  });

  test("rule 47: interim responses pass in order, and 100 comes from the upstream", async () => {
    await using origin = await httpOrigin(
      () => undefined,
      (server) =>
        server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
          response.writeEarlyHints({ link: "</a.css>; rel=preload" });
          response.writeContinue();
          request.resume().on("end", () => response.end("took it"));
        }),
    );
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const stream = session.request({ ":method": "POST", ":path": "/", expect: "100-continue" });
    const answer = answerOf(stream);
    await once(stream, "continue");
    stream.end("body");
    const { interims, body } = await answer;
    expect(interims.map((headers) => headers[":status"])).toEqual([103, 100]);
    expect(interims[0]?.["link"]).toBe("</a.css>; rel=preload");
    expect(body.toString()).toBe("took it");
  });

  test("rule 46: 100 is sent once, however often the upstream says it", async () => {
    await using origin = await rawOrigin((socket) => {
      const twice = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
      socket.once("data", () => socket.write(`${twice}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`));
    });
    await using edge = await secureEdgeTo(origin.address);
    const { interims, body } = await ask(await edge.client(), { ":method": "POST", ":path": "/", expect: "100-continue" }, "body");
    expect(interims.map((headers) => headers[":status"])).toEqual([100]);
    expect(body.toString()).toBe("ok");
  });

  test("rule 33: announced trailers pass both ways, never those that mean something in a head", async () => {
    await using origin = await httpOrigin((request, response) => {
      response.writeHead(200, { Trailer: "X-Sum, Authorization" });
      request.resume().on("end", () => {
        response.addTrailers({ "X-Sum": JSON.stringify(request.trailers), Authorization: "x" });
        response.end("body");
      });
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const post = { ":method": "POST", ":path": "/", trailer: "x-check, authorization, x-forwarded-for", te: "trailers" };
    const stream = session.request(post, { waitForTrailers: true });
    stream.on("wantTrailers", () =>
      stream.sendTrailers({ "x-check": "1", authorization: "evil", "x-forwarded-for": "evil", "x-other": "2" }),
    );
    stream.end("content");
    const { trailers, body } = await answerOf(stream);
    expect(body.toString()).toBe("body");
    expect(plain(trailers)).toEqual({ "x-sum": '{"x-check":"1"}' });
    const without = await ask(session, { ":method": "POST", ":path": "/", te: "trailers" }, "content");
    expect(plain(without.trailers)).toEqual({ "x-sum": "{}" });
    expect((await ask(session, { ":method": "POST", ":path": "/" }, "content")).trailers).toBeUndefined();
  });

  test("carries large bodies in both directions without losing a byte", async () => {
    await using origin = await httpOrigin((request, response) => void request.pipe(response));
    await using edge = await secureEdgeTo(origin.address);
    const sent = Buffer.alloc(20_000_000, "0123456789abcdef");
    const stream = (await edge.client()).request({ ":method": "POST", ":path": "/" });
    Readable.from(Array.from({ length: 200 }, (_, index) => sent.subarray(index * 100_000, (index + 1) * 100_000))).pipe(stream);
    const { body, code } = await answerOf(stream);
    expect(body.equals(sent)).toBe(true);
    expect(code).toBe(NGHTTP2_NO_ERROR);
  });

  test("many small pieces arrive whole and in order", async () => {
    const pieces = Array.from({ length: 20_000 }, (_, index) => `${index},`.repeat(1 + (index % 7)));
    await using origin = await httpOrigin((_, response) => {
      for (const piece of pieces) response.write(piece);
      response.end();
    });
    await using edge = await secureEdgeTo(origin.address);
    const { body } = await ask(await edge.client(), { ":path": "/" });
    expect(body.toString() === pieces.join("")).toBe(true);
  });

  test("events of a stream pass at once", async () => {
    let events: ServerResponse | undefined;
    await using origin = await httpOrigin((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
      events = response;
    });
    await using edge = await secureEdgeTo(origin.address);
    const stream = (await edge.client()).request({ ":path": "/" });
    await once(stream, "response");
    for (const word of ["one", "two"]) {
      events!.write(`data: ${word}\n\n`);
      const [piece] = (await once(stream, "data")) as [Buffer];
      expect(piece.toString()).toBe(`data: ${word}\n\n`);
    }
    stream.close();
  });

  test("a client that does not read stops the upstream from being read, and the other streams go on", async () => {
    let written = 0;
    let looks = 0;
    await using origin = await httpOrigin((request, response) => {
      if (request.url === "/small") {
        response.end("small");
        return;
      }
      const more = (): void => {
        looks = 0;
        while (written < 400_000_000) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) break;
        }
        response.once("drain", more);
      };
      more();
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const stuck = session.request({ ":path": "/big" });
    stuck.on("error", () => undefined).pause();
    await eventually("the flow to stop", () => written > 0 && ++looks > 50);
    expect(written).toBeLessThan(50_000_000);
    expect((await ask(session, { ":path": "/small" })).body.toString()).toBe("small");
    stuck.close(NGHTTP2_CANCEL);
  });

  test("an upstream that does not read stops the client, and the other streams go on", async () => {
    await using origin = await httpOrigin((request, response) => {
      if (request.url === "/small") request.pipe(response);
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const stuck = session.request({ ":method": "POST", ":path": "/big" });
    stuck.on("error", () => undefined);
    let sent = 0;
    let looks = 0;
    const more = (): void => {
      looks = 0;
      for (;;) {
        sent += 65_536;
        if (!stuck.write(Buffer.alloc(65_536))) break;
      }
    };
    stuck.on("drain", more);
    more();
    await eventually("the flow to stop", () => ++looks > 50);
    expect(sent).toBeLessThan(50_000_000);
    expect((await ask(session, { ":method": "POST", ":path": "/small" }, "small")).body.toString()).toBe("small");
    stuck.close(NGHTTP2_CANCEL);
  });

  test("rule 58: a client that resets a stream cancels its request upstream, and the connection lives on", async () => {
    const left = gate();
    await using origin = await httpOrigin((request, response) => {
      if (request.url === "/next") response.end("next");
      else request.once("close", () => left.open());
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => undefined);
    await eventually("the upstream to have it", () => edge.upstream.inFlight === 1);
    stream.close(NGHTTP2_CANCEL);
    await left.opened;
    await eventually("nothing in flight", () => edge.upstream.inFlight === 0 && edge.proxy.inFlight === 0);
    expect((await ask(session, { ":path": "/next" })).body.toString()).toBe("next");
  });

  test("rule 58: so does one that resets, or leaves, an answer in whose middle nothing is on its way", async () => {
    for (const leave of [
      (stream: ClientHttp2Stream) => stream.close(NGHTTP2_CANCEL),
      (stream: ClientHttp2Stream) => stream.session?.destroy(),
    ]) {
      const left = gate();
      await using origin = await httpOrigin((request, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: first\n\n");
        request.once("close", () => left.open());
      });
      await using edge = await secureEdgeTo(origin.address);
      const session = await edge.client();
      const stream = session.request({ ":path": "/events" });
      stream.on("error", () => undefined);
      await once(stream, "data");
      leave(stream);
      await left.opened;
      await eventually("nothing in flight", () => edge.upstream.inFlight === 0 && edge.proxy.inFlight === 0);
    }
  });

  test("rule 58: a connection that breaks off cancels all its requests", async () => {
    let left = 0;
    await using origin = await httpOrigin((request) => void request.once("close", () => left++));
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    for (let count = 0; count < 5; count++) session.request({ ":path": "/" }).on("error", () => undefined);
    await eventually("the upstream to have them", () => edge.upstream.inFlight === 5);
    session.socket.destroy();
    await eventually("nothing left", () => left === 5 && edge.proxy.inFlight === 0 && edge.proxy.connections === 0);
  });

  test("rule 36: an early answer is complete, and the rest of the request is not waited for", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\ntoo much"));
    });
    await using edge = await secureEdgeTo(origin.address);
    const session = await edge.client();
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.write(Buffer.alloc(1_000_000));
    const { status, body, code } = await answerOf(stream);
    expect([status, body.toString(), code]).toEqual([413, "too much", NGHTTP2_NO_ERROR]);
    await eventually("nothing left of it", () => edge.proxy.inFlight === 0);
  });

  test("what the proxy itself answers comes over HTTP/2 as well", async () => {
    await using origin = await rawOrigin(() => undefined);
    await using edge = await secureEdgeTo(origin.address, { upstream: { available: false } });
    const session = await edge.client();
    const answer = await ask(session, { ":path": "/", accept: "application/json" });
    expect([answer.status, answer.headers["x-mothership-error"], answer.headers["retry-after"]]).toEqual([
      503,
      "upstream-unavailable",
      "5",
    ]);
    expect((await ask(session, { ":path": "/%00" })).headers["x-mothership-error"]).toBe("bad-target");
    const refused = await ask(session, { ":method": "TRACE", ":path": "/" });
    expect([refused.status, refused.headers["allow"]]).toEqual([405, expect.stringContaining("GET")]);
  });

  test("rule 15: a host with another certificate is answered 421 on a connection that is reused for it", async () => {
    await using origin = await httpOrigin(mirror);
    using folder = tempFolder();
    const certificates = [
      certificateFiles(folder.join("a"), { names: ["a.example"] }),
      certificateFiles(folder.join("b"), { names: ["b.example"] }),
    ];
    await using edge = await secureEdgeTo(origin.address, { listener: { tls: { certificates } } });
    const session = await edge.client({ servername: "a.example", rejectUnauthorized: false });
    expect((await ask(session, { ":path": "/", ":authority": "a.example" })).status).toBe(200);
    const other = await ask(session, { ":path": "/", ":authority": "b.example" });
    expect([other.status, other.headers["x-mothership-error"]]).toEqual([421, "misdirected"]);
  });

  test("is not offered where the bind says so", async () => {
    await using origin = await httpOrigin(mirror);
    await using edge = await secureEdgeTo(origin.address, { listener: { http2: false } });
    await expect(edge.client()).rejects.toThrow();
  });
});
