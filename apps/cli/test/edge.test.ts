import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet } from "./support/fleet.ts";

const built = join(import.meta.dirname, "../../../examples/payloads/built");

/** A raw answer of a server that closes behind it. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(text);
  let answer = "";
  for await (const piece of socket.setEncoding("latin1")) answer += String(piece);
  return answer;
}

describe("the edge of a fleet", () => {
  test("compresses, limits, remembers preflights, chooses by agent and believes a PROXY header", async () => {
    const [http, proxied, one, two] = [await freePort(), await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(
      `
[mothership]
compression = true
cors_cache = true
[mothership.rate_limiting]
per_ip_rpm = 30
[mothership.bind]
http = "127.0.0.1:${http}"
balanced = { addr = "127.0.0.1:${proxied}", proxy_protocol = true }
[[mothership.static_dirs]]
path = "."
prefix = "/files"
${ship("bots", one, 'routes = [{ bind = "http", pattern = "/.*", ua_filter = "bot" }]')}
${ship("people", two, 'routes = ["http:/.*", "balanced:/.*"]')}
`,
      { files: { "long.txt": "all work and no play\n".repeat(500) } },
    );
    await fleet.running();
    const url = `http://127.0.0.1:${http}`;
    const shipOf = async (agent: string): Promise<unknown> =>
      ((await (await fetch(`${url}/x`, { headers: { "User-Agent": agent } })).json()) as { ship: string }).ship;
    expect([await shipOf("curl/8"), await shipOf("Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0 Safari/537.36")]).toEqual([
      "bots",
      "people",
    ]);

    const file = await fetch(`${url}/files/long.txt`, { headers: { "Accept-Encoding": "br" } });
    expect([file.headers.get("content-encoding"), (await file.text()).length]).toEqual(["br", 10_500]);

    const direct = await raw(proxied, "GET /y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect(direct).toContain('"x-forwarded-for":"127.0.0.1"');
    const balanced = await raw(
      proxied,
      "PROXY TCP4 203.0.113.7 10.0.0.1 4711 80\r\nGET /y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    );
    expect(balanced).toContain('"x-forwarded-for":"203.0.113.7"');

    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await fetch(`${url}/z`)).status));
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const limited = await fetch(`${url}/z`);
    expect([limited.status, Number(limited.headers.get("retry-after")) >= 1]).toEqual([429, true]);
  });

  test("counts what it does for Prometheus, under the names of the reference", async () => {
    const [http, metrics, port] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership]
metrics_port = ${metrics}
[mothership.bind]
http = "127.0.0.1:${http}"
${ship("app", port, 'routes = ["http:/.*"]')}
`);
    await fleet.running();
    for (const path of ["/a", "/b", "/c"]) await (await fetch(`http://127.0.0.1:${http}${path}`)).text();
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    for (const line of [
      'mothership_ship_status{ship="app",group="web"} 1',
      'mothership_ship_healthy{ship="app",group="web"} 1',
      'mothership_ship_restarts_total{ship="app",group="web"} 0',
      'mothership_requests_total{route="/.*"} 3',
      "mothership_fleet_ships_total 1",
    ]) {
      expect(page.split("\n")).toContain(line);
    }
    const health = await fetch(`http://127.0.0.1:${metrics}/health`);
    expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ status: "running" })]);
  });

  test("asks payloads about everything that is answered, files included", async () => {
    const http = await freePort();
    await using fleet = startFleet(
      `
[mothership.bind]
http = "127.0.0.1:${http}"
[[mothership.static_dirs]]
path = "."
prefix = "/"
[[modules]]
name = "auth"
wasm = "${built}/header-auth.wasm"
routes = ["/private.*"]
phase = "request"
config = { tokens = "let-me-in" }
[[modules]]
name = "headers"
wasm = "${built}/security-headers.wasm"
routes = ["/.*"]
phase = "response"
`,
      { files: { "private.txt": "secret\n", "public.txt": "open\n" } },
    );
    await fleet.running();
    const url = `http://127.0.0.1:${http}`;
    const open = await fetch(`${url}/public.txt`);
    expect([open.status, open.headers.get("x-content-type-options")]).toEqual([200, "nosniff"]);
    expect((await fetch(`${url}/private.txt`)).status).toBe(401);
    expect((await fetch(`${url}/private.txt`, { headers: { Authorization: "Bearer let-me-in" } })).status).toBe(200);
  });

  test("is not opened with a payload that cannot be used", async () => {
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = "127.0.0.1:${await freePort()}"\n[[modules]]\nname = "auth"\nwasm = "./ship-manifest.toml"\nroutes = ["/.*"]\n[[fleet.web]]\nname = "x"\ncommand = "true"\n`,
    );
    const { code, stderr } = await fleet.ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mothership: .*auth|wasm/i);
    expect(fleet.lines().some((line) => line.ship === "x")).toBe(false);

    await using missing = startFleet(
      '[[modules]]\nname = "auth"\nwasm = "nowhere.wasm"\nroutes = ["/.*"]\n[[fleet.x]]\nname = "x"\ncommand = "true"\n',
    );
    expect((await missing.ended()).stderr).toMatch(
      /^mothership: payload "auth" \(.*nowhere.wasm\) cannot be used: there is no such file$/m,
    );
  });
});

describe("mothership payload", () => {
  test("says what a module needs and costs, and tries it on a request", async () => {
    const file = join(built, "header-auth.wasm");
    const checked = await mothership(["payload", "check", file]);
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/ABI native, phases: request[\s\S]*it can be used/)]);
    const tried = await mothership(["payload", "run", file]);
    expect(tried.code).toBe(0);
    expect(JSON.parse(tried.stdout)).toMatchObject({ request: { action: "block" } });
  });

  test("says in one sentence what is wrong with a file", async () => {
    const { code, stderr } = await mothership(["payload", "check", import.meta.filename]);
    expect([code, stderr.split("\n").length]).toEqual([2, 2]);
    expect((await mothership(["payload", "check", "/nowhere"])).code).toBe(2);
    expect((await mothership(["payload", "look", "/nowhere"])).stderr).toMatch(/payload check FILE/);
  });
});
