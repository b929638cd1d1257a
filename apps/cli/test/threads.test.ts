import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { request as requestOverTls } from "node:https";
import { connect as connectTo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { createAuthority, eventually, freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet } from "./support/fleet.ts";
import { evaluateInThread, inspectorOf } from "./support/inspector.ts";

/** Elsewhere further threads cannot be had, which `count.test.ts` holds. */
const onLinux = test.skipIf(process.platform !== "linux");
const bayScript = join(import.meta.dirname, "fixtures/telling-bay.mjs");

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request over a connection of its own. */
async function ask(
  port: number,
  path = "/x",
  options: RequestOptions & { readonly body?: string; readonly ca?: string } = {},
): Promise<Answer> {
  const { body, ca, ...rest } = options;
  const send = ca === undefined ? request : requestOverTls;
  const sent = send({ host: "127.0.0.1", port, path, agent: false, ...(ca !== undefined && { ca, servername: "localhost" }), ...rest });
  sent.end(body);
  const [response] = await once(sent, "response");
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += String(piece);
  return { status: response.statusCode, headers: response.headers, body: text };
}

const askOften = (count: number, port: number, path?: string): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => ask(port, path)));

/** Ids of requests begin with a word that each thread has of its own. */
function threadsOf(answers: readonly Answer[]): Set<string> {
  return new Set(answers.map(({ body }) => String(JSON.parse(body).headers["x-request-id"]).replace(/-[^-]*$/, "")));
}

/** The value of one line of the metrics page. */
async function metric(port: number, line: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(
    page
      .split("\n")
      .find((one) => one.startsWith(`${line} `))
      ?.slice(line.length + 1),
  );
}

const inspected = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

describe.each([1, 2])("an edge of %i threads", (threads) => {
  test.skipIf(threads > 1 && process.platform !== "linux")("answers in every thread as in one", async () => {
    using folder = tempFolder();
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nedge_threads = ${threads}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\nlocal = "unix://${folder.join("edge.sock")}"
[[mothership.static_dirs]]\npath = "."\nprefix = "/files"
${ship("app", port, 'routes = [{ bind = "http", pattern = "/app/.*", strip_prefix = "/app" }, "local:/.*"]')}`,
      { files: { "a.txt": "all work\n" } },
    );
    await fleet.running();
    const seen = await askOften(40, http, "/app/y?q=1");
    expect(threadsOf(seen).size).toBe(threads);
    for (const { status, body } of seen)
      expect([status, JSON.parse(body)]).toMatchObject([200, { ship: "app", url: "/y?q=1", headers: { "x-forwarded-for": "127.0.0.1" } }]);
    const posts = await Promise.all(Array.from({ length: 20 }, () => ask(http, "/app/p", { method: "POST", body: "x".repeat(100_000) })));
    expect(posts.every(({ status }) => status === 200)).toBe(true);
    for (const { status, body } of await askOften(20, http, "/files/a.txt")) expect([status, body]).toEqual([200, "all work\n"]);
    for (const { status, headers } of await askOften(20, http, "/nowhere"))
      expect([status, headers["x-mothership-error"]]).toEqual([404, "no-route"]);
    expect((await ask(0, "/z", { socketPath: folder.join("edge.sock") })).status).toBe(200);
    // A tunnel to a ship.
    const echoes = Array.from({ length: 16 }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${http}/app/ws`);
      await once(socket, "open");
      socket.close();
    });
    await Promise.all(echoes);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });
});

describe("an edge of several threads", () => {
  onLinux("limits a client once, whichever threads its connections reach", async () => {
    const [http, metrics] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\nmetrics_port = ${metrics}\n[mothership.rate_limiting]\nper_ip_rpm = 100\n[mothership.bind]\nhttp = "127.0.0.1:${http}"
[[mothership.static_dirs]]\npath = "."\nprefix = "/files"\n`,
      { files: { "a.txt": "x" } },
    );
    await fleet.running();
    const begun = performance.now();
    const statuses = (await askOften(300, http, "/files/a.txt")).map(({ status }) => status);
    const passed = statuses.filter((status) => status === 200).length;
    // What came back while they ran is theirs: one in 600 ms.
    expect(passed).toBeGreaterThanOrEqual(100);
    expect(passed).toBeLessThanOrEqual(101 + (performance.now() - begun) / 600);
    expect(await metric(metrics, 'mothership_requests_limited_total{scope="client"}')).toBe(300 - passed);
  });

  onLinux("lets a client have as many connections as it may over all threads, and forgets those of a thread that died", async () => {
    const http = await freePort();
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\n[mothership.proxy]\nmax_connections_per_client = 6\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n[[mothership.static_dirs]]\npath = "."\nprefix = "/"\n`,
      { env: inspected },
    );
    await fleet.running();
    /** Connections that stay; those that are turned away are closed without an answer. */
    const enter = async (count: number): Promise<Socket[]> => {
      const sockets = Array.from({ length: count }, () => connectTo(http, "127.0.0.1").on("error", () => undefined));
      const answered = sockets.map((socket) => {
        socket.write("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        return new Promise<Socket[]>((resolve) => socket.once("data", () => resolve([socket])).once("close", () => resolve([])));
      });
      return (await Promise.all(answered)).flat();
    };
    const first = await enter(40);
    expect(first).toHaveLength(6);
    expect(await enter(10)).toEqual([]);
    await evaluateInThread(await inspectorOf(fleet), "edge 2", "void setTimeout(() => { throw new Error('thrown by a test') })");
    await fleet.line("its replacement", ({ message }) => message === "A thread of the edge was replaced");
    const left = first.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
    expect(await enter(40)).toHaveLength(6 - left);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });

  onLinux("adds up what the threads count, and shows them", async () => {
    const [http, port, metrics] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 3\nmetrics_port = ${metrics}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, 'routes = ["http:/.*"]')}`,
    );
    await fleet.running();
    expect(threadsOf(await askOften(60, http)).size).toBe(3);
    expect(await metric(metrics, 'mothership_requests_total{route="/.*"}')).toBe(60);
    expect(await metric(metrics, 'mothership_request_duration_seconds_count{route="/.*"}')).toBe(60);
    expect(await metric(metrics, 'mothership_edge_threads{state="running"}')).toBe(3);
    const status = JSON.parse((await mothership(["status", "--json"], { cwd: fleet.folder, env: fleet.env })).stdout);
    expect(status.threads).toEqual([
      { thread: 2, state: "running", lost: 0 },
      { thread: 3, state: "running", lost: 0 },
    ]);
    const text = (await mothership(["status"], { cwd: fleet.folder, env: fleet.env })).stdout;
    expect(text).toContain("3 threads");
    const health = await (await fetch(`http://127.0.0.1:${metrics}/health`)).json();
    expect(health).toEqual({ healthy: true, status: "running", threads: { running: 3, wanted: 3 } });
    expect((await mothership(["chart"], { cwd: fleet.folder, env: fleet.env })).stdout).toContain(`http  127.0.0.1:${http}  (3 threads)\n`);
  });

  onLinux("asks payloads and breakers in every thread, and knows what they did in all", async () => {
    const [http, port, metrics] = [await freePort(), await freePort(), await freePort()];
    const wasm = join(import.meta.dirname, "../../../examples/payloads/built/header-auth.wasm");
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\nmetrics_port = ${metrics}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"
[[modules]]\nname = "auth"\nwasm = "${wasm}"\nroutes = ["/private.*"]\nphase = "request"\nconfig = { tokens = "let-me-in" }
[[fleet.web]]\nname = "app"\ncommand = "${process.execPath}"\nargs = ["${join(import.meta.dirname, "fixtures/moody.mjs")}"]\nenv = { PORT = ${port} }
bind = "${port}"\nhealthcheck = "/health"\nroutes = ["http:/.*"]\nupstream = { circuit_breaker = { min_requests = 10, open_for = "1m" } }\n`,
    );
    await fleet.running();
    const refused = await askOften(30, http, "/private");
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
    expect(await metric(metrics, 'mothership_module_blocks_total{module="auth"}')).toBe(30);
    // Ten failures open it, whichever threads saw them.
    const reasons: unknown[] = [];
    for (let count = 0; count < 14; count++) reasons.push((await ask(http, "/x?status=503")).headers["x-mothership-error"]);
    expect(reasons).toEqual([...Array(10).fill(undefined), ...Array(4).fill("upstream-failing")]);
    const others = await askOften(20, http, "/x");
    expect(new Set(others.map(({ headers }) => headers["x-mothership-error"]))).toEqual(new Set(["upstream-failing"]));
    expect(await metric(metrics, 'mothership_upstream_breaker_state{upstream="app",state="open"}')).toBe(1);
  });

  onLinux("takes a new manifest in all threads while requests run, and fails none of them", async () => {
    const [http, one, two] = [await freePort(), await freePort(), await freePort()];
    const manifest = (pattern: string): string =>
      `[mothership]\nedge_threads = 2\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", one, 'routes = ["http:/app.*"]')}${ship("other", two, `routes = ["http:${pattern}"]`)}`;
    await using fleet = startFleet(manifest("/before.*"));
    await fleet.running();
    let running = true;
    const failed: number[] = [];
    let count = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (running) {
        const { status } = await ask(http, "/app");
        count++;
        if (status !== 200) failed.push(status);
      }
    });
    for (const pattern of ["/after.*", "/again.*", "/last.*"]) {
      writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest(pattern));
      expect((await mothership(["reload"], { cwd: fleet.folder, env: fleet.env })).code).toBe(0);
      const statuses = (await askOften(20, http, pattern.replace(".*", ""))).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([200]));
    }
    running = false;
    await Promise.all(load);
    expect(new Set((await askOften(20, http, "/before")).map(({ status }) => status))).toEqual(new Set([404]));
    expect([failed, count > 20]).toEqual([[], true]);
    writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest("/last.*").replace("edge_threads = 2", "edge_threads = 3"));
    const refused = await mothership(["reload"], { cwd: fleet.folder, env: fleet.env });
    expect(`${refused.stdout}${refused.stderr}`).toMatch(/edgeThreads|edge_threads/);
  });

  onLinux("keeps all threads as they were when one plan cannot be put in force", async () => {
    const [http, port] = [await freePort(), await freePort()];
    const manifest = (more: string): string =>
      `[mothership]\nedge_threads = 2\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, 'routes = ["http:/.*"]')}${more}`;
    await using fleet = startFleet(manifest(""));
    await fleet.running();
    const module = '[[modules]]\nname = "broken"\nwasm = "./ship-manifest.toml"\nroutes = ["/.*"]\nphase = "request"\n';
    writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest(module));
    expect((await mothership(["reload"], { cwd: fleet.folder, env: fleet.env })).code).not.toBe(0);
    const answers = await askOften(30, http);
    expect([threadsOf(answers).size, new Set(answers.map(({ status }) => status))]).toEqual([2, new Set([200])]);
  });

  onLinux("replaces a thread that dies; the others go on, and no count runs backwards", async () => {
    const [http, port, metrics] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\nmetrics_port = ${metrics}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, 'routes = ["http:/.*"]')}`,
      { env: inspected },
    );
    await fleet.running();
    const inspector = await inspectorOf(fleet);
    const before = threadsOf(await askOften(30, http));
    expect(before.size).toBe(2);
    const total = 'mothership_requests_total{route="/.*"}';
    expect(await metric(metrics, total)).toBe(30);
    await evaluateInThread(inspector, "edge 2", 'void setTimeout(() => { throw new Error("thrown by a test") })');
    const died = await fleet.line("the death of a thread", ({ message }) => message?.startsWith("A thread of the edge died") === true);
    expect(died).toMatchObject({ level: "error", thread: 2, reason: "thrown by a test" });
    await fleet.line("its replacement", ({ message }) => message === "A thread of the edge was replaced");
    const after = await askOften(30, http);
    expect(after.every(({ status }) => status === 200)).toBe(true);
    expect([threadsOf(after).size, [...threadsOf(after)].filter((word) => before.has(word)).length]).toEqual([2, 1]);
    expect(await metric(metrics, total)).toBe(60);
    expect(await metric(metrics, "mothership_edge_threads_lost_total")).toBe(1);
    const status = JSON.parse((await mothership(["status", "--json"], { cwd: fleet.folder, env: fleet.env })).stdout);
    expect(status.threads).toEqual([{ thread: 2, state: "running", lost: 1 }]);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });

  onLinux("lets the requests of all threads finish before it ends", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, 'routes = ["http:/.*"]')}`,
    );
    await fleet.running();
    const slow = askOften(16, http, "/slow?ms=700");
    await eventually("16 slow requests", () => fleet.lines().filter(({ msg }) => msg === "slow begun").length === 16);
    fleet.signal("SIGTERM");
    const answers = await slow;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(threadsOf(answers).size).toBe(2);
    expect((await fleet.ended()).code).toBe(0);
  });

  onLinux("ends TLS in every thread", async () => {
    const authority = createAuthority();
    const { cert, key } = authority.issue(["localhost"]);
    const [https, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\n[mothership.bind]\nhttps = { addr = "127.0.0.1:${https}", cert = "site.crt", key = "site.key" }\n${ship("app", port, 'routes = ["https:/.*"]')}`,
      { files: { "site.crt": cert, "site.key": key } },
    );
    await fleet.running();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(https, "/x", { ca: authority.cert })));
    expect(threadsOf(answers).size).toBe(2);
    for (const { body } of answers) expect(JSON.parse(body).headers["x-forwarded-proto"]).toBe("https");
    // A session that one thread began, any of them takes up again.
    const options = { host: "127.0.0.1", port: https, ca: authority.cert, servername: "localhost", maxVersion: "TLSv1.2" } as const;
    const first = connect(options);
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    const resumed = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const socket = connect({ ...options, session });
        await once(socket, "secureConnect");
        const reused = socket.isSessionReused();
        socket.destroy();
        return reused;
      }),
    );
    expect(new Set(resumed)).toEqual(new Set([true]));
  });

  onLinux("is not opened on a port that somebody else has, sharing or not", async () => {
    await using other = createServer().listen({ port: 0, host: "127.0.0.1", reusePort: true });
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    await using fleet = startFleet(
      `[mothership]\nedge_threads = 2\n[mothership.bind]\nhttp = "127.0.0.1:${port}"\n[[fleet.web]]\nname = "x"\ncommand = "true"\n`,
    );
    const { code, stderr } = await fleet.ended();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^mothership: Bind "http" cannot listen on .*something else already listens/),
    ]);
  });
});

describe("a bay behind several threads", () => {
  onLinux("is told the same of every client, and its word reaches every client", async () => {
    const port = await freePort();
    await using fleet =
      startFleet(`[mothership]\nedge_threads = 2\n[mothership.bind]\nws = { addr = "127.0.0.1:${port}", trusted_proxies = ["127.0.0.1"] }
[[bays.websocket]]
name = "telling"
command = "${process.execPath}"
args = ["${bayScript}"]
routes = [{ bind = "ws", pattern = "/live/.*", strip_prefix = "/live" }]
`);
    await fleet.running();
    const clients = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const headers = { "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Mothership-Client": "http 1 198.51.100.1" };
        // Node's own client takes headers, as a browser's does not.
        const socket = new WebSocket(`ws://127.0.0.1:${port}/live/a?b=${index % 1}`, { protocols: ["one", "two"], headers } as never);
        await once(socket, "open");
        const heard = once(socket, "message");
        socket.send("who");
        const [{ data }] = await heard;
        return { socket, told: JSON.parse(String(data)) as { path: string; remoteAddress: string; headers: Record<string, string> } };
      }),
    );
    const words = new Set(clients.map(({ told }) => told.headers["x-request-id"]?.replace(/-[^-]*$/, "")));
    expect(words.size).toBe(2);
    const plain = clients.map(({ told }) => {
      // The last is a client's own, which the main thread takes out and everybody else passes on: it means nothing.
      const { "x-request-id": _, "x-mothership-client": __, ...headers } = told.headers;
      return JSON.stringify({ ...told, headers: Object.fromEntries(Object.entries(headers).sort()) });
    });
    expect([...new Set(plain)].map((text) => JSON.parse(text))).toEqual([
      expect.objectContaining({ path: "/a?b=0", remoteAddress: "203.0.113.9", protocols: ["one", "two"] }),
    ]);
    for (const { socket } of clients) {
      expect(socket.protocol).toBe("one");
      const heard = once(socket, "message");
      socket.send("hello");
      expect((await heard)[0].data).toBe("hello");
    }
    const status = JSON.parse((await mothership(["status", "--json"], { cwd: fleet.folder, env: fleet.env })).stdout);
    expect(status.units[0].clients).toBe(24);

    const upgrade = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "13" };
    const key = { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
    const refusals = await Promise.all(Array.from({ length: 16 }, () => ask(port, "/live/refuse", { headers: { ...upgrade, ...key } })));
    expect(new Set(refusals.map(({ status, headers }) => `${status} ${headers["x-from-bay"]}`))).toEqual(new Set(["418 yes"]));
    const plainly = await askOften(16, port, "/live/a");
    expect(new Set(plainly.map(({ status, headers }) => `${status} ${headers["x-mothership-error"]}`))).toEqual(
      new Set(["426 bad-handshake"]),
    );

    const closes = clients.map(async ({ socket }) => (await once(socket, "close"))[0].code);
    fleet.signal("SIGTERM");
    expect(new Set(await Promise.all(closes))).toEqual(new Set([1001]));
    expect((await fleet.ended()).code).toBe(0);
    expect(existsSync(fleet.env["MS_SOCKET_DIR"] ?? "") ? readdirSync(fleet.env["MS_SOCKET_DIR"] ?? "") : []).toEqual([]);
  });
});
