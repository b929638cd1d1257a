import { type Body, bodyOf, emptyBody, Fields, type Incoming, type Outcome } from "@mothership/kernel";
import { gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { serveConnection } from "../src/index.ts";
import { memory } from "./support/memory-socket.ts";
import { echo, get, ok, post } from "./support/requests.ts";
import { deps, HandBody, open, send, serve, turns, until, withoutDate } from "./support/wire.ts";

test("answers a request and keeps the connection", async () => {
  await using server = await serve(echo);
  const text = await send(server.port, get("/1") + get("/2"));
  expect(withoutDate(text)).toBe(
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /1 aHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /2 a",
  );
});

test("answers pipelined requests in order and never works on two at once (rule 59; RFC 9112, 9.3.2)", async () => {
  const waiting: Incoming[] = [];
  await using server = await serve((incoming) => waiting.push(incoming));
  const answer = send(server.port, get("/1") + get("/2") + get("/3"));
  for (const target of ["/1", "/2", "/3"]) {
    await until(() => waiting.length > 0);
    expect(waiting.map((one) => one.target)).toEqual([target]);
    echo(waiting.pop()!);
  }
  expect((await answer).match(/GET \/\d/g)).toEqual(["GET /1", "GET /2", "GET /3"]);
});

test("pauses a client that pipelines more than the limit", async () => {
  const waiting: Incoming[] = [];
  await using server = await serve((incoming) => waiting.push(incoming), { limits: { maxHeldBytes: 1_000 } });
  await using client = await open(server.port);
  const many = Buffer.from(get("/".padEnd(4_000, "x")).repeat(4_000));
  client.socket.write(many);
  await until(() => waiting.length === 1);
  await turns(200);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  expect(waiting).toHaveLength(1);
});

test("a client that closes its sending side still gets its answer (rule 60; RFC 9112, 9.6)", async () => {
  const waiting: Incoming[] = [];
  await using server = await serve((incoming) => waiting.push(incoming));
  await using client = await open(server.port);
  client.socket.end(get("/late"));
  await until(() => waiting.length > 0);
  await turns(50);
  echo(waiting[0]!);
  await until(() => client.text().endsWith("GET /late a"));
});

test("tells the handler how the exchange ended", async () => {
  const outcomes: Outcome[] = [];
  await using server = await serve((incoming) => {
    incoming.onFinished = (outcome) => outcomes.push(outcome);
    echo(incoming);
  });
  await send(server.port, post("hello"));
  expect(outcomes).toEqual([{ status: 200, end: "complete", requestBytes: 5, responseBytes: 9 }]);
});

test("reports a client that left, and cancels what it would have got (rule 58)", async () => {
  const finished = gate<Outcome>();
  const body = new HandBody();
  await using server = await serve((incoming) => {
    incoming.onFinished = (outcome) => finished.open(outcome);
    incoming.respond(ok, body);
  });
  await using client = await open(server.port);
  client.socket.write(get("/"));
  await until(() => client.text() !== "");
  client.socket.resetAndDestroy();
  expect(await finished.opened).toMatchObject({ status: 200, end: "clientLeft" });
  expect(body.cancelled?.message).toBe("the client left");
});

test("an answer to a client that has just gone is no answer", async () => {
  const outcomes: Outcome[] = [];
  const peer = memory();
  serveConnection(
    peer.socket,
    {
      onRequest: (incoming) => {
        incoming.onFinished = (outcome) => outcomes.push(outcome);
        // Gone, and its "close" is still on the way.
        Object.assign(peer.socket, { writable: false });
        incoming.respond(ok, bodyOf("hello"));
      },
    },
    deps,
  );
  peer.send(Buffer.from(get("/")));
  expect(outcomes).toEqual([]);
  peer.close();
  expect(outcomes).toMatchObject([{ end: "clientLeft" }]);
  expect(peer.written).toBe("");
});

test("head and first bytes of the body leave in one write", async () => {
  const content = gate<HandBody>();
  await using server = await serve((incoming) => {
    const body = new HandBody();
    incoming.respond(ok, incoming.target === "/1" ? bodyOf("x".repeat(1_000)) : body);
    content.open(body);
  });
  await using client = await open(server.port);
  const pieces: string[] = [];
  client.socket.on("data", (piece: string) => pieces.push(piece));
  client.socket.write(get("/1"));
  await until(() => pieces.length > 0);
  expect(pieces[0]).toMatch(/\r\n\r\nx{1000}$/);
});

describe("what stands before the body", () => {
  const answer = async (status: number, body: Body, request = get("/"), fields: [string, string][] = []): Promise<string> => {
    await using server = await serve((incoming) => incoming.respond({ status, fields: Fields.from(fields) }, body));
    return withoutDate(await send(server.port, request));
  };
  const head = (target = "/"): string => `HEAD ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

  test("is a length when it is known, chunks when it is not (RFC 9112, 6.3)", async () => {
    const body = new HandBody();
    const text = answer(200, body);
    await until(() => body.reader !== undefined);
    body.reader!.data(Buffer.from("abc"));
    body.reader!.data(Buffer.from(""));
    body.reader!.data(Buffer.from("de"));
    body.reader!.end();
    expect(await text).toBe("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    expect(await answer(200, bodyOf("abc"))).toBe("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    expect(await answer(200, emptyBody)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });

  test("is the end of the connection for a client of HTTP/1.0 (rule 40; RFC 9112, 6.3)", async () => {
    const body = new HandBody();
    const text = answer(200, body, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await until(() => body.reader !== undefined);
    body.reader!.data(Buffer.from("abc"));
    body.reader!.end();
    expect(await text).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
    expect(await answer(200, bodyOf("abc"), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
    );
    expect(await answer(200, bodyOf("abc"), "GET / HTTP/1.0\r\n\r\n")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    );
  });

  test("HEAD, 204, 205 and 304 have no content, whatever the handler gives (rule 41; RFC 9112, 6.3)", async () => {
    const length: [string, string][] = [["Content-Length", "007"]];
    expect(await answer(200, emptyBody, head(), length)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
    expect(await answer(200, bodyOf("abc"), head())).toBe("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    expect(await answer(200, new HandBody(), head())).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(await answer(200, emptyBody, head(), [["Content-Length", "7, 7"]])).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(await answer(304, bodyOf("abc"), get("/"), length)).toBe("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n");
    expect(await answer(304, emptyBody, get("/"), length)).toBe("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
    expect(await answer(204, bodyOf("abc"), get("/"), length)).toBe("HTTP/1.1 204 No Content\r\n\r\n");
    expect(await answer(205, bodyOf("abc"), get("/"), length)).toBe("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
  });

  test("is a bare 500 when the head cannot be sent (rules 42 and 43)", async () => {
    const body = new HandBody();
    for (const status of [99, 600, 101, 100, 199])
      expect(await answer(status, body), String(status)).toBe("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    expect(body.cancelled).toBeDefined();
    const fields = new Fields();
    fields.appendParsed("X", "x", "a\r\nb");
    await using server = await serve((incoming) => incoming.respond({ status: 200, fields }, emptyBody));
    expect(withoutDate(await send(server.port, get("/")))).toBe("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
  });

  test("426 says which protocol would do, and no other response has an Upgrade (RFC 9110, 15.5.22 and 7.8)", async () => {
    const fields: [string, string][] = [["Upgrade", "websocket"]];
    expect(await answer(426, emptyBody, get("/"), fields)).toBe(
      "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    expect(await answer(400, emptyBody, get("/"), fields)).toBe("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });

  test("trailers go to a client that takes them, and to nobody else (rule 33; RFC 9110, 6.5.1)", async () => {
    const withTrailers = async (request: string): Promise<string> => {
      const body = new HandBody();
      const text = answer(200, body, request, [["Trailer", "X-Sum"]]);
      await until(() => body.reader !== undefined);
      body.reader!.data(Buffer.from("abc"));
      body.reader!.end(Fields.from([["X-Sum", "6"]]));
      return text;
    };
    expect(await withTrailers(get("/", "TE: trailers\r\n"))).toBe(
      "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n",
    );
    expect(await withTrailers(get("/"))).toBe("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  });
});

describe("a response that cannot be completed", () => {
  test.each([
    ["fails", (body: HandBody) => body.reader!.fail(new Error("cut"))],
    ["is longer than it said", (body: HandBody) => body.reader!.data(Buffer.from("abcdefghijk"))],
    ["is shorter than it said", (body: HandBody) => body.reader!.end()],
  ])("because its body %s is cut off, never ended (rule 39; RFC 9112, 8)", async (_, finish) => {
    const outcomes: Outcome[] = [];
    const body = new HandBody(10);
    await using server = await serve((incoming) => {
      incoming.onFinished = (outcome) => outcomes.push(outcome);
      incoming.respond(ok, body);
    });
    await using client = await open(server.port);
    let error: NodeJS.ErrnoException | undefined;
    client.socket.on("error", (reason) => {
      error = reason;
    });
    client.socket.write(get("/"));
    await until(() => client.text() !== "");
    body.reader!.data(Buffer.from("abc"));
    await until(() => client.text().endsWith("abc"));
    finish(body);
    await client.closed;
    expect(error?.code).toBe("ECONNRESET");
    expect(outcomes).toMatchObject([{ status: 200, end: "aborted" }]);
  });

  test("because the handler aborts it is cut off, also before it began", async () => {
    await using server = await serve((incoming) => incoming.abort(new Error("no")));
    expect(await send(server.port, get("/"))).toBe("");
  });

  test("of a handler that throws is 500, or cut off when it has begun", async () => {
    await using server = await serve((incoming) => {
      if (incoming.target === "/late") incoming.respond(ok, new HandBody(5));
      throw new Error("handler");
    });
    expect(await send(server.port, get("/"))).toMatch(/^HTTP\/1.1 500 .*Connection: close\r\n/s);
    expect(await send(server.port, get("/late"))).not.toContain("500");
  });
});

test("a response waits for a slow client, and so does what produces it", async () => {
  const body = new HandBody();
  await using server = await serve((incoming) => incoming.respond(ok, body));
  await using client = await open(server.port);
  client.socket.write(get("/"));
  await until(() => body.reader !== undefined);
  client.socket.pause();
  // The system's own buffers take some megabytes; after that nothing more is asked for.
  let given = 0;
  for (let resumed = -1; resumed < body.resumed; await turns(50)) {
    resumed = body.resumed;
    while (body.reader!.data(Buffer.alloc(16_384))) given++;
  }
  expect(given * 16_384).toBeLessThan(50_000_000);
  const resumed = body.resumed;
  client.socket.resume();
  await until(() => body.resumed > resumed);
});

test("the last request that is allowed is answered with close", async () => {
  await using server = await serve(echo, { limits: { maxRequests: 2 } });
  const text = await send(server.port, get("/1") + get("/2") + get("/3"), { keepOpen: true });
  expect(withoutDate(text)).toBe(
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /1 aHTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nGET /2 a",
  );
  expect(server.requests).toHaveLength(2);
});

test("answers a second time to nothing", async () => {
  const late = new HandBody();
  await using server = await serve((incoming) => {
    echo(incoming);
    incoming.respond(ok, late);
    incoming.interim({ status: 103, fields: new Fields() });
    incoming.abort(new Error("late"));
    expect(() => incoming.takeOver({ status: 101, fields: new Fields() })).toThrow(
      expect.objectContaining({ code: "MS_HTTP1_NOT_UPGRADABLE" }),
    );
  });
  expect(await send(server.port, get("/"))).toMatch(/^HTTP\/1.1 200 .*GET \/ a$/s);
  expect(late.cancelled).toBeDefined();
});
