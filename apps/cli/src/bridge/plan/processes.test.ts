import { parseManifest } from "@mothership/manifest";
import type { ProcessSpec } from "@mothership/supervisor";
import { describe, expect, test } from "vitest";
import { planProcesses, planTasks, shipAddresses } from "./processes.ts";

const surroundings = { env: { PATH: "/bin", GONE: undefined }, execPath: "/usr/bin/node" };
const docks = { folder: "/run/docks", ready: async () => undefined };
const read = (text: string) => parseManifest(text, { folder: "/srv/app" });
const planned = (text: string): ProcessSpec[] => planProcesses(read(text), surroundings, docks);

function ship(...lines: readonly string[]): string {
  return `[[fleet.web]]\nname = "app"\ncommand = "./app"\n${lines.join("\n")}\n`;
}

/** The plan of a ship with these lines. */
const shipWith = (...lines: readonly string[]): ProcessSpec => planned(`[mothership.bind]\nhttp = "1"\n${ship(...lines)}`)[0]!;
const address = { kind: "tcp", host: "127.0.0.1", port: 3000 };

describe("the process of a ship", () => {
  test("that says nothing has what the reference says", () => {
    expect(shipWith()).toEqual({
      name: "app",
      kind: "service",
      command: "./app",
      args: [],
      env: { PATH: "/bin" },
      cwd: "/srv/app",
      stdin: "ignore",
      tty: false,
      disabled: false,
      essential: true,
      dependsOn: [],
      restart: { when: "always", maxRestarts: 10, successExitCodes: [0], fatalExitCodes: [], stableMs: 30_000 },
      stop: { signal: "SIGTERM", graceMs: 10_000, drainMs: 10_000, keepDetached: false },
      log: { onFull: "drop" },
    });
  });

  test("has its Unix socket looked after, which a job that ends has not", () => {
    const bind = 'bind = "unix:///run/app.sock"';
    expect(shipWith(bind).socketPath).toBe("/run/app.sock");
    expect(shipWith(bind, "oneshot = true")).not.toHaveProperty("socketPath");
    expect(shipWith('bind = "127.0.0.1:3000"')).not.toHaveProperty("socketPath");
  });

  test("is run, restarted, ended and logged as it says", () => {
    const spec = shipWith(
      'cwd = "sub"',
      "user = 1000",
      'group = "www"',
      'env = { PATH = "/opt/bin" }',
      'stdin = "open"',
      "tty = true",
      "disabled = true",
      "critical = false",
      'restart = "never"',
      'stop_command = ["./stop", "now"]',
      'memory_limit = "1MiB"',
      'log = { file = "app.log" }',
    );
    expect(spec).toMatchObject({
      cwd: "/srv/app/sub",
      user: 1000,
      group: "www",
      env: { PATH: "/opt/bin" },
      stdin: "open",
      tty: true,
      disabled: true,
      essential: false,
      restart: { when: "never" },
      stop: { command: { command: "./stop", args: ["now"] } },
      memoryLimitBytes: 2 ** 20,
      log: { file: { path: "/srv/app/app.log", maxBytes: 10 * 2 ** 20, maxFiles: 5, compress: true } },
    });
  });

  test("waits as it says, and as fits the other one where it says nothing", () => {
    const text = `${ship('depends_on = ["b", { ship = "c", condition = "log", pattern = "up", on_lost = "stop" }]')}[[fleet.x]]\nname = "b"\ncommand = "b"\n[[fleet.x]]\nname = "c"\ncommand = "c"\n`;
    expect(planned(text)[0]?.dependsOn).toEqual([
      { on: "b", onLost: "ignore" },
      { on: "c", condition: "log", pattern: "up", onLost: "stop" },
    ]);
  });
});

describe("the checks of a ship", () => {
  test("are none without bind, and for one that runs once", () => {
    for (const lines of [['bind = "3000"'], ['bind = "3000"', 'healthcheck = "/up"', "liveness = true", "oneshot = true"]]) {
      const { startup, ready, live } = shipWith(...lines);
      expect([startup, ready, live]).toEqual([undefined, undefined, undefined]);
    }
  });

  test("are connections where it only has routes", () => {
    expect(shipWith('bind = "3000"', 'routes = ["http:/"]', "liveness = true")).toMatchObject({
      startup: { probe: address, limitMs: 60_000 },
      ready: { probe: address },
      live: { probe: address, intervalMs: 10_000 },
    });
  });

  test("look at start where readiness does, with its patience and the limit of the start", () => {
    const probe = { kind: "http", address, path: "/up" };
    const { startup, ready, live } = shipWith('bind = "3000"', 'healthcheck = { path = "/up", timeout = "9s" }', 'startup_timeout = "5s"');
    expect(startup).toEqual({ probe, timeoutMs: 9000, limitMs: 5000 });
    expect(ready).toMatchObject({ probe, timeoutMs: 9000, failureThreshold: 3 });
    expect(live).toBeUndefined();
  });

  test("are different at start where it says so", () => {
    const spec = shipWith('startup = { type = "log", pattern = "up" }', 'liveness = { type = "exec", command = ["./alive", "-q"] }');
    expect(spec.startup).toMatchObject({ probe: { kind: "log", pattern: "up" }, limitMs: 60_000 });
    expect(spec.ready).toBeUndefined();
    expect(spec.live).toMatchObject({ probe: { kind: "exec", command: "./alive", args: ["-q"] } });
  });
});

test("bays are told where to listen, and are ready when they have docked", () => {
  const [bay] = planned('[[bays.ws]]\nname = "cable"\ncommand = "./cable"\nstartup_timeout = "5s"\n');
  expect(bay?.startup?.limitMs).toBe(5000);
  expect(bay?.ready?.probe).toBe(bay?.live?.probe);
  expect(JSON.stringify(bay?.env)).toContain("/run/docks");
});

test("prelaunch jobs are tasks that end the launch when they fail, and may be tried again", () => {
  const job = '[[mothership.prelaunch]]\nname = "job"\ncommand = "j"\nrestart = "on-failure"\nmax_restarts = 2\n';
  expect(planTasks(read(job + ship()), surroundings)).toMatchObject([
    { name: "job", kind: "task", essential: true, cwd: "/srv/app", restart: { when: "on-failure", maxRestarts: 2 } },
  ]);
});

test("addresses are looked at only for ships that are going to listen", () => {
  const text = (line: string) => ship('bind = "3000"', line);
  expect(shipAddresses(read(text("")))).toEqual([{ ship: "app", address }]);
  expect([...shipAddresses(read(text("disabled = true"))), ...shipAddresses(read(text("oneshot = true")))]).toEqual([]);
});

test("a Node of the project itself comes first on the PATH, once", () => {
  const execPath = "/srv/app/node_modules/node/bin/node";
  const [spec] = planProcesses(read(ship()), { env: { PATH: "/bin:/srv/app/node_modules/node/bin" }, execPath }, docks);
  expect(spec?.env["PATH"]).toBe("/srv/app/node_modules/node/bin:/bin");
});
