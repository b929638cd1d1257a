import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { ManifestError } from "../src/errors.ts";
import { parseManifest } from "../src/parse.ts";
import { http, issuesOf, placesOf, ship } from "./issues.ts";

describe("rules across values", () => {
  const bay = (name: string, ...lines: readonly string[]): string =>
    `[[bays.ws]]\nname = "${name}"\ncommand = "true"\n${lines.join("\n")}\n`;
  const job = (name: string, ...lines: readonly string[]): string =>
    `[[mothership.prelaunch]]\nname = "${name}"\ncommand = "true"\n${lines.join("\n")}\n`;

  test.each([
    ["two ships of one name", ship("a") + ship("a"), '5:8 the name "a" is taken by another ship, bay or prelaunch job'],
    ["a ship and a bay", ship("a") + bay("a"), '5:8 the name "a" is taken'],
    ["a job and a ship", job("a") + ship("a"), '6:8 the name "a" is taken'],
    ["two modules", `${'[[modules]]\nname = "m"\nwasm = "w"\n'.repeat(2)}${ship("a")}`, '5:8 the name "m" is taken by another module'],
    [
      "two uplinks",
      `${'[[mothership.uplinks]]\nname = "u"\nurl = "redis://h"\n'.repeat(2)}`,
      '5:8 the name "u" is taken by another uplink',
    ],
  ])("names are unique: %s", (_, text, place) => {
    expect(placesOf(text)).toEqual([expect.stringContaining(place)]);
    expect(issuesOf(text)[0]?.hint).toBe(`it was first used in line 2`);
  });

  test("a module may have the name of a ship", () => {
    expect(parseManifest(`[[modules]]\nname = "a"\nwasm = "w"\n${ship("a")}`).modules).toHaveLength(1);
  });

  test.each([
    [
      "two binds",
      '[mothership.bind]\na = "80"\nb = "127.0.0.1:80"\n',
      "3:5",
      'bind "b" cannot listen on tcp://127.0.0.1:80: bind "a" is on tcp://127.0.0.1:80',
    ],
    ["a bind on every address", '[mothership.bind]\na = "10.0.0.1:80"\nb = "0.0.0.0:80"\n', "3:5", 'bind "a" is on tcp://10.0.0.1:80'],
    ["a bind on every IPv6 address", '[mothership.bind]\na = "10.0.0.1:80"\nb = "[::]:80"\n', "3:5", "cannot listen on tcp://[::]:80"],
    ["localhost", '[mothership.bind]\na = "localhost:80"\nb = "80"\n', "3:5", 'bind "a" is on tcp://localhost:80'],
    [
      "a ship and a bind",
      `${http}${ship("a", 'bind = "8080"')}`,
      "6:8",
      'ship "a" cannot listen on tcp://127.0.0.1:8080: bind "http" is on',
    ],
    [
      "two ships",
      ship("a", 'bind = "3000"') + ship("b", 'bind = "3000"'),
      "8:8",
      'ship "b" cannot listen on tcp://127.0.0.1:3000: ship "a" is on',
    ],
    [
      "two ships on one socket",
      ship("a", 'bind = "unix:///run/a.sock"') + ship("b", 'bind = "unix:///run//a.sock"'),
      "8:8",
      'ship "a" is on',
    ],
    [
      "the metrics port",
      `[mothership]\nmetrics_port = 9090\n[mothership.bind]\nb = "0.0.0.0:9090"\n`,
      "4:5",
      "metrics_port is on tcp://127.0.0.1:9090",
    ],
  ])("no two listen on one address: %s", (_, text, place, message) => {
    expect(placesOf(text)).toEqual([expect.stringContaining(`${place} `)]);
    expect(placesOf(text)[0]).toContain(message);
  });

  test("one port on two addresses is fine", () => {
    expect(
      parseManifest(`[mothership.bind]\na = "127.0.0.1:80"\nb = "127.0.0.2:80"\n${ship("x", 'bind = "unix:///80"')}`).mothership.binds,
    ).toHaveLength(2);
  });

  test.each([
    ["port 0", '"0"', "has port 0"],
    ["a port above the last", '"65536"', "a port is at most 65535"],
    ["no port", '"localhost"', "no host and port found"],
    ["a relative socket", '"unix://a.sock"', "the path of a socket must be absolute"],
    ["another scheme", '"http://a:80"', 'unknown scheme "http"'],
    ["a long socket path", `"unix:///${"a".repeat(200)}"`, "the path has 201 bytes"],
  ])("an address can be listened on: %s", (_, written, message) => {
    expect(placesOf(ship("a", `bind = ${written}`))).toEqual([expect.stringContaining(message)]);
  });

  test("a bay's socket path fits the system, whatever folder it will be in", () => {
    const long = "b".repeat(64);
    expect(parseManifest(bay(long), { socketDir: "/run/m" }).bays).toHaveLength(1);
    const [issue] = issuesOf(bay(long), { env: { MS_SOCKET_DIR: `/${"d".repeat(60)}` } });
    expect(issue).toMatchObject({
      line: 2,
      column: 8,
      message: expect.stringMatching(/path of 131 bytes, and (107|103) are possible here/),
    });
    expect(issue?.hint).toContain("MS_SOCKET_DIR");
    expect(() => parseManifest(bay("b"), { env: { XDG_RUNTIME_DIR: `/${"d".repeat(90)}` } })).toThrow(ManifestError);
    expect(() => parseManifest(bay("b"), { env: { TMPDIR: `/${"d".repeat(100)}/` } })).toThrow(ManifestError);
    expect(parseManifest(bay("b"), { env: { TMPDIR: tmpdir() } }).bays).toHaveLength(1);
  });

  test("routes need a bind that exists", () => {
    expect(issuesOf(`${http}${ship("a", 'bind = "1"', 'routes = ["htps:/"]')}`)[0]).toMatchObject({
      line: 7,
      column: 12,
      message: 'there is no bind named "htps"',
      hint: 'did you mean "http"?',
    });
    expect(issuesOf(ship("a", 'bind = "1"', 'routes = ["web:/"]'))[0]?.hint).toBe(
      'no bind is declared; add web = "0.0.0.0:8080" under [mothership.bind]',
    );
    expect(issuesOf(`${http}${bay("a", 'routes = ["elsewhere:/"]')}`)[0]?.hint).toBe('there is "http"');
    expect(issuesOf(`${http}[[mothership.static_dirs]]\npath = "p"\nbind = "htttp"\n`)[0]).toMatchObject({
      line: 5,
      column: 9,
      hint: 'did you mean "http"?',
    });
  });

  test.each([
    ["no colon", '"/api"', 11, "is not a route", 'write "http:/api"'],
    ["no bind", '":/api"', 11, "is not a route", 'write "http:/api"'],
    ["no pattern", '"http:"', 11, "is not a route", undefined],
    ["a pattern that cannot be read", '"http:/api/["', 22, "", undefined],
    ["a back-reference", '"http:/(a)\\\\1"', 11, "", undefined],
    ["an unknown key", '{ bind = "http", pattern = "/", strip = "/x" }', 43, 'unknown key "strip"', 'did you mean "strip_prefix"?'],
    ["a prefix without slash", '{ bind = "http", pattern = "/", strip_prefix = "x" }', 58, '"strip_prefix" must begin with "/"', undefined],
    [
      "an unknown agent class",
      '{ bind = "http", pattern = "/", ua_filter = "bots" }',
      56,
      '"bots" is not a user agent filter',
      'did you mean "bot"?',
    ],
    [
      "an empty agent pattern",
      '{ bind = "http", pattern = "/", ua_filter = "~" }',
      56,
      "is not a user agent filter",
      "write the pattern behind the ~",
    ],
    ["a wrong agent pattern", '{ bind = "http", pattern = "/", ua_filter = "~Agent(" }', 62, "", undefined],
  ])("a route can be matched: %s", (_, route, column, message, hint) => {
    const issues = issuesOf(`${http}${ship("a", 'bind = "1"', `routes = [${route}]`)}`);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({ line: 7, column, message: expect.stringContaining(message) });
    expect(issues[0]?.hint).toBe(hint);
  });

  test("a route of a module is a pattern without a bind", () => {
    const text = `${http}[[modules]]\nname = "m"\nwasm = "w"\nroutes = ["http:/api", "/("]\n${ship("a")}`;
    expect(issuesOf(text)).toEqual([
      expect.objectContaining({ line: 6, column: 12, hint: 'write "/api"', message: expect.stringContaining("a pattern alone") }),
      expect.objectContaining({ line: 6, column: 26 }),
    ]);
  });

  test("routes and a health check need something that listens", () => {
    expect(placesOf(`${http}${ship("a", 'routes = ["http:/"]', 'healthcheck = "/up"')}`)).toEqual([
      '6:10 ship "a" has routes and no bind, so nothing could be forwarded to it',
      '7:15 ship "a" has a health check and no bind to ask on',
    ]);
    expect(placesOf(`${http}${ship("a b", 'routes = ["http:/"]', 'healthcheck = "/up"', "upstream = {}")}`).slice(1)).toEqual([
      "6:10 this ship has routes and no bind, so nothing could be forwarded to it",
      "7:15 this ship has a health check and no bind to ask on",
      "8:1 this ship has no bind, so nothing is asked of it",
    ]);
    expect(placesOf(`[base.ship]\nhealthcheck = "/up"\n${ship("a")}`)).toEqual(['2:15 ship "a" has a health check and no bind to ask on']);
    expect(placesOf(ship("a", 'bind = "1"', 'healthcheck = "up"'))).toEqual(['5:15 "healthcheck" must begin with "/"']);
    expect(placesOf(`[[mothership.static_dirs]]\npath = "p"\nprefix = "x"\n`)).toEqual(['3:10 "prefix" must begin with "/"']);
  });

  test("dependencies exist and are of a kind that can be waited for", () => {
    const text = job("migrate", 'depends_on = ["a", "nothing"]') + ship("a", 'depends_on = ["migrate", "bb", "b"]') + bay("b");
    expect(placesOf(text)).toEqual([
      '4:15 "a" is a ship, and a prelaunch job can only wait for other prelaunch jobs',
      '4:20 there is no prelaunch job named "nothing"',
      '8:15 "migrate" is a prelaunch job, and those end before any ship or bay starts',
      '8:26 there is no ship or bay named "bb"',
    ]);
    expect(issuesOf(text)[3]?.hint).toBe('did you mean "b"?');
  });

  test("nothing waits for itself, directly or through others", () => {
    const text =
      ship("a", 'depends_on = ["b"]') +
      bay("b", 'depends_on = ["c"]') +
      ship("c", 'depends_on = ["a", "c"]') +
      ship("d", 'depends_on = ["a"]');
    expect(placesOf(text)).toEqual([
      "12:15 nothing in this circle could ever start: a -> b -> c -> a",
      "12:20 nothing in this circle could ever start: c -> c",
    ]);
    expect(placesOf(job("x", 'depends_on = ["y"]') + job("y", 'depends_on = ["x"]') + ship("s"))).toEqual([
      "8:15 nothing in this circle could ever start: x -> y -> x",
    ]);
  });

  test("a long circle is shown by its two ends", () => {
    const text = Array.from({ length: 50 }, (_, index) => ship(`s${index}`, `depends_on = ["s${(index + 1) % 50}"]`)).join("");
    expect(issuesOf(text)[0]?.message).toBe(
      "nothing in this circle could ever start: s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> ... -> s47 -> s48 -> s49 -> s0",
    );
  });

  test("a diamond is no circle", () => {
    const text = ship("a") + ship("b", 'depends_on = ["a"]') + ship("c", 'depends_on = ["a"]') + ship("d", 'depends_on = ["b", "c"]');
    expect(parseManifest(text).ships).toHaveLength(4);
  });

  test("an election has what it needs", () => {
    const flagship = (lines: string): string => `[mothership.flagship]\nenabled = true\n${lines}\n${ship("a")}`;
    expect(placesOf(flagship(""))).toEqual(['2:11 election "static" needs "static_flagship"']);
    expect(placesOf(flagship('election = "static"'))).toEqual(['3:12 election "static" needs "static_flagship"']);
    expect(placesOf(flagship('election = "postgres"'))).toEqual(['3:12 election "postgres" needs "election_url"']);
    expect(placesOf(flagship('election = "postgres"\nelection_url = "mysql://h/x"'))).toEqual([
      '4:16 "election_url" must begin with postgres:// or postgresql://',
    ]);
    expect(placesOf(flagship('election = "postgres"\nelection_url = "x"'))).toEqual(['4:16 "election_url" is not a URL']);
    expect(placesOf(flagship('election = "postgres"\nelection_url = "postgres://h/x?sslmode=on"'))[0]).toContain(
      "has an sslmode that is none of",
    );
  });

  test("a static flagship names a variable", () => {
    const flagship = (value: string): string => `[mothership.flagship]\nenabled = true\nstatic_flagship = "${value}"\n${ship("a")}`;
    expect(issuesOf(flagship("MS_FLAGSHIP"))[0]).toMatchObject({
      line: 3,
      column: 19,
      message: expect.stringContaining("names no variable"),
      hint: 'write "$MS_FLAGSHIP"',
    });
    for (const value of ["true", "No", "1", "$X"]) expect(parseManifest(flagship(value)).mothership.flagship.enabled).toBe(true);
  });

  test("a mistake in a template is reported once, however many inherit it", () => {
    const text = `[base.ship]\nroutes = ["web:/("]\n${ship("a", 'bind = "1"')}${ship("b", 'bind = "2"')}${ship("c", 'bind = "3"')}`;
    expect(placesOf(text)).toEqual([expect.stringContaining('2:12 there is no bind named "web"'), expect.stringContaining("2:17 ")]);
  });

  test("an election needs a secure sslmode unless the environment says otherwise", () => {
    const url = (mode: string): string =>
      `[mothership.flagship]\nenabled = true\nelection = "postgres"\nelection_url = "postgres://h/x?sslmode=${mode}"\n${ship("a")}`;
    for (const mode of ["disable", "allow", "prefer"]) {
      expect(placesOf(url(mode))).toEqual(['4:16 "election_url" has an insecure sslmode (disable, allow, prefer)']);
      expect(parseManifest(url(mode), { env: { MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE: "true" } }).ships).toHaveLength(1);
    }
    for (const mode of ["require", "verify-ca", "verify-full"]) expect(parseManifest(url(mode)).ships).toHaveLength(1);
  });

  test.each([
    ["localhost", "is not a URL"],
    ["ftp://h", "has none of the schemes postgres, postgresql, mysql"],
    ["tcp://h", "names no port, and tcp has no default one"],
    ["redis:///0", "names no host"],
    ["redis://h:0", "has port 0"],
    ["redis://h:70000", "is not a URL"],
    ["postgres://%2Ftmp/x", "names a host that is no host name"],
  ])("an uplink can be connected to: %s", (url, message) => {
    expect(placesOf(`[[mothership.uplinks]]\nurl = "${url}"\n`)).toEqual([expect.stringContaining(`2:7 "url" ${message}`)]);
  });

  test.each([
    ["postgres://h", 5432, "tcp"],
    ["postgresql://h", 5432, "tcp"],
    ["mysql://h", 3306, "tcp"],
    ["redis://h", 6379, "tcp"],
    ["memgraph://h", 7687, "tcp"],
    ["neo4j://h", 7687, "tcp"],
    ["http://h", 80, "http"],
    ["https://h", 443, "http"],
    ["tcp://h:9", 9, "tcp"],
    ["http://h:80/x", 80, "http"],
    ["redis://[::1]:7", 7, "tcp"],
  ])("an uplink has the default port of its scheme: %s", (url, port, kind) => {
    const [uplink] = parseManifest(`[[mothership.uplinks]]\nurl = "${url}"\n`).mothership.uplinks;
    expect(uplink).toMatchObject({ port, check: kind, host: url.includes("::1") ? "::1" : "h" });
  });

  test("each missing variable of a text is reported at its dollar sign", () => {
    const text = `[[mothership.uplinks]]\nurl = "redis://$HOST_A:$\{PORT_A}/$$x"\n`;
    expect(placesOf(text, { env: { PORT_A: "" } })).toEqual([
      "2:16 the environment variable HOST_A is not set",
      "2:24 the environment variable PORT_A is empty",
    ]);
    expect(parseManifest(text, { env: { HOST_A: "h", PORT_A: "1" } }).mothership.uplinks[0]?.url).toBe("redis://h:1/$x");
  });

  test.each(["", "# nothing\n", "[mothership]\ncompression = true\n", http, "[fleet]\n", "[[modules]]\nname = 'm'\nwasm = 'w'\n"])(
    "there is something to run: %j",
    (text) => {
      expect(issuesOf(text)).toEqual([
        expect.objectContaining({ line: 1, column: 1, message: expect.stringContaining("there is nothing to run") }),
      ]);
      expect(issuesOf(text)[0]?.hint).toContain("mothership init");
    },
  );

  test.each([job("j"), '[[mothership.uplinks]]\nurl = "redis://h"\n', '[[mothership.static_dirs]]\npath = "p"\n'])(
    "is enough to run: %j",
    (text) => {
      expect(parseManifest(text).ships).toEqual([]);
    },
  );
});
