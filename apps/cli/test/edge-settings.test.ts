import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, get as httpGet } from "node:http";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import { createAuthority, freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { moodyShip, ship, startFleet } from "./support/fleet.ts";

const reasonOf = (response: Response): readonly [number, string | null] => [response.status, response.headers.get("x-mothership-error")];

describe("how a ship is asked", () => {
  test("opens its circuit breaker when most requests fail, and says so", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${moodyShip(port, 'upstream = { circuit_breaker = { min_requests = 4, open_for = "1h" } }')}`,
    );
    await fleet.running();
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${http}${path}`);
    for (let n = 0; n < 4; n++) expect(reasonOf(await get("/reset"))).toEqual([502, "upstream-closed"]);
    const refused = await get("/");
    expect(reasonOf(refused)).toEqual([503, "upstream-failing"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(60);
  });

  test("sends a request once more where a kept connection was closed, unless it is told not to", async () => {
    const [http, port] = [await freePort(), await freePort()];
    for (const [retries, expected] of [
      ["true", [200, null]],
      ["false", [502, "upstream-closed"]],
    ] as const) {
      await using fleet = startFleet(
        `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${moodyShip(port, `upstream = { retries = ${retries} }`)}`,
      );
      await fleet.running();
      const get = (): Promise<Response> => fetch(`http://127.0.0.1:${http}/fresh-only`);
      const first = await get();
      expect([first.status, ((await first.json()) as { tries: number }).tries]).toEqual([200, 1]);
      expect(reasonOf(await get()), retries).toEqual(expected);
    }
  });

  test("gives up on an answer after its own time", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${moodyShip(port, 'upstream = { answer_timeout = "200ms" }')}`,
    );
    await fleet.running();
    expect(reasonOf(await fetch(`http://127.0.0.1:${http}/never`))).toEqual([504, "upstream-timeout"]);
  });
});

describe("the proxy", () => {
  test("shows error pages of the user's own, names itself and sends Forwarded", async () => {
    using pages = tempFolder();
    mkdirSync(pages.join("errors"));
    writeFileSync(pages.join("errors/502.html"), "<h1>We are out for lunch</h1>");
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership.bind]
http = "127.0.0.1:${http}"
[mothership.proxy]
error_pages = "${pages.join("errors")}"
forwarded = true
via = "edge-7"
${moodyShip(port)}`);
    await fleet.running();
    const get = (path: string, accept: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${http}${path}`, { headers: { Accept: accept } });
    const page = await get("/reset", "text/html");
    expect([page.status, page.headers.get("content-type"), await page.text()]).toEqual([
      502,
      "text/html; charset=utf-8",
      "<h1>We are out for lunch</h1>",
    ]);
    // There is none of this kind.
    expect(await (await get("/reset", "application/json")).json()).toMatchObject({ error: { reason: "upstream-closed" } });
    // What a ship answers is its own.
    expect(await (await get("/?status=502", "text/html")).json()).toMatchObject({ tries: 3 });
    const { headers } = (await (await get("/", "*/*")).json()) as { headers: Record<string, string> };
    expect(headers).toMatchObject({ via: expect.stringContaining("edge-7"), forwarded: expect.stringContaining("for=127.0.0.1") });
  });

  test("is not opened without the folder of its error pages", async () => {
    await using fleet = startFleet(`[mothership.proxy]\nerror_pages = "./nowhere"\n[[fleet.web]]\nname = "x"\ncommand = "true"\n`);
    const { code, stderr } = await fleet.ended();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/the folder of error pages ".\/nowhere" does not exist/)]);
  });

  test("holds so many connections of one client, and no more", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n[mothership.proxy]\nmax_connections_per_client = 2\n${ship("app", port, 'routes = ["http:/.*"]')}`,
    );
    await fleet.running();
    const agents = [1, 2, 3].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const ask = (agent: Agent): Promise<number | string> =>
      new Promise((resolve) => {
        httpGet({ agent, port: http, host: "127.0.0.1", path: "/" }, (response) => {
          response.resume().once("end", () => resolve(response.statusCode ?? 0));
        }).once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
      });
    try {
      expect(await ask(agents[0]!)).toBe(200);
      expect(await ask(agents[1]!)).toBe(200);
      expect(await ask(agents[2]!)).toBe("ECONNRESET");
      expect(await ask(agents[0]!)).toBe(200);
    } finally {
      for (const agent of agents) agent.destroy();
    }
  });
});

describe("a bind", () => {
  test("refuses what is larger than it takes", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = { addr = "127.0.0.1:${http}", max_head = "1KiB", max_target = "256B", max_body = "10B" }\n${ship("app", port, 'routes = ["http:/.*"]')}`,
    );
    await fleet.running();
    const url = `http://127.0.0.1:${http}`;
    expect((await fetch(`${url}/`, { headers: { "X-Long": "x".repeat(900) } })).status).toBe(431);
    expect((await fetch(`${url}/${"x".repeat(300)}`)).status).toBe(414);
    expect((await fetch(`${url}/`, { method: "POST", body: "x".repeat(11) })).status).toBe(413);
    expect((await fetch(`${url}/`, { method: "POST", body: "x".repeat(10) })).status).toBe(200);
  });

  test("closes a connection that says nothing after its own time", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = { addr = "127.0.0.1:${http}", idle_timeout = "300ms" }\n${ship("app", port, 'routes = ["http:/.*"]')}`,
    );
    await fleet.running();
    const socket = connectTcp(http, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = "";
    for await (const piece of socket.setEncoding("latin1")) answer += String(piece);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("speaks neither HTTP/2 nor an old TLS when it is told so", async () => {
    const authority = createAuthority();
    const { cert, key } = authority.issue(["localhost"]);
    const [https, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttps = { addr = "127.0.0.1:${https}", cert = "a.pem", key = "a.key", http2 = false, min_tls_version = "1.3" }\n${ship("app", port, 'routes = ["https:/.*"]')}`,
      { files: { "a.pem": cert, "a.key": key, "ca.pem": authority.cert } },
    );
    await fleet.running();
    const handshake = (options: object): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(
          { port: https, host: "127.0.0.1", servername: "localhost", ca: authority.cert, ALPNProtocols: ["h2", "http/1.1"], ...options },
          () => {
            resolve(`${String(socket.alpnProtocol)} ${socket.getProtocol()}`);
            socket.destroy();
          },
        ).on("error", () => resolve("refused"));
      });
    expect(await handshake({})).toBe("http/1.1 TLSv1.3");
    expect(await handshake({ maxVersion: "TLSv1.2" })).toBe("refused");
    const curl = spawnSync(
      "curl",
      [
        "-s",
        "--http2",
        "--cacert",
        join(fleet.folder, "ca.pem"),
        "--resolve",
        `localhost:${https}:127.0.0.1`,
        "-w",
        "%{http_version}",
        "-o",
        join(fleet.folder, "out"),
        `https://localhost:${https}/`,
      ],
      { encoding: "utf8" },
    );
    expect(curl.stdout).toBe("1.1");
  });
});

describe("the metrics page", () => {
  test("is not read through a foreign name, unless the manifest names it", async () => {
    const metrics = await freePort();
    await using fleet = startFleet(
      `[mothership]\nmetrics_port = ${metrics}\nmetrics_hosts = ["Metrics.internal"]\n[[fleet.web]]\nname = "x"\ncommand = "sleep"\nargs = ["1000"]\n`,
    );
    await fleet.running();
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        httpGet({ port: metrics, host: "127.0.0.1", path: "/metrics", headers: { Host: host } }, (response) => {
          response.resume().once("end", () => resolve(response.statusCode));
        }).once("error", reject);
      });
    expect(await statusFor(`localhost:${metrics}`)).toBe(200);
    expect(await statusFor("metrics.internal")).toBe(200);
    expect(await statusFor("rebound.example")).toBe(421);
  });
});
