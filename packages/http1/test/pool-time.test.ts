import type { Socket } from "node:net";
import { bodyOf, silentLogger } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { openPool } from "../src/index.ts";
import { always, ask, get, post, settled } from "./support/ask.ts";
import { arrive, HandBody, listen, origin, plainOk, pool, until } from "./support/wire.ts";

describe("time runs out", () => {
  const timeouts = { connectMs: 100, queueMs: 200, firstByteMs: 300, stallMs: 400, idleMs: 500, continueMs: 50, closeMs: 600 };
  const timed = (port: number, clock: FakeClock, spec = {}) => pool(port, { timeouts, ...spec }, { clock, log: silentLogger });

  test("while a connection is not usable", async () => {
    await using silent = await listen((socket) => socket.resume());
    const clock = new FakeClock();
    await using client = timed(silent.port, clock, { tls: {} });
    const answer = ask(client, get);
    await clock.advance(99);
    expect(answer.error).toBeUndefined();
    await clock.advance(1);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_CONNECT_TIMEOUT", written: false });
    expect(clock.pending).toBe(0);
  });

  test("in the queue, for each its own", async () => {
    await using upstream = await origin(() => undefined);
    const clock = new FakeClock();
    await using client = timed(upstream.port, clock, { maxConnections: 1 });
    ask(client, get);
    await until(() => upstream.received.length === 1);
    const first = ask(client, get);
    await clock.advance(150);
    const second = ask(client, get);
    await clock.advance(50);
    expect(first.error).toMatchObject({ code: "MS_HTTP1_QUEUE_TIMEOUT", written: false });
    expect(second.error).toBeUndefined();
    expect(client.queued).toBe(1);
    await clock.advance(100);
    // The first request met its own deadline meanwhile and made room.
    await until(() => upstream.received.length === 2);
    expect(second.error).toBeUndefined();
  });

  test("before a response, from the end of the request", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("abc")) socket.write("HTTP/1.1 103 Early Hints\r\n\r\n");
    });
    const clock = new FakeClock();
    await using client = timed(upstream.port, clock);
    const body = new HandBody(3);
    const answer = ask(client, post(body));
    await until(() => body.reader !== undefined);
    await clock.advance(10_000);
    body.reader!.data(Buffer.from("abc"));
    body.reader!.end();
    await until(() => answer.interims.length === 1);
    await clock.advance(299);
    expect(answer.error).toBeUndefined();
    await clock.advance(1);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_FIRST_BYTE_TIMEOUT", written: true });
    expect(client.open).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("before a response, from when the upstream has taken the request", async () => {
    let socket: Socket | undefined;
    await using upstream = await listen((one) => {
      socket = one;
      one.pause();
    });
    const clock = new FakeClock();
    await using client = timed(upstream.port, clock);
    const answer = ask(client, post(bodyOf(Buffer.alloc(12_000_000))));
    await until(() => socket !== undefined);
    await arrive();
    await clock.advance(350);
    expect(answer.error).toBeUndefined();
    socket!.resume();
    let bytes = 0;
    socket!.on("data", (piece) => {
      bytes += piece.length;
    });
    await until(() => bytes > 12_000_000);
    await arrive();
    await clock.advance(299);
    expect(answer.error).toBeUndefined();
    await clock.advance(2);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_FIRST_BYTE_TIMEOUT" });
  });

  test.each([
    ["application/json", true],
    ["text/event-stream; charset=utf-8", false],
  ])("while a response body of %s is quiet: %s", async (type, ends) => {
    await using upstream = await origin((_, socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\nabc`));
    const clock = new FakeClock();
    await using client = timed(upstream.port, clock);
    const answer = ask(client, get);
    await until(() => answer.text === "abc");
    await clock.advance(100_000);
    if (ends) expect(answer.cut).toMatchObject({ code: "MS_HTTP1_STALLED" });
    else expect(answer.cut).toBeUndefined();
  });

  test("while the upstream takes nothing of the request", async () => {
    await using upstream = await listen((socket) => socket.pause());
    const clock = new FakeClock();
    await using client = timed(upstream.port, clock);
    const body = new HandBody();
    const answer = ask(client, post(body));
    await until(() => body.reader !== undefined);
    for (let resumed = -1; resumed < body.resumed; await arrive()) {
      resumed = body.resumed;
      while (body.reader!.data(Buffer.alloc(65_536)));
    }
    await clock.advance(800);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_STALLED", written: true });
  });

  test("between requests, sooner if the upstream says so", async () => {
    await using upstream = await origin(always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=1\r\n\r\n"));
    const clock = new FakeClock();
    await using client = timed(upstream.port, clock);
    await settled(ask(client, get));
    await clock.advance(499);
    expect(client.idle).toBe(1);
    await clock.advance(1);
    expect(client.open).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("at close, which lets what is under way finish until then", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.includes("/answered")) setImmediate(() => socket.write(plainOk));
    });
    const clock = new FakeClock();
    const client = openPool(
      { address: { kind: "tcp", host: "127.0.0.1", port: upstream.port }, timeouts: { ...timeouts, firstByteMs: 1e6 }, maxConnections: 2 },
      {
        clock,
        log: silentLogger,
      },
    );
    const hanging = ask(client, get);
    const answered = ask(client, { ...get, target: "/answered" });
    const waiting = ask(client, get);
    const closed = client.close();
    expect(waiting.error).toMatchObject({ code: "MS_HTTP1_POOL_CLOSED", written: false });
    await settled(answered);
    expect(answered.ended).toBe(true);
    expect(client.open).toBe(1);
    const late = ask(client, get);
    await settled(late);
    expect(late.error).toMatchObject({ code: "MS_HTTP1_POOL_CLOSED" });
    await clock.advance(600);
    await closed;
    expect(hanging.error).toMatchObject({ code: "MS_HTTP1_POOL_CLOSED", written: true });
    expect(clock.pending).toBe(0);
    await client.close();
  });
});
