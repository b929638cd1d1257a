import { freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ship, startFleet } from "./fleet.ts";

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
