import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import type { Bay, Module, Process, Ship } from "../src/types.ts";
import { http, issuesOf, placesOf, ship } from "./issues.ts";

const folder = "/srv/app";
const shipWith = (...lines: readonly string[]): Ship => parseManifest(ship("a", ...lines), { folder }).ships[0]!;
const hintsOf = (text: string) => issuesOf(text, { folder }).map(({ hint }) => hint);

describe("how a process is run", () => {
  test.each<readonly [string, Partial<Ship>]>([
    ['cwd = "app"', { cwd: "/srv/app/app" }],
    ['cwd = "/opt"', { cwd: "/opt" }],
    ['user = "www-data"', { runAs: { user: "www-data" } }],
    ["user = 1000\ngroup = 0", { runAs: { user: 1000, group: 0 } }],
    ['stdin = "open"', { stdin: "open" }],
    ["disabled = true", { disabled: true }],
    ['restart = "always"', { restart: { when: "always", maxRestarts: 10, successExitCodes: [0], fatalExitCodes: [], stableMs: 30_000 } }],
    ['memory_limit = "512MiB"', { memoryLimitBytes: 536_870_912 }],
    ['startup_timeout = "2m"', { startupTimeoutMs: 120_000 }],
  ])("is read from %s", (lines, expected) => {
    expect(shipWith(lines)).toMatchObject(expected);
  });

  test("is read for its restarts and its end", () => {
    const lines = [
      'restart = "on-failure"',
      "max_restarts = 0",
      "success_exit_codes = [0, 143]",
      "fatal_exit_codes = [78]",
      'stable_after = "1m"',
      'stop_signal = "SIGQUIT"',
      'stop_timeout = "30s"',
      'drain_timeout = "1s"',
      'stop_command = ["nginx", "-s", "quit"]',
      "keep_detached = true",
    ];
    expect(shipWith(...lines)).toMatchObject({
      restart: { when: "on-failure", maxRestarts: 0, successExitCodes: [0, 143], fatalExitCodes: [78], stableMs: 60_000 },
      stop: { signal: "SIGQUIT", graceMs: 30_000, drainMs: 1000, command: { command: "nginx", args: ["-s", "quit"] }, keepDetached: true },
    });
    expect(shipWith('stop_command = "./stop"').stop.command).toEqual({ command: "./stop", args: [] });
  });

  test("is not restarted by default when it runs once", () => {
    const text = `[[mothership.prelaunch]]\nname = "job"\ncommand = "j"\n${ship("once", "oneshot = true")}${ship("on")}`;
    const { mothership, ships } = parseManifest(text);
    const when = ({ restart }: Process): string => restart.when;
    expect([...mothership.prelaunch.map(when), ...ships.map(when)]).toEqual(["never", "never", "always"]);
  });

  test("is inherited from a template, its log key by key", () => {
    const base = `[mothership.logs]\ndir = "log"\nmax_files = 1\n[base.ship]\nstop_signal = "SIGINT"\nlog = { max_size = "1MiB", on_full = "block" }\n`;
    const jobs = '[[mothership.prelaunch]]\nname = "job"\ncommand = "j"\n';
    const { ships, mothership } = parseManifest(
      `${base}${jobs}${ship("a", 'log = { file = "a.txt", on_full = "drop" }')}${ship("b", 'stop_signal = "SIGHUP"')}`,
      { folder },
    );
    expect(ships.map(({ stop }) => stop.signal)).toEqual(["SIGINT", "SIGHUP"]);
    expect([...ships, ...mothership.prelaunch].map(({ log }) => log)).toEqual([
      { onFull: "drop", file: { path: "/srv/app/a.txt", maxBytes: 2 ** 20, maxFiles: 1, compress: true } },
      { onFull: "block", file: { path: "/srv/app/log/b.log", maxBytes: 2 ** 20, maxFiles: 1, compress: true } },
      { onFull: "drop", file: { path: "/srv/app/log/job.log", maxBytes: 10 * 2 ** 20, maxFiles: 1, compress: true } },
    ]);
  });

  test.each([
    ['stop_signal = "TERM"', /^4:15 "stop_signal" must be a signal such as "SIGTERM", not "TERM"$/],
    ['stop_timeout = "10"', /^4:16 "stop_timeout" must be a duration above 0 and up to 24h$/],
    ['memory_limit = "512M"', /^4:16 "memory_limit" must be a size from 1MiB to 1024GiB, not "512M"$/],
    ['memory_limit = "1KiB"', /^4:16 "memory_limit" must be a size from 1MiB/],
    ["success_exit_codes = [256]", /^4:23 element 1 of "success_exit_codes" must be an exit code from 0 to 255, not 256$/],
    ['oneshot = true\nrestart = "always"', /^5:11 "a" runs once, so it cannot always be restarted$/],
    ["stop_command = []", /^4:16 "stop_command" is an empty list, and needs a program$/],
    ['stop_command = "nginx -s quit"', /^4:16 "stop_command" holds a whole command line, and a text is one program$/],
    ['log = { max_size = "1KiB" }', /^4:20 "max_size" must be a size from 4KiB/],
    ["user = -1", /^4:8 "user" must be/],
    ['restart = "sometimes"', /^4:11 "restart" must be "always", "on-failure" or "never", not "sometimes"$/],
  ])("is refused in %s", (lines, place) => {
    expect(placesOf(ship("a", lines))).toEqual([expect.stringMatching(place)]);
  });

  test("is refused with the repair where one is known", () => {
    expect(hintsOf(ship("a", 'memory_limit = "512M"'))).toEqual(['write "512MiB"']);
    expect(hintsOf(ship("a", 'stop_timeout = "10"'))).toEqual(['write stop_timeout = "10s" for seconds']);
    expect(hintsOf(ship("a", 'stop_command = "nginx -s quit"'))).toEqual(['write stop_command = ["nginx", "-s", "quit"]']);
    expect(hintsOf(ship("a", 'env_flie = ".env"'))).toEqual(['did you mean "env_file"?']);
  });

  test("does not let two processes rename one log file", () => {
    expect(placesOf(`${ship("a", 'log = { file = "x" }')}${ship("b", 'log = { file = "./x" }')}`, { folder })).toEqual([
      '8:16 "b" cannot log to the file that "a" logs to',
    ]);
    expect(placesOf(`[mothership.logs]\ndir = "log"\n${ship("a")}${ship("b", 'log = { file = "log/a.log" }')}`, { folder })).toHaveLength(
      1,
    );
  });

  test("does not let processes of different users have terminals", () => {
    const tty = (name: string, ...lines: readonly string[]): string => ship(name, "tty = true", ...lines);
    const job = '[[mothership.prelaunch]]\nname = "j"\ncommand = "true"\ntty = true\nuser = "eve"\n';
    expect(placesOf(tty("a", 'user = "ann"') + ship("b", 'user = "bob"') + tty("c", 'user = "ann"') + tty("d"))).toEqual([
      '18:7 "d" and "a" have terminals and run as different users',
    ]);
    expect(placesOf(tty("a", "user = 1000") + job)).toHaveLength(1);
    expect(parseManifest(tty("a", 'user = "ann"', 'group = "x"') + tty("b", 'user = "ann"')).ships).toHaveLength(2);
  });
});

describe("a command", () => {
  test("that is a whole command line is refused, wherever it stands", () => {
    const text = `[[mothership.prelaunch]]\nname = "j"\ncommand = "rails db:migrate"\n[[fleet.web]]\nname = "a"\ncommand = "bundle exec"\nargs = ["sidekiq"]\n[[bays.ws]]\nname = "b"\ncommand = "cd x && ./cable"\n`;
    expect(issuesOf(text).map(({ line, hint }) => [line, hint])).toEqual([
      [3, 'write command = "rails" and args = ["db:migrate"]'],
      [6, 'write command = "bundle" and args = ["exec", "sidekiq"]'],
      [10, 'for a shell, write command = "sh" and args = ["-c", "cd x && ./cable"]'],
    ]);
  });
});

describe("checks", () => {
  const tcp = { kind: "tcp", host: "127.0.0.1", port: 3000 };
  const bound = (...lines: readonly string[]): Ship => shipWith('bind = "3000"', ...lines);

  test("are read as tables, each with the times of its purpose", () => {
    const { startup, readiness, liveness } = bound(
      'startup = { type = "log", pattern = "listening" }',
      'readiness = { type = "tcp", interval = "1s", success_threshold = 2 }',
      'liveness = { path = "/alive", expect_body = "ok", timeout = "1s", initial_delay = "7s" }',
    );
    expect(startup).toEqual({
      probe: { kind: "log", pattern: "listening" },
      initialDelayMs: 0,
      intervalMs: 1000,
      timeoutMs: 2000,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(readiness).toEqual({
      probe: { kind: "connect", address: tcp },
      initialDelayMs: 1000,
      intervalMs: 1000,
      timeoutMs: 2000,
      successThreshold: 2,
      failureThreshold: 3,
    });
    expect(liveness).toEqual({
      probe: { kind: "http", address: tcp, path: "/alive", expectBody: "ok" },
      initialDelayMs: 7000,
      intervalMs: 10_000,
      timeoutMs: 1000,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  test("of health are the same as a path and as a table, and readiness goes before them", () => {
    expect(bound('healthcheck = "/up"')).toEqual(bound('healthcheck = { path = "/up" }'));
    expect(bound('healthcheck = "/up"')).toEqual(bound('readiness = { path = "/up" }'));
    expect(bound('healthcheck = "/up"', 'readiness = { path = "/own" }').readiness?.probe).toMatchObject({ path: "/own" });
  });

  test("of liveness look where readiness does when they are only switched on", () => {
    const timed = { intervalMs: 10_000, timeoutMs: 5000 };
    expect(bound('healthcheck = "/up"', "liveness = true").liveness).toMatchObject({ probe: { path: "/up" }, ...timed });
    const routed = parseManifest(`${http}${ship("a", 'bind = "3000"', 'routes = ["http:/"]', "liveness = true")}`).ships[0];
    expect(routed?.liveness).toMatchObject({ probe: { kind: "connect", address: tcp }, ...timed });
    const off = parseManifest(`[base.ship]\nliveness = true\n${ship("a", "liveness = false")}`).ships[0];
    expect(off?.liveness).toBeUndefined();
  });

  test("run commands and look at other addresses without a bind", () => {
    expect(shipWith('readiness = { type = "exec", command = ["./check", "-q"] }').readiness?.probe).toEqual({
      kind: "exec",
      command: "./check",
      args: ["-q"],
    });
    expect(shipWith('readiness = { path = "/", addr = "9000" }').readiness?.probe).toMatchObject({ address: { port: 9000 } });
    expect(shipWith('startup = { type = "notify" }').startup?.probe).toEqual({ kind: "notify" });
  });

  test.each([
    ['readiness = { type = "http" }', ['5:13 a check of type "http" needs "path"']],
    ['readiness = { path = "up" }', ['5:22 "path" must begin with "/"']],
    [
      'healthcheck = { type = "exec", path = "/" }',
      ['5:15 a check of type "exec" needs "command"', '5:32 "path" means nothing for a check of type "exec"'],
    ],
    ['tty = true\nstartup = { type = "notify" }', ['5:7 ship "a" has a terminal, on which its notify probe cannot be heard']],
    ['readiness = { type = "notify" }', ['5:22 a check of type "notify" says once that a ship has started, and nothing after that']],
    [
      'liveness = { type = "log", pattern = "x" }',
      ['5:21 a check of type "log" says once that a ship has started, and nothing after that'],
    ],
    [
      'startup = { type = "log", pattern = "(" }',
      ["5:37 The group is never closed; write ) at its end, or \\( for the character itself (at offset 0)"],
    ],
    [
      'startup = { path = "/", failure_threshold = 2 }',
      ['5:25 "failure_threshold" means nothing for a startup check: it passes once, or startup_timeout ends it'],
    ],
    ['readiness = { type = "unix" }', ['5:22 ship "a" is looked for on a tcp address, so the check is of type "tcp"']],
    ["liveness = true", ['5:12 ship "a" has no health check whose target "liveness = true" could use']],
    ['readiness = { type = "exec", command = "check me" }', ['5:40 "command" holds a whole command line, and a text is one program']],
  ])("are refused in %s", (line, places) => {
    expect(placesOf(ship("a", 'bind = "3000"', line))).toEqual(places);
  });

  test("on no address are refused", () => {
    expect(placesOf(ship("a", 'readiness = { type = "tcp" }'))).toEqual(['4:22 ship "a" has a health check and no bind to ask on']);
  });
});

describe("depends_on", () => {
  const waits = (entry: string, ...target: readonly string[]): string => `${ship("a", ...target)}${ship("b", `depends_on = [${entry}]`)}`;
  const line = 7;

  test("takes names and tables side by side", () => {
    const table = '{ ship = "a", condition = "log", pattern = "up", on_lost = "restart" }';
    expect(parseManifest(waits(`"a", ${table}, "a"`)).ships[1]?.dependsOn).toEqual([
      { on: "a", onLost: "ignore" },
      { on: "a", condition: "log", pattern: "up", onLost: "restart" },
    ]);
  });

  test.each([
    ['{ ship = "a", condition = "completed" }', [], 41, '"a" is never completed: it is restarted whenever it ends'],
    ['{ ship = "a", condition = "ready" }', [], 41, '"a" is never ready: it has no check that would tell'],
    ['{ ship = "a", condition = "ready" }', ["oneshot = true"], 41, '"a" is never ready: it runs once'],
    ['{ ship = "a", condition = "log" }', [], 41, 'the condition "log" needs "pattern"'],
    [
      '{ ship = "a", condition = "log", pattern = "(" }',
      [],
      58,
      "The group is never closed; write ) at its end, or \\( for the character itself (at offset 0)",
    ],
    ['{ ship = "a", pattern = "x" }', [], 39, '"pattern" is for the condition "log" only'],
    ['{ ship = "c" }', [], 24, 'there is no ship or bay named "c"'],
    ['{ ship = "b" }', [], 24, "nothing in this circle could ever start: b -> b"],
    ['"a"', ["disabled = true"], 15, '"a" is disabled, so "b" would never start'],
  ] as const)("refuses %s on a target with %j", (entry, target, column, message) => {
    expect(placesOf(waits(entry, ...target))).toEqual([`${line + target.length}:${column} ${message}`]);
  });

  test("takes a target that is disabled when the one that waits is disabled too", () => {
    expect(parseManifest(`${ship("a", "disabled = true")}${ship("b", "disabled = true", 'depends_on = ["a"]')}`).ships).toHaveLength(2);
  });

  test.each([
    ['{ ship = "a", condition = "completed" }', ["oneshot = true"]],
    ['{ ship = "a", condition = "completed" }', ['restart = "on-failure"']],
    ['{ ship = "a", condition = "ready" }', ['bind = "1"', 'healthcheck = "/"']],
    ['{ ship = "a", condition = "ready" }', ['startup = { type = "notify" }']],
    ['{ ship = "a", condition = "started" }', []],
  ])("takes %s on a target with %j", (entry, target) => {
    expect(parseManifest(waits(entry, ...target)).ships[1]?.dependsOn).toHaveLength(1);
  });
});

describe("binds", () => {
  const bindOf = (table: string) => parseManifest(`[mothership.bind]\nx = ${table}\n${ship("a")}`, { folder }).mothership.binds[0];
  const refused = (table: string) => placesOf(`[mothership.bind]\nx = ${table}\n${ship("a")}`);

  test("have certificates, trusted proxies, strict PROXY headers and permissions", () => {
    expect(bindOf('{ addr = "443", cert = "c.pem", key = "/k.pem", trusted_proxies = ["10.0.0.0/8", "::1"] }')).toMatchObject({
      certificates: [{ cert: { path: "/srv/app/c.pem", written: "c.pem" }, key: { path: "/k.pem", written: "/k.pem" } }],
      trustedProxies: ["10.0.0.0/8", "::1"],
    });
    const two = '[{ cert = "a", key = "b" }, { cert = "c", key = "d" }]';
    expect(bindOf(`{ addr = "443", certs = ${two} }`)?.certificates.map(({ key }) => key.written)).toEqual(["b", "d"]);
    expect(bindOf('{ addr = "1", proxy_protocol = "required" }')?.proxyProtocol).toBe("required");
    expect(bindOf('{ addr = "1", proxy_protocol = { from = ["10.0.0.0/8"] } }')?.proxyProtocol).toEqual({ from: ["10.0.0.0/8"] });
    expect(bindOf('{ addr = "unix:///run/x.sock", mode = "0660" }')?.mode).toBe(0o660);
  });

  test.each([
    ['{ addr = "443", cert = "c.pem" }', '2:21 "cert" needs "key": a certificate and its private key belong together'],
    [
      '{ addr = "443", cert = "c", key = "k", certs = [{ cert = "c", key = "k" }] }',
      '2:44 "certs" is in place of "cert" and "key", not beside them',
    ],
    ['{ addr = "443", certs = [] }', '2:29 "certs" is an empty list, and needs a certificate'],
    ['{ addr = "443", trusted_proxies = ["10.0.0.0/33"] }', '2:40 "10.0.0.0/33" is not a network'],
    ['{ addr = "443", proxy_protocol = { from = ["lan"] } }', '2:48 "lan" is not a network'],
    [
      '{ addr = "443", proxy_protocol = "always" }',
      '2:38 "proxy_protocol" must be true, false, "required", or a table such as { from = ["10.0.0.0/8"] }, not "always"',
    ],
    ['{ addr = "443", mode = "0660" }', '2:21 bind "x" is no Unix socket, so it has no "mode"'],
    ['{ addr = "unix:///x", mode = "0999" }', '2:34 "mode" must be file permissions such as "0660", not "0999"'],
  ])("are refused as %s", (table, place) => {
    expect(refused(table)).toEqual([place]);
  });
});

describe("bays and modules", () => {
  test("say what they agree with clients and what they may use", () => {
    const text = `shutdown = 1
[[bays.ws]]
name = "b"
command = "c"
protocols = ["graphql-ws"]
cargo = "text"
reboard = true
max_clients = 10
origins = ["https://Example.com"]
[[modules]]
name = "m"
wasm = "m.wasm"
abi = "native"
entry = "check"
fuel = 1000
memory = "1MiB"
body = true
max_body = "2MiB"
`.replace("shutdown = 1", '[mothership]\nshutdown_timeout = "5s"');
    const { bays, modules, mothership } = parseManifest(text);
    expect(bays[0]).toMatchObject<Partial<Bay>>({
      protocols: ["graphql-ws"],
      cargo: "text",
      reboard: true,
      maxClients: 10,
      origins: ["https://example.com"],
    });
    expect(modules[0]).toMatchObject<Partial<Module>>({
      abi: "native",
      entry: "check",
      fuel: 1000,
      memoryBytes: 2 ** 20,
      body: true,
      maxBodyBytes: 2 ** 21,
    });
    expect(mothership.shutdownTimeoutMs).toBe(5000);
  });

  test.each([
    ['memory = "65MiB"', '4:10 "memory" must be a size from 64KiB to 64MiB, not "65MiB"'],
    ['max_body = "1GiB"', '4:12 "max_body" must be a size from 1B to 64MiB, not "1GiB"'],
    ["fuel = 999", '4:8 "fuel" must be a number of units from 1000, not 999'],
  ])("are refused with %s", (line, place) => {
    expect(placesOf(`[[modules]]\nname = "m"\nwasm = "m.wasm"\n${line}\n`)).toEqual([place]);
  });
});
