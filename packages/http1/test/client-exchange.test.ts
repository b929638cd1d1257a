import { type Body, bodyOf } from "@mothership/kernel";
import { readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { Outgoing } from "../src/index.ts";
import { always, ask, get, post, settled } from "./support/ask.ts";
import { HandBody, origin, plainOk, pool, turns, until } from "./support/wire.ts";

describe("a request that expects 100", () => {
  const expecting = (body: Body): Outgoing => ({ ...post(body), expectsContinue: true });

  test("sends its body after 100 (rule 44; RFC 9110, 10.1.1)", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      if (text.endsWith("abc")) socket.write(plainOk);
    });
    await using client = pool(upstream.port);
    const answer = ask(client, expecting(bodyOf("abc")));
    await settled(answer);
    expect(upstream.received[0]).toMatch(/\r\nExpect: 100-continue\r\n\r\nabc$/);
    expect(answer).toMatchObject({ interims: [100], ended: true });
    expect(client.idle).toBe(1);
  });

  test("sends none after a final response, and the connection is not used again (rule 44; RFC 9110, 10.1.1)", async () => {
    await using upstream = await origin(always("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"));
    await using client = pool(upstream.port);
    const body = new HandBody(3);
    const answer = ask(client, expecting(body));
    await settled(answer);
    expect(body).toMatchObject({ reader: undefined, cancelled: expect.any(Error) });
    expect(client.open).toBe(0);
    expect(upstream.received[0]).toMatch(/\r\n\r\n$/);
  });

  test("sends it anyway when nobody says anything", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("abc")) socket.write(plainOk);
    });
    await using client = pool(upstream.port, { timeouts: { continueMs: 20 } });
    const answer = ask(client, expecting(bodyOf("abc")));
    await settled(answer);
    expect(answer).toMatchObject({ interims: [], ended: true });
  });
});

describe("an early response", () => {
  test("streams while the request still flows, and the connection lives when both are complete", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
      if (text.endsWith("ping")) socket.write("4\r\npong\r\n");
      if (text.endsWith("end")) socket.write("0\r\n\r\n");
    });
    await using client = pool(upstream.port);
    const body = new HandBody(7);
    const answer = ask(client, post(body));
    await until(() => answer.text === "hi");
    body.reader!.data(Buffer.from("ping"));
    await until(() => answer.text === "hipong");
    body.reader!.data(Buffer.from("end"));
    body.reader!.end();
    await settled(answer);
    expect(client).toMatchObject({ open: 1, idle: 1 });
  });

  test("that is complete ends the request and the connection (rule 36; RFC 9112, 9.3)", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("abc")) socket.write(plainOk);
    });
    await using client = pool(upstream.port);
    const body = new HandBody(5);
    const answer = ask(client, post(body));
    await until(() => body.reader !== undefined);
    body.reader!.data(Buffer.from("abc"));
    await settled(answer);
    expect(answer).toMatchObject({ ended: true, text: "ok" });
    expect(body.cancelled).toBeDefined();
    expect(client.open).toBe(0);
  });

  test("that says no stops the request at once (rule 36; RFC 9112, 9.5)", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nno");
    });
    await using client = pool(upstream.port);
    const body = new HandBody(5);
    const answer = ask(client, post(body));
    await until(() => answer.text === "no");
    expect(body.cancelled).toBeDefined();
    expect(body.reader!.data(Buffer.from("abc"))).toBe(false);
  });
});

describe("an upgrade", () => {
  const asking: Outgoing = { ...get, upgrade: "websocket" };

  test("hands over the socket and what came behind the response (rule 48; RFC 9110, 7.8)", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n"))
        socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n\r\nhello");
      if (text.endsWith("ping")) socket.write("pong");
    });
    await using client = pool(upstream.port);
    const answer = ask(client, asking);
    await until(() => answer.tunnel !== undefined);
    expect(upstream.received[0]).toBe("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect(Buffer.from(answer.tunnel!.held).toString()).toBe("hello");
    expect(client.open).toBe(0);
    const { socket } = answer.tunnel!;
    let text = "";
    socket.on("data", (piece) => {
      text += piece;
    });
    socket.resume();
    socket.write("ping");
    await until(() => text === "pong");
    socket.destroy();
  });

  test.each([
    ["another protocol", "Upgrade: h2c\r\nConnection: upgrade\r\n"],
    ["no protocol", "Connection: upgrade\r\n"],
    ["two protocols", "Upgrade: websocket, h2c\r\nConnection: upgrade\r\n"],
    ["no Connection", "Upgrade: websocket\r\n"],
    ["a length", "Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 5\r\n"],
  ])("to %s is refused (rule 48; RFC 9110, 7.8)", async (_, fields) => {
    await using upstream = await origin(always(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`));
    await using client = pool(upstream.port);
    const answer = ask(client, asking);
    await settled(answer);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_BAD_RESPONSE", refusal: { code: "MS_HTTP1_UPGRADE_UNASKED" } });
    expect(client.open).toBe(0);
  });

  test("that is declined is an ordinary response", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port);
    const answer = ask(client, asking);
    await settled(answer);
    expect(answer).toMatchObject({ ended: true, text: "ok", tunnel: undefined });
  });
});

describe("a body that is not wanted", () => {
  test("stops the upstream while its reader waits", async () => {
    await using upstream = await origin((_, socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n");
      socket.write(Buffer.alloc(30_000_000));
    });
    await using client = pool(upstream.port);
    const answer = ask(client, get, { read: false });
    await until(() => answer.body !== undefined);
    let bytes = 0;
    let ended = false;
    answer.body!.read({
      data: (piece) => {
        bytes += piece.length;
        return false;
      },
      end: () => {
        ended = true;
      },
      fail: () => undefined,
    });
    await turns(300);
    expect(bytes).toBeLessThan(300_000);
    while (!ended) {
      answer.body!.resume();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(30_000_000);
    expect(client.idle).toBe(1);
  });

  test("drops the connection when it is cancelled, and nothing more is heard", async () => {
    await using upstream = await origin((_, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
    await using client = pool(upstream.port);
    const answer = ask(client, get);
    await until(() => answer.text === "abc");
    answer.body!.cancel(new Error("enough"));
    expect(client.open).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(answer).toMatchObject({ ended: false, cut: undefined, error: undefined });
  });

  test("that is small and whole is read after its connection went", async () => {
    await using upstream = await origin((_, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"));
    await using client = pool(upstream.port);
    const answer = ask(client, get, { read: false });
    await until(() => answer.body !== undefined);
    await turns(50);
    expect(String((await readBody(answer.body!)).bytes)).toBe("abc");
    expect(client.open).toBe(0);
  });
});
