import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import { http, issuesOf, placesOf, ship } from "./issues.ts";

describe("a manifest with mistakes", () => {
  test("reports ten different mistakes at once, each at its line and column, with what to do", () => {
    const text = `[mothership]
compresion = true
metrics_port = 70000

[mothership.bind]
http = "0.0.0.0:99999"
ws = "0.0.0.0:8081"

[[mothership.uplinks]]
url = "$NO_SUCH_VARIABLE"
timeout = "soon"

[[fleet.web]]
name = "my app"
command = "ruby"
args = "app.rb"
bind = "3000"
depend_on = ["db"]
routes = [
  { bind = "htp", pattern = "/.*" },
  { bind = "ws", pattern = "/(" },
]

[[fleet.web]]
name = "db"
command = "postgres"
depends_on = ["cach"]

[[fleet.cache]]
name = "cache"
command = "redis"
depends_on = ["cache"]
critical = "true"
`;
    const issues = issuesOf(text, { file: "fleet.toml" });
    expect(issues.map(({ file, line, column, path, message, hint }) => ({ at: `${file}:${line}:${column}`, path, message, hint }))).toEqual(
      [
        {
          at: "fleet.toml:2:1",
          path: "mothership.compresion",
          message: 'unknown key "compresion" in mothership',
          hint: 'did you mean "compression"?',
        },
        {
          at: "fleet.toml:3:16",
          path: "mothership.metrics_port",
          message: '"metrics_port" must be a port from 1 to 65535, not 70000',
          hint: undefined,
        },
        {
          at: "fleet.toml:6:8",
          path: "mothership.bind.http",
          message: expect.stringContaining("a port is at most 65535"),
          hint: undefined,
        },
        {
          at: "fleet.toml:10:8",
          path: "mothership.uplinks[0].url",
          message: "the environment variable NO_SUCH_VARIABLE is not set",
          hint: expect.stringContaining("set NO_SUCH_VARIABLE"),
        },
        {
          at: "fleet.toml:11:11",
          path: "mothership.uplinks[0].timeout",
          message: '"timeout" must be a duration above 0 and up to 24h',
          hint: undefined,
        },
        { at: "fleet.toml:14:8", path: "fleet.web[0].name", message: expect.stringContaining('not "my app"'), hint: undefined },
        {
          at: "fleet.toml:16:8",
          path: "fleet.web[0].args",
          message: '"args" must be a list of texts such as ["db:migrate"], not text',
          hint: "write args = [...] with brackets around the text",
        },
        {
          at: "fleet.toml:18:1",
          path: "fleet.web[0].depend_on",
          message: 'unknown key "depend_on" in fleet.web[0]',
          hint: 'did you mean "depends_on"?',
        },
        {
          at: "fleet.toml:20:13",
          path: "fleet.web[0].routes[0].bind",
          message: 'there is no bind named "htp"',
          hint: 'did you mean "http"?',
        },
        { at: "fleet.toml:21:30", path: "fleet.web[0].routes[1].pattern", message: expect.stringMatching(/group/i), hint: undefined },
        {
          at: "fleet.toml:27:15",
          path: "fleet.web[1].depends_on[0]",
          message: 'there is no ship or bay named "cach"',
          hint: 'did you mean "cache"?',
        },
        {
          at: "fleet.toml:32:15",
          path: "fleet.cache[0].depends_on[0]",
          message: "nothing in this circle could ever start: cache -> cache",
          hint: undefined,
        },
        {
          at: "fleet.toml:33:12",
          path: "fleet.cache[0].critical",
          message: '"critical" must be true or false, not text',
          hint: "write critical = true without quotes",
        },
      ],
    );
    for (const { frame, line } of issues) expect(frame).toContain(`> ${String(line).padStart(String((line ?? 0) + 1).length)} | `);
  });

  test("names the first mistake in its message and counts the rest", () => {
    const text = `x = 1\ny = 2\n${ship("a")}`;
    expect(() => parseManifest(text)).toThrow(
      expect.objectContaining({
        code: "MS_MANIFEST_INVALID",
        total: 2,
        message: 'ship-manifest.toml:1:1  unknown key "x" in the manifest (and 1 more)',
      }),
    );
  });

  test("goes on to the rules behind a wrong value without reporting what only follows from it", () => {
    const text = `${http}${ship("a", 'bind = "host"', 'routes = ["http:/"]', 'healthcheck = "/"')}${ship("b", 'depends_on = ["a"]')}`;
    expect(placesOf(text)).toEqual([expect.stringMatching(/^6:8 "host" is not an address/)]);
  });

  test("an address names a host that there can be", () => {
    const text = ["*:80", "999.1.1.1:80", "127.0.0.1:80", "db.example:80"]
      .map((address, place) => `[[fleet.x]]\nname = "s${place}"\ncommand = "x"\nbind = "${address}"\n`)
      .join("");
    expect(issuesOf(text)).toEqual([
      expect.objectContaining({ line: 4, message: '"*:80" names no host', hint: 'write "0.0.0.0:80", or "[::]:80" for IPv6 as well' }),
      expect.objectContaining({ line: 8, message: '"999.1.1.1:80" has an IPv4 address that there cannot be' }),
    ]);
  });

  test("stops at the place where the text is no TOML, and says so", () => {
    const [issue, ...others] = issuesOf('[[fleet.web]]\nname = app\ncommand = "x"\nbogus = 1\n');
    expect(others).toEqual([]);
    expect(issue).toMatchObject({
      line: 2,
      column: 8,
      message: expect.stringContaining("this is not TOML"),
      frame: expect.stringContaining("> 2 | name = app"),
    });
    expect(issue?.hint).toBe("text stands in quotes; what follows this place was not read");
  });

  test.each([
    ["[mothership]\ncompression = True\n", "write true"],
    ["[mothership]\ncompression: true\n", 'a key and its value stand as key = "value"'],
    ["[fleet.web]\nname = 'a'\n[fleet.web]\nname = 'b'\n", "write the header with two brackets"],
    ["[mothership]\nmetrics_port = 1\nmetrics_port = 2\n", "a key may stand once"],
  ])("helps with TOML: %j", (text, hint) => {
    expect(issuesOf(text)[0]?.hint).toContain(hint);
  });
});

describe("a value of the wrong kind", () => {
  test.each([
    ["fleet = 1", '"fleet" must be tables with the header [[fleet.web]], not the number 1', undefined],
    ['[[fleet]]\nname = "a"', '"fleet" must be tables with the header [[fleet.web]], not a list', "the header names a group as well"],
    ['[fleet.web]\nname = "a"', '"web" must be tables with the header [[fleet.web]], not a table', "write [[fleet.web]] with two brackets"],
    [
      '[mothership.uplinks]\nurl = "x"',
      "must be tables with the header [[mothership.uplinks]]",
      "write [[mothership.uplinks]] with two brackets",
    ],
    [
      "[mothership]\nmetrics_port = '9090'",
      '"metrics_port" must be a port from 1 to 65535, not text',
      "write metrics_port = 9090 without quotes",
    ],
    ["[mothership]\nmetrics_port = 0", "must be a port from 1 to 65535, not 0", undefined],
    ["[mothership]\nmetrics_port = 1.5", "not the number 1.5", undefined],
    ["[mothership]\nedge_threads = 'many'", '"edge_threads" must be "auto"', undefined],
    ["[mothership]\nedge_threads = 65", "must be a number of threads up to 64, not 65", undefined],
    ["[mothership]\ncors_cache = 'yes'", '"cors_cache" must be true, false, or a table', undefined],
    ["[mothership.cors_cache]\nmax_entries = 0", "must be a number of entries from 1, not 0", undefined],
    ["[mothership.cors_cache]\ndefault_ttl = -1", "must be a number of seconds from 0, not -1", undefined],
    ["[mothership.rate_limiting]\nglobal_rps = 0", '"global_rps" must be a number above 0', undefined],
    ["[mothership.rate_limiting]\nper_ip_rpm = nan", '"per_ip_rpm" must be a number above 0, not NaN', undefined],
    ["[mothership.rate_limiting]\nper_ip_rpm = inf", "up to 1000000000, not Infinity", undefined],
    ["[mothership.flagship]\nelection = 'raft'", '"election" must be "static" or "postgres", not "raft"', undefined],
    ["[mothership.flagship]\nprelaunch_timeout = 0", "must be a number of seconds from 1, not 0", undefined],
    ["[mothership.flagship]\nelection_timeout = 99999999999999999999", "up to 2147483, not 99999999999999999999", undefined],
    ["[mothership.flagship]\nstatic_flagship = { command = 'hostname' }", 'mothership.flagship.static_flagship needs "equals"', undefined],
    ["[mothership.bind]\nhttp = 80", '"http" must be an address such as', undefined],
    ["[mothership.bind]\nhttp = {}", 'mothership.bind.http needs "addr"', undefined],
    ["[mothership.bind]\n'a b' = '80'", '"a b" cannot be a name here', undefined],
    ["[mothership.bind]\n'a:b' = '80'", '"a:b" cannot be a name here', undefined],
    ["[[fleet.'my group']]\nname = 'a'\ncommand = 'b'", '"my group" cannot be a name here', undefined],
    ["[[mothership.static_dirs]]\nprefix = '/'", 'mothership.static_dirs[0] needs "path"', undefined],
    ["[[modules]]\nname = 'a'\nwasm = ''", '"wasm" is empty', undefined],
    ["[[modules]]\nname = 'a'", 'modules[0] needs "wasm"', undefined],
    ["[[modules]]\nname = 'a'\nwasm = 'w'\nphase = 'both'", 'must be "request" or "response", not "both"', undefined],
    ["[base.ship]\nname = 'a'", 'unknown key "name" in base.ship', undefined],
    ["[bind]\nhttp = '80'", 'unknown key "bind" in the manifest', "write it under [mothership]"],
    [ship("a", "env = { A = [1] }"), '"A" must be text, a number, true or false, not a list', undefined],
    [ship("a", "env = { 'A=B' = '1' }"), '"A=B" cannot be a name here: it is empty, or holds = or NUL', undefined],
    [ship("a", 'env = { A = "x\\u0000" }'), '"A" holds a NUL character', undefined],
    [ship("a", 'args = ["a", 1]'), 'element 2 of "args" must be text, not the number 1', 'write args = "1" with quotes'],
    [
      ship("a", "bind = 3000"),
      '"bind" must be an address such as "127.0.0.1:3000", not the number 3000',
      'write bind = "3000" with quotes',
    ],
    [ship("a", "tags = ['a b']"), 'element 1 of "tags" must be a name', undefined],
    [ship("a", "healthcheck = 2001-01-01"), "not a date or time", undefined],
    [ship("a", "config = {}"), 'unknown key "config" in fleet.web[0]', undefined],
    ["[[fleet.web]]\ncommand = 'x'", 'fleet.web[0] needs "name"', undefined],
    ["[[fleet.web]]\nname = 'x'", 'fleet.web[0] needs "command"', undefined],
    ["[[bays.ws]]\nname = 'x'\ncommand = 'y'\nbind = '3000'", 'unknown key "bind" in bays.ws[0]', undefined],
  ])("is told what it must be: %j", (text, message, hint) => {
    const issues = issuesOf(text);
    expect(issues[0]?.message).toContain(message);
    if (hint !== undefined) expect(issues[0]?.hint).toContain(hint);
  });

  test.each(["", "-a", ".a", "a b", "a/b", 'a"b', "a,b", "ä", "a".repeat(65), ".."])("is no name: %j", (name) => {
    expect(issuesOf(ship(name.replaceAll('"', '\\"')))[0]?.path).toBe("fleet.web[0].name");
  });

  test.each(["a", "A_b-c.d", "web:1", "app@2", "0", "_x", "a+b", "a".repeat(64)])("is a name: %j", (name) => {
    expect(parseManifest(ship(name)).ships[0]?.name).toBe(name);
  });
});
