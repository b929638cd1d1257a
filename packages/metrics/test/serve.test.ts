import { once } from "node:events";
import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { type Address, type LogFields, type Logger, silentLogger } from "@mothership/kernel";
import { eventually, FakeClock, gate, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { createMetrics, type FleetMetrics, type Health, type MetricsServer, serveMetrics } from "../src/index.ts";
import { parsePage, seriesValue } from "./parse.ts";

const anyPort: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
const well: Health = { healthy: true, status: "running" };

interface Open extends AsyncDisposable {
  readonly server: MetricsServer;
  readonly metrics: FleetMetrics;
  readonly clock: FakeClock;
  readonly warnings: [string, LogFields | undefined][];
}

async function open(
  given: { address?: Address; hosts?: readonly string[]; healthy?: () => Health; metrics?: (made: FleetMetrics) => FleetMetrics } = {},
): Promise<Open> {
  const clock = new FakeClock();
  const warnings: Open["warnings"] = [];
  const note = (message: string, fields?: LogFields): void => void warnings.push([message, fields]);
  const log: Logger = { ...silentLogger, warn: note, error: note };
  const made = createMetrics({ version: "1.2.3" }, { clock, log });
  const metrics = given.metrics?.(made) ?? made;
  const server = await serveMetrics(
    metrics,
    { address: given.address ?? anyPort, hosts: given.hosts, healthy: given.healthy ?? (() => well) },
    { clock, log },
  );
  return { server, metrics, clock, warnings, [Symbol.asyncDispose]: () => server.close({ signal: AbortSignal.abort() }) };
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const portOf = ({ address }: MetricsServer): number => (address.kind === "tcp" ? address.port : 0);

async function ask(
  server: MetricsServer,
  path: string,
  options: { method?: string; accept?: string; body?: string; agent?: Agent } = {},
): Promise<Got> {
  const { address } = server;
  const sent = request({
    ...(address.kind === "unix" ? { socketPath: address.path } : { host: address.host, port: address.port }),
    path,
    method: options.method ?? "GET",
    agent: options.agent ?? false,
    headers: { ...(options.accept !== undefined && { Accept: options.accept }) },
  });
  sent.end(options.body);
  const [response] = await once(sent, "response");
  const body = (await response.toArray()).join("");
  return { status: response.statusCode, headers: response.headers, body };
}

/** Sends bytes and gives back all that comes until the other side closes. */
async function raw(server: MetricsServer, text: string): Promise<string> {
  const socket = connect(portOf(server), "127.0.0.1");
  socket.write(text);
  let answer = "";
  socket.on("data", (piece) => {
    answer += piece.toString("latin1");
  });
  socket.on("error", () => undefined);
  await once(socket, "close");
  return answer;
}

async function connected(server: MetricsServer): Promise<Socket> {
  const socket = connect(portOf(server), "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

describe("serveMetrics", () => {
  test("serves the metrics in the format that a scraper prefers", async () => {
    await using fleet = await open();
    fleet.metrics.upstreamFailed("app", "upstream-timeout");
    const text = await ask(fleet.server, "/metrics?x=1");
    expect(text).toMatchObject({
      status: 200,
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store", vary: "Accept" },
    });
    expect(seriesValue(parsePage(text.body), "mothership_upstream_errors_total", { upstream: "app", reason: "upstream-timeout" })).toBe(1);
    const open2 = await ask(fleet.server, "/metrics", { accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" });
    expect(open2.headers["content-type"]).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(parsePage(open2.body, "openmetrics").has("mothership_upstream_errors")).toBe(true);
  });

  test("watches the event loop while it serves", async () => {
    await using fleet = await open();
    await eventually("a delay on the page", async () => (await ask(fleet.server, "/metrics")).body.includes('quantile="0.99"'));
  });

  test("says with 200 or 503 whether the fleet is healthy, and why", async () => {
    let health: Health = well;
    await using fleet = await open({ healthy: () => health });
    const good = await ask(fleet.server, "/health");
    expect([good.status, good.headers["content-type"], JSON.parse(good.body)]).toEqual([200, "application/json", well]);
    health = { healthy: false, status: "mayday" };
    const bad = await ask(fleet.server, "/health");
    expect([bad.status, JSON.parse(bad.body)]).toEqual([503, health]);
  });

  test("says 503 when nobody can tell, and logs why", async () => {
    await using fleet = await open({
      healthy: () => {
        throw new Error("a fault");
      },
    });
    const answer = await ask(fleet.server, "/health");
    expect([answer.status, JSON.parse(answer.body)]).toEqual([503, { healthy: false, status: "unknown" }]);
    expect(fleet.warnings).toEqual([["the health of the fleet is not known", { reason: "a fault" }]]);
  });

  test.each(["/", "/metrics/", "/healthz", "//metrics", "/metrics/../health"])("has nothing at %s", async (path) => {
    await using fleet = await open();
    expect((await ask(fleet.server, path)).status).toBe(404);
  });

  test("answers HEAD without a body, and nothing but GET and HEAD", async () => {
    await using fleet = await open();
    const head = await ask(fleet.server, "/health", { method: "HEAD" });
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([200, "", String(`${JSON.stringify(well)}\n`.length)]);
    const posted = await ask(fleet.server, "/metrics", { method: "POST", body: "x".repeat(100_000) });
    expect(posted).toMatchObject({ status: 405, headers: { allow: "GET, HEAD", connection: "close" } });
  });

  test("is not read through a name that somebody made to mean this machine", async () => {
    await using fleet = await open({ hosts: ["Metrics.internal"] });
    const status = async (host: string): Promise<string> =>
      (await raw(fleet.server, `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).slice(9, 12);
    for (const host of ["localhost", "127.0.0.1:9090", "[::1]:9090", "app.localhost", "metrics.internal:80", "10.1.2.3"])
      expect([host, await status(host)]).toEqual([host, "200"]);
    for (const host of ["rebound.example", "evillocalhost", "localhost.evil.example:80", "127.0.0.1.evil.example", ""])
      expect([host, await status(host)]).toEqual([host, "421"]);
  });

  test("does not wait for a body that nobody reads", { timeout: 8_000 }, async () => {
    await using fleet = await open();
    const answer = await raw(fleet.server, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nthe first bytes");
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  });

  test("answers 500 and stays when a page cannot be written", async () => {
    await using fleet = await open({ metrics: (made) => ({ ...made, render: () => Promise.reject(new Error("a fault")) }) });
    expect(await ask(fleet.server, "/metrics")).toMatchObject({ status: 500, body: "The page could not be written.\n" });
    expect(fleet.warnings).toEqual([["the metrics page could not be written", { path: "/metrics", reason: "a fault" }]]);
    expect((await ask(fleet.server, "/health")).status).toBe(200);
  });

  test("refuses a head that is too large, and what is no HTTP", async () => {
    await using fleet = await open();
    expect(await raw(fleet.server, `GET /health HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(9000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw(fleet.server, "what is this\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("closes connections over its limit at once, and says so", async () => {
    await using fleet = await open();
    const held = await Promise.all(Array.from({ length: 64 }, () => connected(fleet.server)));
    const one = connect(portOf(fleet.server), "127.0.0.1").on("error", () => undefined);
    await once(one, "close");
    expect(fleet.warnings.map(([message]) => message)).toEqual(["a connection to the metrics page was closed, for there are too many"]);
    for (const socket of held) socket.destroy();
    await eventually("room for a new connection", async () => (await ask(fleet.server, "/health")).status === 200);
  });

  test("can be served on a Unix socket, whose file is gone afterwards", async () => {
    using folder = tempFolder();
    const address: Address = { kind: "unix", path: folder.join("metrics.sock") };
    const fleet = await open({ address });
    expect((await ask(fleet.server, "/health")).status).toBe(200);
    await fleet.server.close();
    await using again = await open({ address });
    expect(again.warnings).toEqual([]);
  });

  test("says which address it cannot have", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = other.address();
    const port = typeof taken === "object" && taken ? taken.port : 0;
    await expect(open({ address: { kind: "tcp", host: "127.0.0.1", port } })).rejects.toMatchObject({
      code: "MS_METRICS_ADDRESS",
      cause: { code: "EADDRINUSE" },
      message: expect.stringContaining(`tcp://127.0.0.1:${port}`),
    });
    other.close();
  });

  test("warns when others can read it", async () => {
    await using fleet = await open({ address: { kind: "tcp", host: "0.0.0.0", port: 0 } });
    expect(fleet.warnings).toEqual([
      ["the metrics page can be read from other machines", { address: `tcp://0.0.0.0:${portOf(fleet.server)}` }],
    ]);
  });

  test("does not open when it is told not to any more", async () => {
    const metrics = createMetrics({ version: "1" }, { clock: new FakeClock(), log: silentLogger });
    const deps = { clock: new FakeClock(), log: silentLogger };
    await expect(
      serveMetrics(metrics, { address: anyPort, healthy: () => well }, deps, { signal: AbortSignal.abort(new Error("not any more")) }),
    ).rejects.toThrow("not any more");
  });

  test("leaves nothing behind in the metrics that it served", async () => {
    let collectors = 0;
    const fleet = await open({
      metrics: (made) => ({
        ...made,
        onScrape: (collect) => {
          collectors++;
          const end = made.onScrape(collect);
          return {
            [Symbol.dispose]: () => {
              collectors--;
              end[Symbol.dispose]();
            },
          };
        },
      }),
    });
    expect(collectors).toBe(1);
    await fleet.server.close();
    expect(collectors).toBe(0);
  });

  test("closes idle connections at once, and may be closed twice", async () => {
    const fleet = await open();
    const idle = await connected(fleet.server);
    const left = once(idle, "close");
    idle.write("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(idle, "data");
    await Promise.all([fleet.server.close(), fleet.server.close()]);
    await left;
    expect(fleet.clock.pending).toBe(0);
    await expect(ask(fleet.server, "/health")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("waits for a page under way when it closes", async () => {
    const asked = gate();
    const page = gate<{ contentType: string; body: string }>();
    const fleet = await open({
      metrics: (made) => ({
        ...made,
        render: () => {
          asked.open();
          return page.opened;
        },
      }),
    });
    const answer = ask(fleet.server, "/metrics");
    await asked.opened;
    const closed = fleet.server.close();
    page.open({ contentType: "text/plain", body: "late" });
    expect((await answer).body).toBe("late");
    await closed;
  });

  // Far below the time after which the server itself gives up a connection without movement.
  test("cuts a page that is not ready in time when it closes", { timeout: 15_000 }, async () => {
    const arrived = gate();
    const stuck = await open({ metrics: (made) => ({ ...made, render: () => new Promise(() => arrived.open()) }) });
    const cut = ask(stuck.server, "/metrics").catch((error: unknown) => error);
    await arrived.opened;
    const ended = stuck.server.close();
    await stuck.clock.advance(1_000);
    await ended;
    expect(await cut).toMatchObject({ code: "ECONNRESET" });
  });
});
