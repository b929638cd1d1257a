import { writeFileSync } from "node:fs";
import { freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet } from "./support/fleet.ts";

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";

describe("shields of a fleet", () => {
  test("refuse, redirect, tag and let through before anything else, and are counted", async () => {
    const [http, metrics, port] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(
      `
[mothership]
metrics_port = ${metrics}
[mothership.bind]
http = "127.0.0.1:${http}"
[[mothership.static_dirs]]
path = "."
prefix = "/files"
[[shields.rules]]
name = "ours"
path = "/admin/health"
cidr = ["127.0.0.0/8", "::1"]
action = "allow"
[[shields.rules]]
name = "admin"
path = "/(admin|files)/.*"
action = "block"
status = 404
[[shields.rules]]
name = "models"
ua = "llm"
action = "redirect"
redirect_to = "/llms.txt"
[[shields.rules]]
name = "post"
ja4h = "po"
action = "tag"
header = "X-Shield"
value = "posted"
${ship("app", port, 'routes = ["http:/.*"]')}
`,
      { files: { "secret.txt": "secret\n" } },
    );
    await fleet.running();
    const get = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${http}${path}`, { redirect: "manual", ...init });
    expect((await get("/admin/health")).status).toBe(200);
    const blocked = await get("/admin/users", { headers: { Accept: "application/json" } });
    expect([blocked.status, await blocked.json()]).toEqual([404, { error: expect.objectContaining({ reason: "shield" }) }]);
    expect((await get("/files/secret.txt")).status).toBe(404);
    const agent = { headers: { "User-Agent": "Mozilla/5.0 (compatible; ClaudeBot/1.0)" } };
    const sent = await get("/page", agent);
    expect([sent.status, sent.headers.get("location")]).toEqual([302, "/llms.txt"]);
    expect((await get("/llms.txt", agent)).status).toBe(200);
    const forged = { "X-Shield": "forged", X_Shield: "forged" };
    const tagged = (await (await get("/x", { method: "POST", headers: forged })).json()) as { headers: Record<string, string> };
    expect([tagged.headers["x-shield"], tagged.headers["x_shield"]]).toEqual(["posted", undefined]);
    const plain = (await (await get("/x", { headers: forged })).json()) as { headers: Record<string, string> };
    expect(plain.headers["x-shield"]).toBeUndefined();

    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    expect(page.split("\n")).toContain('mothership_shield_matches_total{rule="admin",action="block"} 2');
    expect(page.split("\n")).toContain('mothership_shield_matches_total{rule="models",action="redirect"} 1');
  });

  test("routes ask for fingerprints, refuse and redirect", async () => {
    const [http, one, two] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership.bind]
http = "127.0.0.1:${http}"
${ship("posts", one, 'routes = [{ bind = "http", pattern = "/.*", ja4h = "po11" }]')}
${ship(
  "site",
  two,
  `routes = [
  { bind = "http", pattern = "/search", ua_filter = "bot", action = "block", status = 429 },
  { bind = "http", pattern = "/old/.*", action = "redirect", redirect_to = "https://new.example/", status = 308 },
  "http:/.*",
]`,
)}
`);
    await fleet.running();
    const get = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`http://127.0.0.1:${http}${path}`, { redirect: "manual", ...init });
    const shipOf = async (path: string, init?: RequestInit): Promise<string> =>
      ((await (await get(path, init)).json()) as { ship: string }).ship;
    expect([await shipOf("/x"), await shipOf("/x", { method: "POST" })]).toEqual(["site", "posts"]);
    const refused = await get("/search", { headers: { "User-Agent": "curl/8" } });
    expect([refused.status, refused.headers.get("x-mothership-error")]).toEqual([429, "route-blocked"]);
    expect((await get("/search", { headers: { "User-Agent": chrome } })).status).toBe(200);
    const moved = await get("/old/page");
    expect([moved.status, moved.headers.get("location"), moved.headers.get("cache-control")]).toEqual([
      308,
      "https://new.example/",
      "no-store",
    ]);
  });
});

describe("mothership shields explain", () => {
  const manifest = `
[mothership.bind]
http = "127.0.0.1:8080"
other = "127.0.0.1:8081"
[[shields.rules]]
name = "office"
cidr = "192.0.2.0/24"
action = "allow"
[[shields.rules]]
name = "admin"
path = "/admin.*"
action = "block"
status = 404
[[fleet.web]]
name = "bots"
command = "true"
bind = "9"
routes = [{ bind = "http", pattern = "/.*", ua_filter = "bot" }, { bind = "http", pattern = "/.*", ja4h = "po" }]
[[fleet.web]]
name = "site"
command = "true"
bind = "10"
routes = [{ bind = "http", pattern = "/old", action = "redirect", redirect_to = "/new" }, "http:/.*"]
`;
  const chromeHeader = `User-Agent: ${chrome}`;

  test("tells which rule and which route a request would meet, and why", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), manifest);
    writeFileSync(
      folder.join("request.json"),
      JSON.stringify({ method: "POST", path: "/form?x=1", headers: { "User-Agent": "curl/8", Cookie: ["a=1"] } }),
    );
    const explain = async (...args: string[]) => {
      const { code, stdout, stderr } = await mothership(["shields", "explain", ...args, "--json"], { cwd: folder.path });
      expect([code, stderr]).toEqual([0, ""]);
      return JSON.parse(stdout) as object;
    };
    expect(await explain("--path", "/admin/x")).toMatchObject({
      rule: { name: "admin", action: { action: "block", status: 404 } },
      rules: [
        { name: "office", unmet: "cidr" },
        { name: "admin", unmet: null },
      ],
      route: null,
      routes: [],
    });
    expect(await explain("--path", "/admin/x", "--client", "192.0.2.7", "--ua", "curl/8")).toMatchObject({
      rule: { name: "office" },
      agent: "bot",
      route: { of: "bots", pattern: "/.*" },
    });
    expect(await explain("--path", "/old", "--header", chromeHeader)).toMatchObject({
      rule: null,
      agent: "chromium",
      route: { of: "site", answer: { action: "redirect", location: "/new", status: 302 } },
      routes: [
        { of: "bots", unmet: "ua_filter" },
        { of: "bots", unmet: "ja4h" },
        { of: "site", unmet: null },
      ],
    });
    expect(await explain(folder.join("request.json"), "--header", chromeHeader)).toMatchObject({
      request: {
        method: "POST",
        headers: [
          ["Cookie", "a=1"],
          ["User-Agent", chrome],
        ],
      },
      path: "/form",
      ja4h: expect.stringMatching(/^po11cn01/),
      route: { of: "bots", ja4h: "po" },
    });
    expect(await explain("--bind", "other")).toMatchObject({ route: null, routes: [] });
    const { stdout } = await mothership(["shields", "explain", "--ua", "curl/8", "--path", "/admin"], { cwd: folder.path });
    expect(stdout).toMatch(
      /^GET \/admin on "http" from 127\.0\.0\.1\nagent: bot\n[\s\S]*rule: {2}"admin"[\s\S]*office +cidr does not\n[\s\S]*route: not asked\n$/,
    );
  });

  test("says in one sentence what is wrong with a request", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), manifest);
    writeFileSync(folder.join("bad.json"), '{"headers":{"a":1}}');
    for (const [args, message] of [
      [["--bind", "nowhere"], /there is no bind "nowhere"; the binds are http, other/],
      [["--client", "me"], /"me" is not the address of a client/],
      [["--header", "nonsense"], /"nonsense" is not a header/],
      [["--header", "a b: c"], /a b/],
      [["--path", "/%zz"], /the path "\/%zz" is refused/],
      [["--http", "3"], /"3" is not a version/],
      [["bad.json"], /bad.json: "headers" must be/],
      [["nowhere.json"], /nowhere.json is no request/],
    ] as const) {
      const { code, stderr } = await mothership(["shields", "explain", ...args], { cwd: folder.path });
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
      expect(stderr.split("\n")).toHaveLength(2);
    }
  });
});
