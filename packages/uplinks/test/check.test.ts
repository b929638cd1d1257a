import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { networkInterfaces } from "node:os";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { inspect } from "node:util";
import { type LogFields, type Logger, silentLogger, systemClock } from "@mothership/kernel";
import { createAuthority, eventually, FakeClock, gate } from "@mothership/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkUplinks } from "../src/check.ts";
import { closedPort, type Listening, listen, silentAddress, tcpServer } from "./servers.ts";

const deps = { clock: systemClock, log: silentLogger };
const uplink = (url: string, name = url, timeoutMs = 5000) => ({ name, url, timeoutMs });

function httpServer(answer: RequestListener): Promise<Listening> {
  return listen(createHttpServer(answer));
}

async function reasonFor(url: string): Promise<string | undefined> {
  const [report] = await checkUplinks([uplink(url)], deps);
  if (report?.ok === (report?.reason !== undefined)) throw new Error(`inconsistent: ${inspect(report)}`);
  return report?.reason;
}

describe("a TCP check", () => {
  test("is passed by anything that accepts, and hangs up at once", async () => {
    await using server = await tcpServer();
    const [report] = await checkUplinks([uplink(`tcp://127.0.0.1:${server.port}`, "queue")], deps);
    expect(report).toEqual({ name: "queue", target: `tcp://127.0.0.1:${server.port}`, ok: true, durationMs: expect.any(Number) });
    await eventually("the connection closed", () => server.accepted === 1 && server.sockets.size === 0);
  });

  test("says that the connection was refused, and by which addresses of a name", async () => {
    expect(await reasonFor(`redis://127.0.0.1:${await closedPort()}`)).toBe("connection refused");
    expect(await reasonFor(`redis://localhost:${await closedPort()}`)).toMatch(/^connection refused \((127\.0\.0\.1|::1)(, \S+)?\)$/);
  });

  test("says that there is no such host", async () => {
    expect(await reasonFor("postgres://nowhere.invalid/x")).toMatch(/^(no such host|the name server gives no answer)$/);
  });

  test("gives up at the limit of the uplink on a host that drops everything", async () => {
    await using silent = await silentAddress();
    const clock = new FakeClock();
    const checking = checkUplinks([uplink(`tcp://${silent.host}:${silent.port}`, "far", 10_000)], { ...deps, clock });
    await clock.advance(9_999);
    await clock.advance(1);
    expect(await checking).toMatchObject([{ ok: false, reason: "no answer within 10 s", durationMs: 10_000 }]);
    expect(clock.pending).toBe(0);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === "::1"));
  if (hasIPv6) {
    test("reaches an IPv6 address", async () => {
      await using server = await tcpServer(undefined, { host: "::1" });
      const [report] = await checkUplinks([uplink(`tcp://[::1]:${server.port}`)], deps);
      expect(report).toMatchObject({ ok: true, target: `tcp://[::1]:${server.port}` });
    });
  }

  test("reaches a name one of whose families does not listen", async () => {
    await using server = await tcpServer();
    expect(await reasonFor(`tcp://localhost:${server.port}`)).toBeUndefined();
  });
});

describe("an HTTP check", () => {
  test.each([200, 204, 301, 401, 404, 499])("takes status %d for an answer", async (status) => {
    await using server = await httpServer((_, res) => res.writeHead(status, { Location: "http://127.0.0.1:1/" }).end());
    expect(await reasonFor(`http://127.0.0.1:${server.port}/health`)).toBeUndefined();
    await eventually("the connection closed", () => server.accepted === 1 && server.sockets.size === 0);
  });

  test.each([500, 503])("takes status %d for a failure", async (status) => {
    await using server = await httpServer((_, res) => res.writeHead(status).end());
    expect(await reasonFor(`http://127.0.0.1:${server.port}/`)).toBe(`answered with status ${status}`);
  });

  test("asks for the path and query of the URL, and sends no password", async () => {
    const asked: string[] = [];
    await using server = await httpServer((req, res) => {
      asked.push(`${req.method} ${req.url} ${req.headers.host}`, inspect(req.rawHeaders));
      res.end();
    });
    await reasonFor(`http://user:hunter2secret@127.0.0.1:${server.port}/health?deep=1#top`);
    expect(asked[0]).toBe(`GET /health?deep=1 127.0.0.1:${server.port}`);
    expect(asked[1]).not.toMatch(/authorization|hunter2/i);
  });

  test("does not wait for the body", async () => {
    await using server = await httpServer((_, res) => {
      res.writeHead(200, { "Content-Length": "1000000" }).write("x");
    });
    expect(await reasonFor(`http://127.0.0.1:${server.port}/`)).toBeUndefined();
    await eventually("the connection closed", () => server.sockets.size === 0);
  });

  test("gives up on a server that accepts and says nothing", async () => {
    await using server = await tcpServer();
    const clock = new FakeClock();
    const checking = checkUplinks([uplink(`http://127.0.0.1:${server.port}/`)], { ...deps, clock });
    await eventually("the request sent", () => server.accepted === 1);
    await clock.advance(5000);
    expect(await checking).toMatchObject([{ ok: false, reason: "no answer within 5 s", durationMs: 5000 }]);
    await eventually("the connection closed", () => server.sockets.size === 0);
  });

  test("tells what else came instead of an answer", async () => {
    await using garbage = await tcpServer((socket) => socket.end("220 mail.example ESMTP\r\n"));
    expect(await reasonFor(`http://127.0.0.1:${garbage.port}/`)).toBe("the answer is not HTTP");
    await using closing = await tcpServer((socket) => socket.once("data", () => socket.end()));
    expect(await reasonFor(`http://127.0.0.1:${closing.port}/`)).toMatch(/connection reset|closed the connection without an answer/);
    await using flood = await tcpServer((socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`));
    expect(await reasonFor(`http://127.0.0.1:${flood.port}/`)).toBe("the answer is not HTTP");
    await using upgrading = await tcpServer((socket) =>
      socket.write("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    );
    expect(await reasonFor(`http://127.0.0.1:${upgrading.port}/`)).toBeUndefined();
    await eventually("the connection closed", () => upgrading.sockets.size === 0);
  });
});

describe("an HTTPS check", () => {
  const authority = createAuthority();
  const before = getCACertificates("default");
  beforeAll(() => setDefaultCACertificates([...before, authority.cert]));
  afterAll(() => setDefaultCACertificates(before));
  const httpsServer = (certificate: { readonly cert: string; readonly key: string }): Promise<Listening> =>
    listen(createHttpsServer(certificate, (_, res) => res.end("ok")));

  test("is passed when the certificate is good, by name and by address", async () => {
    await using server = await httpsServer(authority.issue(["localhost", "127.0.0.1"]));
    expect(await reasonFor(`https://localhost:${server.port}/`)).toBeUndefined();
    expect(await reasonFor(`https://127.0.0.1:${server.port}/`)).toBeUndefined();
    await eventually("the connections closed", () => server.sockets.size === 0);
  });

  test("names what is wrong with a certificate", async () => {
    await using expired = await httpsServer(authority.issue(["127.0.0.1"], { expired: true }));
    expect(await reasonFor(`https://127.0.0.1:${expired.port}/`)).toBe("the certificate has expired");
    await using other = await httpsServer(authority.issue(["db.example", "10.0.0.1"]));
    expect(await reasonFor(`https://127.0.0.1:${other.port}/`)).toBe("the certificate is for another host (db.example, 10.0.0.1)");
    await using selfSigned = await httpsServer(createAuthority("127.0.0.1"));
    expect(await reasonFor(`https://127.0.0.1:${selfSigned.port}/`)).toBe("the certificate is self-signed");
    await using unknown = await httpsServer(createAuthority("Nobody").issue(["127.0.0.1"]));
    expect(await reasonFor(`https://127.0.0.1:${unknown.port}/`)).toBe(
      "the certificate is signed by an authority that this system does not trust",
    );
  });

  test("says that a server does not speak TLS", async () => {
    await using plain = await httpServer((_, res) => res.end());
    expect(await reasonFor(`https://127.0.0.1:${plain.port}/`)).toBe("the server does not speak TLS on this port");
    await using closing = await tcpServer((socket) => socket.once("data", () => socket.end()));
    expect(await reasonFor(`https://127.0.0.1:${closing.port}/`)).toMatch(
      /connection reset|closed the connection|TLS handshake failed|socket disconnected/,
    );
  });

  test("ends a handshake that nobody answers when its time has passed", async () => {
    await using server = await tcpServer();
    const clock = new FakeClock();
    const checking = checkUplinks([uplink(`https://127.0.0.1:${server.port}/`)], { ...deps, clock });
    await eventually("the connection", () => server.accepted === 1);
    await clock.advance(5000);
    expect(await checking).toMatchObject([{ ok: false, reason: "no answer within 5 s" }]);
    await eventually("the connection closed", () => server.sockets.size === 0);
  });
});

describe("many uplinks", () => {
  test("share one check per host and port, and say so", async () => {
    await using server = await tcpServer();
    const url = (rest: string): string => `postgres://127.0.0.1:${server.port}/${rest}`;
    const reports = await checkUplinks([uplink(url("a"), "primary"), uplink(url("b"), "replica"), uplink(url("c"), "third")], deps);
    expect(reports.map(({ name, ok, sharedWith }) => ({ name, ok, sharedWith }))).toEqual([
      { name: "primary", ok: true, sharedWith: undefined },
      { name: "replica", ok: true, sharedWith: "primary" },
      { name: "third", ok: true, sharedWith: "primary" },
    ]);
    expect(server.accepted).toBe(1);
  });

  test("need no more than the connection when they are not HTTP, though the shared check fetches a URL", async () => {
    await using server = await httpServer((_, res) => res.writeHead(503).end());
    const reports = await checkUplinks(
      [uplink(`tcp://127.0.0.1:${server.port}`, "port"), uplink(`http://127.0.0.1:${server.port}/`, "page")],
      deps,
    );
    expect(reports).toMatchObject([
      { name: "port", ok: true },
      { name: "page", ok: false, reason: "answered with status 503", sharedWith: "port" },
    ]);
    expect(server.accepted).toBe(1);
  });

  test("give a shared check the longest of their limits", async () => {
    await using server = await tcpServer();
    const clock = new FakeClock();
    const urls = [uplink(`http://127.0.0.1:${server.port}/a`, "a", 1000), uplink(`http://127.0.0.1:${server.port}/b`, "b", 3000)];
    const checking = checkUplinks(urls, { ...deps, clock });
    await clock.advance(3000);
    expect((await checking).map(({ reason }) => reason)).toEqual(["no answer within 3 s", "no answer within 3 s"]);
  });

  test("are checked at the same time, but no more than allowed", async () => {
    const release = gate();
    let now = 0;
    let most = 0;
    const answer: RequestListener = (_, res) => {
      most = Math.max(most, ++now);
      void release.opened.then(() => {
        now--;
        res.end();
      });
    };
    await using scope = new AsyncDisposableStack();
    const servers = await Promise.all(Array.from({ length: 7 }, () => httpServer(answer)));
    for (const server of servers) scope.use(server);
    const checking = checkUplinks(
      servers.map(({ port }) => uplink(`http://127.0.0.1:${port}/`)),
      deps,
      { maxParallel: 3 },
    );
    await eventually("three at once", () => now === 3);
    release.open();
    expect((await checking).every(({ ok }) => ok)).toBe(true);
    expect(most).toBe(3);
  });

  test("are reported in the order given, bad URLs among them", async () => {
    await using server = await tcpServer();
    const reports = await checkUplinks(
      [uplink("tcp://x", "bad"), uplink(`tcp://127.0.0.1:${server.port}`, "good"), uplink("?", "worse")],
      deps,
    );
    expect(reports.map(({ name, ok, reason }) => [name, ok, reason])).toEqual([
      ["bad", false, "the URL names no port, and tcp has no default one"],
      ["good", true, undefined],
      ["worse", false, "the URL is no URL"],
    ]);
  });

  test("of no number are no work", async () => {
    expect(await checkUplinks([], deps)).toEqual([]);
  });

  test("leave no socket and no timer when the signal fires, and reject with its reason", async () => {
    await using silent = await tcpServer();
    await using dropping = await silentAddress();
    const clock = new FakeClock();
    const controller = new AbortController();
    const checking = checkUplinks(
      [uplink(`http://127.0.0.1:${silent.port}/`), uplink(`tcp://${dropping.host}:${dropping.port}`), uplink("https://nowhere.invalid/")],
      { ...deps, clock },
      { signal: controller.signal },
    );
    await eventually("the request sent", () => silent.accepted === 1);
    controller.abort(new Error("the launch was cancelled"));
    await expect(checking).rejects.toThrow("the launch was cancelled");
    expect(clock.pending).toBe(0);
    await eventually("the connection closed", () => silent.sockets.size === 0);
    await expect(checkUplinks([uplink("tcp://127.0.0.1:1")], deps, { signal: controller.signal })).rejects.toThrow("cancelled");
  });

  test("show no password in any report or log line", async () => {
    const password = "s3cr3t-pa55word";
    const lines: unknown[] = [];
    const note = (message: string, fields?: LogFields): void => void lines.push([message, fields]);
    const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
    await using server = await httpServer((_, res) => res.writeHead(500, { "X-Echo": password }).end(password));
    const port = await closedPort();
    const urls = [
      `postgres://user:${password}@127.0.0.1:${port}/db`,
      `http://user:${password}@127.0.0.1:${server.port}/${password}?p=${password}`,
      `mysql://user:${password}@nowhere.invalid/db`,
      `tcp://user:${password}@127.0.0.1`,
      `mongodb://user:${password}@127.0.0.1`,
      `user:${password}@127.0.0.1`,
    ];
    const reports = await checkUplinks(
      urls.map((url, at) => uplink(url, `uplink ${at}`)),
      { ...deps, log },
    );
    expect(reports.map(({ ok }) => ok)).toEqual(urls.map(() => false));
    expect(lines.length).toBeGreaterThan(0);
    expect(inspect([reports, lines], { depth: 20 })).not.toContain(password);
  });
});
