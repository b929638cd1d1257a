import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { bodyOf, emptyBody, Fields, type Incoming, type Outcome, silentLogger } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { serveConnection } from "../src/index.ts";
import { HandBody, open, serve, turns, until } from "./support/wire.ts";

const ok = { status: 200, fields: new Fields() };
const timeouts = { headMs: 100, idleMs: 1_000, stallMs: 200, minBytesPerSecond: 100, halfCloseMs: 300, lingerMs: 50, closeMs: 5_000 };

/** The system behind it takes what was written last only when told to. */
class SlowSocket extends Duplex {
  bytesWritten = 0;
  /** Bytes that the system was given and has not taken. */
  taking = 0;
  #taken: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true, read: () => undefined });
  }

  letThrough(): void {
    this.bytesWritten += this.taking;
    this.taking = 0;
    this.#taken?.();
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.taking = chunk.length;
    this.#taken = done;
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.taking = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    this.#taken = done;
  }

  setNoDelay(): void {}
}

/** A server whose time the test moves, with one client. */
async function scene(onRequest: (incoming: Incoming) => void, spec = {}) {
  const clock = new FakeClock();
  const server = await serve(onRequest, { timeouts, ...spec }, { clock, log: silentLogger });
  const client = await open(server.port);
  await until(() => server.connections.length === 1);
  return {
    clock,
    server,
    client,
    connection: server.connections[0]!,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Lets what was sent arrive. */
const arrive = (): Promise<void> => turns(20);

describe("time runs out", () => {
  test("without a byte: the connection closes without a word", async () => {
    await using it = await scene(() => undefined);
    await it.clock.advance(99);
    expect(it.client.socket.readableEnded).toBe(false);
    await it.clock.advance(1);
    await until(() => it.client.socket.readableEnded);
    expect(it.client.text()).toBe("");
    await it.clock.advance(50);
    await it.connection.done;
    expect(it.clock.pending).toBe(0);
  });

  test("within a head: 408, however the bytes trickle (RFC 9110, 15.5.9)", async () => {
    await using it = await scene(() => undefined);
    await it.clock.advance(80);
    for (const piece of ["GET / HT", "TP/1.1\r\nHo", "st: a\r\n"]) {
      it.client.socket.write(piece);
      await arrive();
      await it.clock.advance(30);
    }
    expect(it.client.text()).toBe("");
    await it.clock.advance(10);
    await until(() => it.client.text().startsWith("HTTP/1.1 408 Request Timeout\r\n"));
    expect(it.server.refusals).toMatchObject([{ code: "MS_HTTP1_HEAD_TIMEOUT" }]);
  });

  test("between requests: the connection closes, and an empty line does not count as a request", async () => {
    await using it = await scene((incoming) => incoming.respond(ok, emptyBody));
    it.client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
    await until(() => it.client.text() !== "");
    const text = it.client.text();
    await it.clock.advance(999);
    expect(it.client.socket.readableEnded).toBe(false);
    await it.clock.advance(1);
    await until(() => it.client.socket.readableEnded);
    expect(it.client.text()).toBe(text);
  });

  test.each([
    ["nothing comes", 0],
    ["too little comes", 10],
  ])("within a body that is wanted, when %s: 408", async (_, bytes) => {
    const failures: Error[] = [];
    await using it = await scene((incoming) =>
      incoming.body.read({ data: () => true, end: () => undefined, fail: (error) => failures.push(error) }),
    );
    it.client.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    await until(() => it.server.requests.length === 1);
    it.client.socket.write("x".repeat(bytes));
    await arrive();
    await it.clock.advance(200);
    await until(() => it.client.text().startsWith("HTTP/1.1 408 "));
    expect(failures).toMatchObject([{ code: "MS_HTTP1_BODY_TIMEOUT" }]);
  });

  test("not within a body that comes fast enough, nor while its reader waits", async () => {
    await using it = await scene((incoming) => {
      let taken = 0;
      incoming.body.read({
        data: (piece) => {
          taken += piece.length;
          return taken < 150;
        },
        end: () => incoming.respond(ok, emptyBody),
        fail: () => undefined,
      });
    });
    it.client.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 175\r\n\r\n");
    await until(() => it.server.requests.length === 1);
    for (let step = 0; step < 6; step++) {
      it.client.socket.write("x".repeat(25));
      await arrive();
      await it.clock.advance(200);
    }
    await it.clock.advance(10_000);
    expect(it.client.text()).toBe("");
    it.server.requests[0]!.body.resume();
    it.client.socket.write("x".repeat(25));
    await until(() => it.client.text().startsWith("HTTP/1.1 200 "));
  });

  test("while a client takes nothing of its answer: it is cut off", async () => {
    const outcomes: Outcome[] = [];
    const body = new HandBody();
    await using it = await scene((incoming) => {
      incoming.onFinished = (outcome) => outcomes.push(outcome);
      incoming.respond(ok, body);
    });
    it.client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => body.reader !== undefined);
    it.client.socket.pause();
    for (let resumed = -1; resumed < body.resumed; await arrive()) {
      resumed = body.resumed;
      while (body.reader!.data(Buffer.alloc(65_536)));
    }
    await it.clock.advance(199);
    expect(outcomes).toEqual([]);
    await it.clock.advance(201);
    expect(outcomes).toMatchObject([{ end: "clientLeft" }]);
    expect(body.cancelled).toBeDefined();
    await it.connection.done;
    expect(it.clock.pending).toBe(0);
  });

  test("not while a client takes a large answer little by little", async () => {
    const clock = new FakeClock();
    const outcomes: Outcome[] = [];
    const socket = new SlowSocket();
    const onRequest = (incoming: Incoming): void => {
      incoming.onFinished = (outcome) => outcomes.push(outcome);
      incoming.respond(ok, bodyOf(Buffer.alloc(1_000_000, "x")));
    };
    // As much of a socket as a connection uses.
    serveConnection(socket as unknown as Socket, { onRequest, timeouts }, { clock, log: silentLogger });
    socket.push("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (await until(() => socket.taking > 0); outcomes.length === 0; await arrive()) {
      expect(socket.taking).toBeLessThanOrEqual(65_536 + 200);
      await clock.advance(180);
      socket.letThrough();
    }
    expect(outcomes).toMatchObject([{ status: 200, end: "complete", responseBytes: 1_000_000 }]);
    socket.destroy();
  });

  test("a quiet answer may take for ever, unless the client closed its side: nobody can tell it from one that left", async () => {
    const outcomes: Outcome[] = [];
    const body = new HandBody();
    await using it = await scene((incoming) => {
      incoming.onFinished = (outcome) => outcomes.push(outcome);
      incoming.respond(ok, body);
    });
    it.client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => it.client.text() !== "");
    await it.clock.advance(100_000);
    expect(outcomes).toEqual([]);
    it.client.socket.end();
    await arrive();
    await it.clock.advance(290);
    body.reader!.data(Buffer.from("tick"));
    await arrive();
    await it.clock.advance(299);
    expect(outcomes).toEqual([]);
    await it.clock.advance(310);
    expect(outcomes).toMatchObject([{ end: "clientLeft" }]);
  });
});

describe("close", () => {
  test("ends an idle connection at once, with a clean end", async () => {
    await using it = await scene(() => undefined);
    const closed = it.connection.close();
    await until(() => it.client.socket.readableEnded);
    it.client.socket.end();
    await closed;
    expect(it.clock.pending).toBe(0);
    await it.connection.close();
  });

  test("lets the exchange in progress finish and says so (RFC 9112, 9.6)", async () => {
    await using it = await scene(() => undefined);
    it.client.socket.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => it.server.requests.length === 1);
    expect(it.connection.idle).toBe(false);
    const closed = it.connection.close();
    await it.clock.advance(1_000);
    it.server.requests[0]!.respond(ok, bodyOf("done"));
    await until(() => it.client.socket.readableEnded);
    expect(it.client.text()).toMatch(/Connection: close\r\n.*done$/s);
    it.client.socket.end();
    await closed;
    expect(it.server.requests).toHaveLength(1);
    expect(it.clock.pending).toBe(0);
  });

  test.each(["signal", "closeMs"])("cuts what is left when its %s says so, and only then", async (how) => {
    const outcomes: Outcome[] = [];
    await using it = await scene((incoming) => {
      incoming.onFinished = (outcome) => outcomes.push(outcome);
    });
    it.client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => it.server.requests.length === 1);
    const controller = new AbortController();
    const closed = it.connection.close(how === "signal" ? { signal: controller.signal } : {});
    await it.clock.advance(how === "signal" ? 10_000 : 4_999);
    expect(outcomes).toEqual([]);
    if (how === "signal") controller.abort();
    else await it.clock.advance(1);
    await closed;
    expect(outcomes).toMatchObject([{ status: 0, end: "aborted" }]);
    expect(it.clock.pending).toBe(0);
  });

  test("waits for no content that is thrown away", async () => {
    await using it = await scene((incoming) => incoming.respond(ok, emptyBody));
    it.client.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    await until(() => it.client.text() !== "");
    const closed = it.connection.close();
    await until(() => it.client.socket.readableEnded);
    it.client.socket.end();
    await closed;
  });

  test("waits for a request that has begun to arrive", async () => {
    await using it = await scene((incoming) => incoming.respond(ok, emptyBody));
    it.client.socket.write("GET / HTTP/1.1\r\nHo");
    await arrive();
    const closed = it.connection.close();
    it.client.socket.end("st: a\r\n\r\n");
    await until(() => it.client.socket.readableEnded);
    expect(it.client.text()).toMatch(/^HTTP\/1.1 200 .*Connection: close/s);
    await closed;
  });
});
