import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { eventually, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { forwardTo } from "../src/forward.ts";
import { openUpstream } from "../src/upstream.ts";
import { deps, edgeTo, exchangeRaw, httpOrigin, rawClient, rawOrigin } from "./edge.ts";
import { readAll } from "./sockets.ts";

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe("forwarding", () => {
  test("passes method, target, fields and body on, and the answer back", async () => {
    await using origin = await httpOrigin(async (request, response) => {
      const body = await bodyOf(request);
      response.writeHead(201, { "X-Seen": `${request.method} ${request.url} ${body}`, "Content-Type": "text/x" });
      response.end(`host ${request.headers.host}`);
    });
    await using edge = await edgeTo(origin.address);
    const response = await fetch(`${edge.url}/a/b?c=d&e`, { method: "PUT", body: "hello" });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-seen")).toBe("PUT /a/b?c=d&e hello");
    expect(response.headers.get("content-type")).toBe("text/x");
    expect(await response.text()).toBe(`host 127.0.0.1:${edge.port}`);
  });

  test("what is routed is what is forwarded", async () => {
    await using origin = await httpOrigin((request, response) => void response.end(request.url));
    await using edge = await edgeTo(origin.address, { route: { pattern: "/app/.*", stripPrefix: "/app" } });
    const target = async (path: string): Promise<string> =>
      (await exchangeRaw(edge.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).split("\r\n\r\n")[1]!;
    expect(await target("/app/x/%2e%2e/y?q=%2e")).toContain("/y?q=%2e");
    expect(await target("/x/../app//evil")).toContain("/evil");
    expect(await target("/app/%41%2f")).toContain("/A%2F");
    expect(await target("/app/../other")).toContain("Nothing is served");
  });

  test("refuses a path without one meaning with 400, and the upstream hears nothing", async () => {
    let heard = 0;
    await using origin = await httpOrigin((_, response) => {
      heard++;
      response.end();
    });
    await using edge = await edgeTo(origin.address);
    for (const path of ["/a/..%2fb", "/%00", "/%zz", "/..;/x"]) {
      const answer = await exchangeRaw(edge.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer, path).toMatch(/^HTTP\/1\.1 400 [\s\S]*X-Mothership-Error: bad-target/);
    }
    expect(heard).toBe(0);
  });

  test("streams both ways at the same time", async () => {
    await using origin = await httpOrigin((request, response) => {
      response.writeHead(200);
      request.on("data", (piece: Buffer) => response.write(piece.toString().toUpperCase()));
      request.on("end", () => response.end());
    });
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    let seen = "";
    client.on("data", (piece: Buffer) => (seen += piece.toString("latin1")));
    for (const word of ["one", "two", "three"]) {
      client.write(`${word.length.toString(16)}\r\n${word}\r\n`);
      await eventually(`${word} in capitals`, () => seen.includes(word.toUpperCase()));
    }
    client.write("0\r\n\r\n");
    await once(client, "end");
    client.destroy();
  });

  test("carries large bodies in both directions without losing a byte", async () => {
    await using origin = await httpOrigin((request, response) => void request.pipe(response));
    await using edge = await edgeTo(origin.address);
    const sent = Buffer.alloc(20_000_000, "0123456789abcdef");
    const response = await fetch(edge.url, { method: "POST", body: sent });
    expect(Buffer.from(await response.arrayBuffer()).equals(sent)).toBe(true);
  });

  test("a client that does not read stops the upstream from being read", async () => {
    let written = 0;
    let blocked = 0;
    await using origin = await httpOrigin((_, response) => {
      const more = (): void => {
        blocked = 0;
        while (written < 400_000_000) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) break;
        }
        response.once("drain", more);
      };
      more();
    });
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    // Nothing moves any more once all buffers on the way are full: many looks in a row find the upstream waiting.
    await eventually("the flow to stop", () => written > 0 && ++blocked > 50);
    expect(written).toBeLessThan(50_000_000);
    client.destroy();
  });

  test("rule 47 (RFC 9110, 15.2; RFC 8297): passes interim answers on in order, not to HTTP/1.0", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.once("data", () =>
        socket.end(
          "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        ),
      );
    });
    await using edge = await edgeTo(origin.address);
    const answer = await exchangeRaw(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 103 [\s\S]*Link: <\/a\.css>[\s\S]*HTTP\/1\.1 102 [\s\S]*HTTP\/1\.1 200 [\s\S]*ok$/);
    expect(answer).not.toContain("X-Hop");
    expect(await exchangeRaw(edge.port, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
  });

  test("rule 44 (RFC 9110, 10.1.1): the upstream decides about 100, and a final answer spares the body", async () => {
    await using origin = await httpOrigin(
      (_, response) => void response.end("took it"),
      (server) =>
        server.on("checkContinue", (request: IncomingMessage, response) => {
          if (request.url === "/no") {
            response.writeHead(413, { Connection: "close" }).end();
            return;
          }
          response.writeContinue();
          request.resume().on("end", () => response.end("took it"));
        }),
    );
    await using edge = await edgeTo(origin.address);
    const refused = await exchangeRaw(
      edge.port,
      "POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
    );
    expect(refused).toMatch(/^HTTP\/1\.1 413 /);
    const client = await rawClient(
      edge.port,
      "POST /yes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
    );
    const [first] = (await once(client, "data")) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.write("12345");
    // Rule 46: no second 100.
    expect(await readAll(client)).toMatch(/^HTTP\/1\.1 200 [\s\S]*took it\r\n0\r\n\r\n$|^HTTP\/1\.1 200 [\s\S]*took it$/);
    client.destroy();
  });

  test("rule 33 (RFC 9110, 6.5): relays trailers that were announced, both ways, and none that frame or authenticate", async () => {
    let received: NodeJS.Dict<string> = {};
    await using origin = await httpOrigin((request, response) => {
      request.resume().on("end", () => {
        received = request.trailers;
        response.writeHead(200, { Trailer: "X-Sum, Authorization" });
        response.write("body");
        response.addTrailers({ "X-Sum": "2", Authorization: "secret" });
        response.end();
      });
    });
    await using edge = await edgeTo(origin.address);
    const answer = await exchangeRaw(
      edge.port,
      "POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTrailer: X-In, Cookie\r\nTransfer-Encoding: chunked\r\nConnection: close, TE\r\n\r\n1\r\na\r\n0\r\nX-In: 1\r\nCookie: a=b\r\nX-Unannounced: 1\r\n\r\n",
    );
    expect(received).toEqual({ "x-in": "1" });
    expect(answer).toMatch(/\r\n0\r\nX-Sum: 2\r\n\r\n$/);
  });

  test("rule 59 (RFC 9112, 9.3.2): answers pipelined requests in order, one at a time", async () => {
    let running = 0;
    let most = 0;
    await using origin = await httpOrigin(async (request, response) => {
      most = Math.max(most, ++running);
      await bodyOf(request);
      if (request.url === "/1") await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      running--;
      response.end(`answer ${request.url}`);
    });
    await using edge = await edgeTo(origin.address);
    const post = (path: string, more = ""): string => `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}Content-Length: 2\r\n\r\nxx`;
    const answer = await exchangeRaw(edge.port, post("/1") + post("/2") + post("/3", "Connection: close\r\n"));
    expect([...answer.matchAll(/answer \/\d/g)].map(String)).toEqual(["answer /1", "answer /2", "answer /3"]);
    expect(most).toBe(1);
  });

  test("rule 60 (RFC 9112, 9.6): a client that has closed its sending side still gets its answer", async () => {
    const answerNow = gate();
    await using origin = await httpOrigin((_, response) => void answerNow.opened.then(() => response.end("here")));
    await using edge = await edgeTo(origin.address);
    const client = await rawClient(edge.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    client.end();
    await once(client, "finish");
    answerNow.open();
    expect(await readAll(client)).toContain("here");
  });

  test("server-sent events arrive one by one", async () => {
    const next = gate();
    await using origin = await httpOrigin((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: 1\n\n");
      void next.opened.then(() => response.end("data: 2\n\n"));
    });
    await using edge = await edgeTo(origin.address);
    const reader = (await fetch(edge.url)).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe("data: 1\n\n");
    next.open();
    expect((await reader.read()).value).toBe("data: 2\n\n");
    expect((await reader.read()).done).toBe(true);
  });

  test("rule 41 (RFC 9112, 6.3): HEAD, 204 and 304 have no content, and HEAD keeps its length", async () => {
    await using origin = await httpOrigin((request, response) => {
      response.writeHead(Number(request.url!.slice(1)), request.url === "/204" ? {} : { "Content-Length": 5 });
      response.end(request.method === "HEAD" || request.url !== "/200" ? undefined : "12345");
    });
    await using edge = await edgeTo(origin.address);
    const ask = (method: string, path: string): Promise<string> =>
      exchangeRaw(edge.port, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await ask("HEAD", "/200")).toMatch(/Content-Length: 5\r\n[\s\S]*\r\n\r\n$/);
    expect(await ask("GET", "/304")).toMatch(/^HTTP\/1\.1 304 [\s\S]*\r\n\r\n$/);
    expect(await ask("GET", "/204")).not.toMatch(/Content-Length|Transfer-Encoding/);
  });

  test("rule 24 (RFC 9110, 5.5): bytes above ASCII in fields pass in both directions", async () => {
    await using origin = await httpOrigin((request, response) => {
      response.writeHead(200, { "X-Back": request.headers["x-name"] as string, Connection: "close" }).end();
    });
    await using edge = await edgeTo(origin.address);
    expect(await exchangeRaw(edge.port, "GET / HTTP/1.1\r\nHost: x\r\nX-Name: caf\xe9\r\nConnection: close\r\n\r\n")).toContain(
      "X-Back: caf\xe9\r\n",
    );
  });

  test("rule 25 (RFC 9110, 7.6.3): a proxy that points at itself answers 508 instead of running in a circle", async () => {
    let passed = 0;
    await using edge = await edgeTo({ kind: "tcp", host: "127.0.0.1", port: 1 });
    // Its own address is known only now.
    await using itself = openUpstream({ name: "itself", address: edge.proxy.address("http"), graceMs: 1000 }, deps);
    const forward = forwardTo(itself, deps);
    edge.proxy.replace((exchange) => {
      passed++;
      return forward(exchange);
    });
    const response = await fetch(edge.url);
    expect(response.status).toBe(508);
    expect(passed).toBe(10);
  });

  test("rule 11 and 12: TRACE and CONNECT are refused, OPTIONS for the server is answered here", async () => {
    let heard = 0;
    await using origin = await httpOrigin((_, response) => {
      heard++;
      response.end();
    });
    await using edge = await edgeTo(origin.address);
    const first = async (line: string, more = ""): Promise<string> =>
      (await exchangeRaw(edge.port, `${line} HTTP/1.1\r\nHost: x:80\r\n${more}Connection: close\r\n\r\n`)).split("\r\n")[0]!;
    expect(await first("TRACE /")).toContain(" 405 ");
    expect(await first("CONNECT x:80")).toContain(" 405 ");
    expect(await first("OPTIONS *")).toContain(" 204 ");
    expect(await first("OPTIONS /", "Max-Forwards: 0\r\n")).toContain(" 204 ");
    expect(heard).toBe(0);
    expect(await first("OPTIONS /", "Max-Forwards: 1\r\n")).toContain(" 200 ");
    expect(heard).toBe(1);
  });
});
