import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { idleTime } from "../src/client-settings.ts";
import { openPool } from "../src/index.ts";
import { always, ask, get, post, settled } from "./support/ask.ts";
import { arrive, deps, HandBody, listen, origin, plainOk, pool, until } from "./support/wire.ts";

describe("reuse", () => {
  test("one connection serves requests one after the other", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port);
    for (let round = 0; round < 5; round++) await settled(ask(client, get));
    expect(upstream.received).toHaveLength(1);
    expect(client).toMatchObject({ open: 1, idle: 1, queued: 0 });
  });

  test("the connection that became free last is used first", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port);
    await Promise.all([settled(ask(client, get)), settled(ask(client, get)), settled(ask(client, get))]);
    expect(client.idle).toBe(3);
    for (let round = 0; round < 5; round++) await settled(ask(client, get));
    expect(upstream.received.map((text) => text.split("GET").length - 1).sort()).toEqual([1, 1, 6]);
  });

  test("a handler may send the next request from within the answer", async () => {
    await using upstream = await origin(always("HTTP/1.1 204 No Content\r\n\r\n"));
    await using client = pool(upstream.port);
    let answers = 0;
    const next = (): void => {
      client.request(get, {
        interim: () => undefined,
        response: (_, body) => {
          body.cancel(new Error("done"));
          if (++answers < 5) next();
        },
        upgraded: () => undefined,
        failed: () => undefined,
      });
    };
    next();
    await until(() => answers === 5);
    expect(upstream.received).toHaveLength(1);
  });

  test("is not had by a request that asks for a fresh connection", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port, { maxConnections: 2 });
    await Promise.all([settled(ask(client, get)), settled(ask(client, get))]);
    // The one that has been free for longest makes room.
    const answer = ask(client, { ...get, fresh: true });
    await settled(answer);
    expect(answer.ended).toBe(true);
    expect(upstream.received.map((text) => text.split("GET").length - 1)).toEqual([1, 1, 1]);
    expect(client).toMatchObject({ open: 2, idle: 2, queued: 0 });
  });

  test("is had by one that asks for a fresh connection where there is no room, once it has answered", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port, { maxConnections: 1 });
    const first = ask(client, get);
    const second = ask(client, { ...get, fresh: true });
    await settled(second);
    expect([first.ended, second.ended]).toEqual([true, true]);
    expect(upstream.received).toHaveLength(1);
  });

  test("ends after the allowed number of requests", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port, { limits: { maxRequests: 2 } });
    for (let round = 0; round < 4; round++) await settled(ask(client, get));
    expect(upstream.received).toHaveLength(2);
  });

  test("stays a second below what the upstream promises (RFC 9112, 9.3)", () => {
    expect(idleTime("", 4_000)).toBe(4_000);
    expect(idleTime("timeout=3", 4_000)).toBe(2_000);
    expect(idleTime("max=5, timeout = 60", 4_000)).toBe(4_000);
    expect(idleTime("timeout=1", 4_000)).toBe(500);
    expect(idleTime("timeout=0", 4_000)).toBe(0);
    expect(idleTime("timeout=5, max=0", 4_000)).toBe(0);
    expect(idleTime("xtimeout=1", 4_000)).toBe(4_000);
  });
});

describe("a failure says whether anything was written (rules 55 and 56; RFC 9112, 9.3.1)", () => {
  test("nothing, when nobody listens: the body is untouched and can go elsewhere", async () => {
    const { port } = await (async () => {
      await using gone = await listen(() => undefined);
      return { port: gone.port };
    })();
    await using client = pool(port);
    const body = new HandBody();
    const answer = ask(client, post(body));
    await settled(answer);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_CONNECT_FAILED", written: false, stale: false, cause: { code: "ECONNREFUSED" } });
    expect(body).toMatchObject({ reader: undefined, cancelled: undefined });
    expect(client.open).toBe(0);
  });

  test.each(["end", "reset"] as const)("something, when a new connection ends without an answer (%s)", async (how) => {
    await using upstream = await origin((_, socket) => (how === "end" ? socket.end() : socket.resetAndDestroy()));
    await using client = pool(upstream.port);
    const answer = ask(client, get);
    await settled(answer);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_UPSTREAM_CLOSED", written: true, stale: false });
  });

  test.each(["end", "reset"] as const)("stale, when a reused connection does (%s)", async (how) => {
    await using upstream = await origin((text, socket) => {
      if (text.split("GET").length === 2) socket.write(plainOk);
      else if (how === "end") socket.end();
      else socket.resetAndDestroy();
    });
    await using client = pool(upstream.port);
    await settled(ask(client, get));
    const answer = ask(client, get);
    await settled(answer);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_UPSTREAM_CLOSED", written: true, stale: true });
  });

  test("not stale, when a byte of an answer came", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.split("GET").length === 2) socket.write(plainOk);
      else socket.end("HTTP/1.1 200");
    });
    await using client = pool(upstream.port);
    await settled(ask(client, get));
    const answer = ask(client, get);
    await settled(answer);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_UPSTREAM_CLOSED", written: true, stale: false });
  });

  test("an upstream that closes its idle connections is noticed before the next request", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n")) socket.write(plainOk, () => setImmediate(() => socket.end()));
    });
    await using client = pool(upstream.port);
    for (let round = 0; round < 5; round++) {
      const answer = ask(client, get);
      await settled(answer);
      expect(answer.error).toBeUndefined();
      await until(() => client.open === 0);
    }
  });
});

describe("a limited pool", () => {
  test("queues in order, refuses beyond its queue, and forgets who cancels", async () => {
    const sockets: Socket[] = [];
    await using upstream = await listen((socket) => {
      sockets.push(socket);
      socket.resume();
    });
    await using client = pool(upstream.port, { maxConnections: 1, maxQueued: 3 });
    const answers = [0, 1, 2, 3, 4].map(() => ask(client, get));
    expect(client).toMatchObject({ open: 1, queued: 3 });
    await settled(answers[4]!);
    expect(answers[4]!.error).toMatchObject({ code: "MS_HTTP1_QUEUE_FULL", written: false });
    answers[1]!.exchange.cancel(new Error("no"));
    expect(client.queued).toBe(2);
    await until(() => sockets.length === 1);
    for (const index of [0, 2, 3]) {
      expect(answers[index]!.ended).toBe(false);
      sockets[0]!.write(plainOk);
      await settled(answers[index]!);
      expect(answers[index]!.ended).toBe(true);
      await arrive();
    }
    expect(answers[1]).toMatchObject({ ended: false, error: undefined });
    expect(client).toMatchObject({ open: 1, idle: 1, queued: 0 });
  });

  test("dials for the next in the queue when a connection is lost", async () => {
    let connections = 0;
    await using upstream = await origin((_, socket) => {
      if (++connections === 1) socket.resetAndDestroy();
      else socket.write(plainOk);
    });
    await using client = pool(upstream.port, { maxConnections: 1 });
    const [first, second] = [ask(client, get), ask(client, get)];
    await settled(first);
    await settled(second);
    expect(first.error?.code).toBe("MS_HTTP1_UPSTREAM_CLOSED");
    expect(second.ended).toBe(true);
  });

  test("gives the connection that was dialled for a cancelled request to the next one", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port, { maxConnections: 1 });
    const [first, second] = [ask(client, get), ask(client, get)];
    first.exchange.cancel(new Error("no"));
    await settled(second);
    expect(second.ended).toBe(true);
    expect(upstream.received).toEqual(["GET / HTTP/1.1\r\nHost: a\r\n\r\n"]);
    const third = ask(client, get);
    third.exchange.cancel(new Error("no"));
    expect(client.open).toBe(0);
  });
});

test("an upstream behind a Unix socket is served", async () => {
  using folder = tempFolder();
  const path = folder.join("up.sock");
  const server = createServer((socket) => socket.on("data", () => socket.end(`${plainOk}`))).listen(path);
  await once(server, "listening");
  const client = openPool({ address: { kind: "unix", path } }, deps);
  const answer = ask(client, get);
  await settled(answer);
  expect(answer).toMatchObject({ text: "ok", ended: true });
  await client.close();
  server.close();
});

describe("an upstream behind TLS", () => {
  const file = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");
  const ca = file("localhost-cert.pem");

  async function secure(tls: { servername?: string; ca?: string; rejectUnauthorized?: boolean }) {
    const names: unknown[] = [];
    const server = createTlsServer({ key: file("localhost-key.pem"), cert: ca, ALPNProtocols: ["http/1.1"] }, (socket) => {
      socket.on("error", () => undefined);
      names.push(socket.servername, socket.alpnProtocol);
      socket.on("data", () => socket.write(plainOk));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = pool((server.address() as { port: number }).port, { tls });
    const answers = [];
    for (let round = 0; round < 2; round++) {
      answers.push(ask(client, get));
      await settled(answers[round]!);
    }
    const { open } = client;
    await client[Symbol.asyncDispose]();
    server.close();
    return { answers, names, open };
  }

  test("is served over one connection, by name", async () => {
    const { answers, names, open } = await secure({ servername: "localhost", ca });
    expect(answers).toMatchObject([
      { ended: true, text: "ok" },
      { ended: true, text: "ok" },
    ]);
    expect(names).toEqual(["localhost", "http/1.1"]);
    expect(open).toBe(1);
  });

  test("is served by its address, when the certificate names it", async () => {
    const { answers } = await secure({ ca });
    expect(answers[0]).toMatchObject({ ended: true });
  });

  test.each([{ ca, servername: "other.example" }, {}])("is not trusted when its certificate does not fit: %j", async (tls) => {
    const { answers } = await secure(tls);
    expect(answers[0]!.error).toMatchObject({ code: "MS_HTTP1_CONNECT_FAILED", written: false });
  });

  test("is not dialled with a certificate that cannot be read", async () => {
    const { answers } = await secure({ ca: "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n" });
    expect(answers[0]!.error).toMatchObject({ code: "MS_HTTP1_CONNECT_FAILED", written: false });
  });

  test("is trusted blindly only when told so", async () => {
    const { answers } = await secure({ rejectUnauthorized: false });
    expect(answers[0]).toMatchObject({ ended: true });
  });
});
