import { bodyOf, emptyBody, Fields, type Incoming, type Outcome } from "@mothership/kernel";
import { gate, readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { echo, get, ok, post } from "./support/requests.ts";
import { open, send, serve, turns, until } from "./support/wire.ts";

describe("a request body", () => {
  test("is handed on however it is framed (RFC 9112, 6 and 7)", async () => {
    const bodies: string[] = [];
    await using server = await serve((incoming) => {
      void readBody(incoming.body).then(({ bytes, trailers }) => {
        bodies.push(`${incoming.body.length} ${bytes} ${[...(trailers ?? [])]}`);
        incoming.respond(ok, emptyBody);
      });
    });
    const chunks =
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n";
    await send(server.port, post("hello") + chunks + get("/") + post(""));
    expect(bodies).toEqual(["5 hello ", "undefined abcde X-Sum,1", "0  ", "0  "]);
  });

  test("that nobody reads is thrown away when it is small, and the connection goes on (rule 36; RFC 9112, 9.3)", async () => {
    await using server = await serve(echo);
    const text = await send(server.port, post("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n") + get("/next"));
    expect(text.match(/(GET|POST) \/\w+/g)).toEqual(["POST /p", "GET /next"]);
    expect(text).not.toContain("Connection: close");
  });

  test.each([
    ["long", `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3)}`],
    ["of unknown length", `POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /`],
    ["not asked for with 100", post("", "Expect: 100-continue\r\n", 28) + get("/evil")],
  ])("that nobody reads and that is %s ends the connection (rule 36; CVE-2025-4366)", async (_, request) => {
    await using server = await serve(echo);
    const text = await send(server.port, request, { keepOpen: true });
    expect(text).toMatch(/^HTTP\/1.1 200 .*Connection: close\r\n.*POST \/p a$/s);
    expect(server.requests).toHaveLength(1);
  });

  test("an early answer survives a large upload (rule 36; RFC 9112, 9.6)", async () => {
    await using server = await serve((incoming) => incoming.respond({ status: 413, fields: new Fields() }, bodyOf("too large")));
    await using client = await open(server.port);
    client.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
    client.socket.write(Buffer.alloc(20_000_000));
    await until(() => client.text().endsWith("too large"));
    expect(client.text()).toMatch(/^HTTP\/1.1 413 .*Connection: close\r\n/s);
  });

  test.each([
    ["5\r\nhelloX", "CHUNK_END_BAD"],
    ["x\r\n", "CHUNK_SIZE_BAD"],
    ["5;\0", "CHUNK_EXTENSION_BAD"],
    ["5\nhello", "LINE_END_BAD"],
  ])(
    "that turns out malformed (%j) is answered 400, and nothing behind it is read (rules 32 and 35; RFC 9112, 7.1)",
    async (content, code) => {
      const failed = gate<Error>();
      const outcomes: Outcome[] = [];
      await using server = await serve((incoming) => {
        incoming.onFinished = (outcome) => outcomes.push(outcome);
        incoming.body.read({ data: () => true, end: () => undefined, fail: failed.open });
      });
      const text = await send(
        server.port,
        `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${content}\r\n0\r\n\r\n${get("/evil")}`,
      );
      expect(text).toMatch(/^HTTP\/1.1 400 .*Connection: close\r\n/s);
      expect(await failed.opened).toMatchObject({ code: `MS_HTTP1_${code}` });
      expect(outcomes).toMatchObject([{ status: 400, end: "aborted" }]);
      expect(server.requests).toHaveLength(1);
      expect(server.refusals.map((refusal) => refusal.code)).toEqual([`MS_HTTP1_${code}`]);
    },
  );

  test("over the limit is 413, announced or not (RFC 9110, 15.5.14)", async () => {
    await using server = await serve(
      (incoming) => incoming.body.read({ data: () => true, end: () => echo(incoming), fail: () => undefined }),
      {
        limits: { maxBodyBytes: 5 },
      },
    );
    expect(await send(server.port, post("hello"))).toMatch(/^HTTP\/1.1 200 /);
    expect(await send(server.port, post("hello!"))).toMatch(/^HTTP\/1.1 413 /);
    const chunks = (size: string): string =>
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n${size}\r\n0\r\n\r\n`;
    expect(await send(server.port, chunks("2\r\nde"))).toMatch(/^HTTP\/1.1 200 /);
    expect(await send(server.port, chunks("3\r\ndef"))).toMatch(/^HTTP\/1.1 413 /);
    expect(server.refusals).toMatchObject([{ status: 413 }, { status: 413 }]);
  });

  test("that the client cuts off never looks complete (rule 39; RFC 9112, 8)", async () => {
    for (const request of [post("hel", "", 5), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]) {
      const failed = gate<Error>();
      await using server = await serve((incoming) => {
        const fail = (error: Error): void => {
          failed.open(error);
          incoming.respond({ status: 400, fields: new Fields() }, emptyBody);
        };
        incoming.body.read({ data: () => true, end: () => failed.open(new Error("ended")), fail });
      });
      expect(await send(server.port, request)).toMatch(/^HTTP\/1.1 400 .*Connection: close/s);
      expect(await failed.opened).toMatchObject({ code: "MS_HTTP1_CLIENT_LEFT" });
    }
  });

  test("waits for its reader, and the client with it", async () => {
    const taken = gate<Incoming>();
    let bytes = 0;
    let ended = false;
    await using server = await serve((incoming) => {
      incoming.body.read({
        data: (piece) => {
          bytes += piece.length;
          return false;
        },
        end: () => {
          ended = true;
          echo(incoming);
        },
        fail: () => undefined,
      });
      taken.open(incoming);
    });
    await using client = await open(server.port);
    client.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n");
    client.socket.write(Buffer.alloc(30_000_000));
    const { body } = await taken.opened;
    await turns(300);
    expect(bytes).toBeLessThan(300_000);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    while (!ended) {
      body.resume();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(30_000_000);
    await until(() => client.text().endsWith("POST / a"));
  });
});
