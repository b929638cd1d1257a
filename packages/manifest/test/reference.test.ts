import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import { http, ship } from "./issues.ts";
import { plainBind, plainUpstream, routesOf, settings, waitsFor } from "./plain.ts";

/** What the documents show to users, with the keys they use, completed where they show only a part. */
describe("a manifest as documented", () => {
  test("reads routes as tables, in short form, with a prefix to strip and with a user agent", () => {
    expect(routesOf('routes = [\n  { bind = "http", pattern = "/api/.*" },\n  { bind = "ws", pattern = "/cable" },\n]')).toEqual([
      { bind: "http", pattern: "/api/.*" },
      { bind: "ws", pattern: "/cable" },
    ]);
    expect(routesOf('routes = ["http:/api/.*", "ws:/cable"]')).toEqual([
      { bind: "http", pattern: "/api/.*" },
      { bind: "ws", pattern: "/cable" },
    ]);
    expect(routesOf('routes = [{ bind = "http", pattern = "/api/.*", strip_prefix = "/api" }]')).toEqual([
      { bind: "http", pattern: "/api/.*", stripPrefix: "/api" },
    ]);
    expect(routesOf('routes = [{ bind = "http", pattern = "/.*", ua_filter = "llm" }]')).toEqual([
      { bind: "http", pattern: "/.*", uaFilter: "llm" },
    ]);
  });

  test("keeps a colon in the pattern of a short route", () => {
    expect(routesOf('routes = ["http:/a:b"]')).toEqual([{ bind: "http", pattern: "/a:b" }]);
  });

  test.each(["browser", "chromium", "firefox", "safari", "llm", "bot", "~MyAgent.*"])("reads the user agent filter %s", (filter) => {
    expect(routesOf(`routes = [{ bind = "http", pattern = "/.*", ua_filter = "${filter}" }]`)?.[0]?.uaFilter).toBe(filter);
  });

  test("reads the three ships that share a bind by user agent", () => {
    const web = (name: string, command: string, port: number, filter: string): string =>
      `[[fleet.web]]\nname = "${name}"\ncommand = "${command}"\nbind = "${port}"\nroutes = [{ bind = "http", pattern = "/.*", ua_filter = "${filter}" }]\n`;
    const text = `${http}${web("app", "rails", 3000, "browser")}${web("markdown-api", "rails", 3001, "llm")}${web("static-cache", "nginx", 3002, "bot")}`;
    expect(parseManifest(text).ships.map(({ name, routes }) => [name, routes[0]?.uaFilter])).toEqual([
      ["app", "browser"],
      ["markdown-api", "llm"],
      ["static-cache", "bot"],
    ]);
  });

  test.each([
    ["tcp://127.0.0.1:3000", { kind: "tcp", host: "127.0.0.1", port: 3000 }],
    ["0.0.0.0:8080", { kind: "tcp", host: "0.0.0.0", port: 8080 }],
    ["3000", { kind: "tcp", host: "127.0.0.1", port: 3000 }],
    ["unix:///tmp/app.sock", { kind: "unix", path: "/tmp/app.sock" }],
    ["tcp://[::1]:3000", { kind: "tcp", host: "::1", port: 3000 }],
  ])("reads the address %s, for ships and for binds in both forms", (written, address) => {
    expect(parseManifest(ship("app", `bind = "${written}"`)).ships[0]?.bind).toEqual(address);
    expect(settings(`[mothership.bind]\nweb = "${written}"`).binds).toEqual([{ name: "web", address, ...plainBind }]);
    expect(settings(`[mothership.bind]\nweb = { addr = "${written}" }`).binds).toEqual([{ name: "web", address, ...plainBind }]);
  });

  test("keeps binds in the order of the file, also those named by numbers", () => {
    expect(settings('[mothership.bind]\nweb = "80"\n10 = "81"\n9 = "82"').binds.map(({ name }) => name)).toEqual(["web", "10", "9"]);
  });

  test("reads binds with the PROXY protocol", () => {
    const { binds } = settings('[mothership.bind]\nhttp = "0.0.0.0:80"\nhttps = { addr = "0.0.0.0:443", proxy_protocol = true }');
    expect(binds.map(({ name, proxyProtocol }) => [name, proxyProtocol])).toEqual([
      ["http", false],
      ["https", true],
    ]);
  });

  test("merges base templates: variables together, tags of the template first, the rest replaced", () => {
    const manifest = parseManifest(`
[base.ship]
env = { RAILS_ENV = "production", LANG = "C" }
critical = true
tags = ["ruby"]

[base.bay]
critical = true
tags = ["realtime"]

[base.module]
phase = "request"
tags = ["security"]

[[fleet.web]]
name = "app"
command = "ruby"
tags = ["web", "ruby"]
env = { LANG = "de" }
critical = false

[[bays.websocket]]
name = "orbitcast"
command = "./orbitcast"

[[modules]]
name = "auth"
wasm = "a.wasm"
phase = "response"
`);
    expect(manifest.ships[0]).toMatchObject({ env: { RAILS_ENV: "production", LANG: "de" }, tags: ["ruby", "web"], critical: false });
    expect(manifest.bays[0]).toMatchObject({ critical: true, tags: ["realtime"] });
    expect(manifest.modules[0]).toMatchObject({ phase: "response", tags: ["security"] });
  });

  test("lets every other key of a template be replaced, and merges the config of bays and modules", () => {
    const base = `${http}
[base.ship]
args = ["a"]
healthcheck = "/up"
routes = ["http:/a"]
depends_on = ["one"]
oneshot = true
[base.bay]
args = ["a"]
routes = ["http:/b"]
depends_on = ["one"]
env = { A = "1" }
config = { a = "1", b = "1" }
[base.module]
routes = ["/m"]
config = { a = "1", b = "1" }
[[fleet.x]]
name = "one"
command = "true"
bind = "3000"
depends_on = []
`;
    const inherits = parseManifest(
      `${base}[[fleet.x]]\nname = "two"\ncommand = "x"\nbind = "3001"\n[[bays.y]]\nname = "bay"\ncommand = "x"\n[[modules]]\nname = "m"\nwasm = "m.wasm"\n`,
    );
    expect(inherits.ships[1]).toMatchObject({
      args: ["a"],
      readiness: { probe: { path: "/up" } },
      routes: [{ pattern: "/a" }],
      dependsOn: [waitsFor("one")],
      oneshot: true,
    });
    expect(inherits.bays[0]).toMatchObject({
      args: ["a"],
      routes: [{ pattern: "/b" }],
      dependsOn: [waitsFor("one")],
      env: { A: "1" },
      config: { a: "1", b: "1" },
    });
    expect(inherits.modules[0]).toMatchObject({ routes: ["/m"], config: { a: "1", b: "1" } });
    const replaces = parseManifest(
      `${base}[[fleet.x]]\nname = "two"\ncommand = "x"\nbind = "3001"\nargs = []\nhealthcheck = "/own"\nroutes = []\ndepends_on = []\noneshot = false
[[bays.y]]\nname = "bay"\ncommand = "x"\nargs = ["b"]\nroutes = []\ndepends_on = []\nconfig = { b = "2" }
[[modules]]\nname = "m"\nwasm = "m.wasm"\nroutes = []\nconfig = { b = "2" }\n`,
    );
    expect(replaces.ships[1]).toMatchObject({
      args: [],
      readiness: { probe: { path: "/own" } },
      routes: [],
      dependsOn: [],
      oneshot: false,
      upstream: plainUpstream,
    });
    expect(replaces.bays[0]).toMatchObject({ args: ["b"], routes: [], dependsOn: [], config: { a: "1", b: "2" } });
    expect(replaces.modules[0]).toMatchObject({ routes: [], config: { a: "1", b: "2" } });
  });

  test("reads modules of both phases, their config as text", () => {
    const { modules } = parseManifest(`
[[modules]]
name = "auth"
wasm = "./modules/auth.wasm"
routes = ["/admin/.*"]
phase = "request"

[[modules]]
name = "cache"
wasm = "./modules/cache.wasm"
routes = ["/api/.*"]
phase = "response"
config = { ttl = "3600" }
[[fleet.web]]
name = "app"
command = "true"
`);
    expect(modules.map(({ name, phase, config }) => [name, phase, config])).toEqual([
      ["auth", "request", {}],
      ["cache", "response", { ttl: "3600" }],
    ]);
  });

  test("turns numbers and booleans of config and env into the text that stands for them", () => {
    const manifest = parseManifest(`
[[bays.websocket]]
name = "b"
command = "b"
config = { int = 3600, under = 1_000, hex = 0xe1, float = 1.0, exp = 1e3, small = 1.5e-7, vast = 1e300, yes = true, no = false, text = "x", big = 9007199254740993, inf = inf, minus = -inf, nan = nan }
env = { PORT = 3000, DEBUG = true }
`);
    expect(manifest.bays[0]?.config).toEqual({
      int: "3600",
      under: "1000",
      hex: "225",
      float: "1.0",
      exp: "1000.0",
      small: "1.5e-7",
      vast: "1e+300",
      yes: "true",
      no: "false",
      text: "x",
      big: "9007199254740993",
      inf: "inf",
      minus: "-inf",
      nan: "nan",
    });
    expect(manifest.bays[0]?.env).toEqual({ PORT: "3000", DEBUG: "true" });
  });

  test("keeps ships and bays in the order of the file, also where groups alternate", () => {
    const one = (header: string, name: string): string => `[[${header}]]\nname = "${name}"\ncommand = "true"\n`;
    const { ships, bays } = parseManifest(
      one("fleet.web", "a") +
        one("bays.ws", "b") +
        one("fleet.api", "c") +
        one("fleet.web", "d") +
        one("bays.x", "e") +
        one("bays.ws", "f"),
    );
    expect(ships.map(({ name, group, order }) => [name, group, order])).toEqual([
      ["a", "web", 0],
      ["c", "api", 2],
      ["d", "web", 3],
    ]);
    expect(bays.map(({ name, type, order }) => [name, type, order])).toEqual([
      ["b", "ws", 1],
      ["e", "x", 4],
      ["f", "ws", 5],
    ]);
  });

  test("reads ships that are written as inline tables too", () => {
    const { ships } = parseManifest('fleet.web = [{ name = "a", command = "x" }, { name = "b", command = "y" }]\n');
    expect(ships.map(({ name, order }) => [name, order])).toEqual([
      ["a", 0],
      ["b", 1],
    ]);
  });

  test("drops repeats in depends_on and tags", () => {
    const { ships } = parseManifest(ship("a") + ship("b", 'depends_on = ["a", "a"]', 'tags = ["x", "y", "x"]'));
    expect(ships[1]).toMatchObject({ dependsOn: [waitsFor("a")], tags: ["x", "y"] });
  });

  test("is plain data: JSON gives the same manifest back", () => {
    const manifest = parseManifest(`[mothership]\nmetrics_port = 9090\n${http}${ship("a", 'bind = "3000"', 'routes = ["http:/"]')}`);
    expect(JSON.parse(JSON.stringify(manifest))).toStrictEqual(manifest);
  });
});
