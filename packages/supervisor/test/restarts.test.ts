import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventually, isAlive, node, openFleet, shell } from "./support.ts";

const forever = "exec sleep 300";

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

describe("many restarts", () => {
  test.runIf(process.platform === "linux")("leave no descriptor and no timer behind", { timeout: 60_000 }, async () => {
    await using fleet = openFleet([shell("web", forever, { restart: { stableMs: 0, crashLoopPeriodMs: 1 } }), shell("hand", forever)]);
    await fleet.supervisor.start();
    const round = async (): Promise<void> => {
      const { pid, incarnation } = fleet.supervisor.get("web");
      const again = fleet.event("started", (event) => event.name === "web" && event.incarnation === incarnation + 1);
      process.kill(pid!, "SIGKILL");
      await again;
      await fleet.supervisor.restart("hand");
    };
    for (let n = 0; n < 5; n++) await round();
    const before = { descriptors: openDescriptors(), resources: process.getActiveResourcesInfo().length };
    for (let n = 0; n < 100; n++) await round();
    await eventually("as few descriptors as before", () => openDescriptors() <= before.descriptors);
    await eventually("as few timers and handles as before", () => process.getActiveResourcesInfo().length <= before.resources);
    expect(fleet.supervisor.get("hand")).toMatchObject({ incarnation: 106, failures: 0, exits: expect.objectContaining({ length: 5 }) });
  });
});

describe("when starts are held", () => {
  test("one that ends stays down, what needs it runs on, and the end is as orderly as ever", async () => {
    await using fleet = openFleet([
      shell("web", forever),
      shell("worker", forever, { dependsOn: [{ on: "web", condition: "started", onLost: "restart" }] }),
    ]);
    const { supervisor } = fleet;
    await supervisor.start();
    const worker = supervisor.get("worker").pid;
    supervisor.holdStarts();
    const down = fleet.event("stateChanged", ({ name, to }) => name === "web" && to === "waiting");
    process.kill(supervisor.get("web").pid!, "SIGKILL");
    await down;
    await new Promise((resolve) => setImmediate(resolve));
    expect(supervisor.get("web")).toMatchObject({ incarnation: 1, state: "waiting" });
    expect(supervisor.get("worker")).toMatchObject({ pid: worker, state: "up" });
    await supervisor.close();
    expect(supervisor.snapshot().map(({ state }) => state)).toEqual(["stopped", "stopped"]);
  });
});

describe("memory", () => {
  test("is that of the whole family", async () => {
    const program = `
      const { spawn } = require("child_process");
      if (process.argv[1] !== "inner") spawn(process.execPath, ["-e", "globalThis.held = Buffer.alloc(60e6, 1); console.log('held'); setInterval(() => {}, 1000)"], { stdio: "inherit" });
      setInterval(() => {}, 1000);`;
    await using fleet = openFleet([node("web", program)], { memoryIntervalMs: 20 });
    await fleet.supervisor.start();
    await fleet.line(/held/);
    const sample = await fleet.event("memorySampled", ({ processes, rssBytes }) => processes === 2 && rssBytes > 120e6);
    expect(sample.virtualBytes).toBeGreaterThan(sample.rssBytes);
    expect(fleet.supervisor.get("web").memory).toMatchObject({ processes: 2 });
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("web").memory).toBeUndefined();
  });

  test("over its limit for three samples is a restart in order that is nobody's failure", async () => {
    await using fleet = openFleet(
      [shell("web", forever, { memoryLimitBytes: 1 }), shell("other", forever, { memoryLimitBytes: 2 ** 40 })],
      {
        memoryIntervalMs: 10,
      },
    );
    const samples: string[] = [];
    fleet.supervisor.events.on("memorySampled", ({ name }) => samples.push(name));
    await fleet.supervisor.start();
    const { reason } = await fleet.event("stateChanged", ({ to }) => to === "draining");
    expect(reason).toMatch(/^memory of \d+ bytes is over the limit of 1$/);
    expect(samples.filter((name) => name === "web")).toHaveLength(3);
    await fleet.event("stateChanged", ({ to }) => to === "draining");
    // Counted anew for the next one.
    expect(samples.filter((name) => name === "web").length).toBeGreaterThanOrEqual(6);
    expect(fleet.supervisor.get("web")).toMatchObject({ failures: 0, incarnation: 2 });
    expect(fleet.supervisor.get("other").incarnation).toBe(1);
  });
});

// What the users of other supervisors reported, as tests.
describe("regressions of others", () => {
  test("pm2#6084: a restart does not leave a grandchild on the port", async () => {
    const server = "require('net').createServer().listen(Number(process.env.PORT), '127.0.0.1', () => console.log('bound ' + process.pid))";
    const { createServer } = await import("node:net");
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    // A wrapper as package managers are: it runs the server as its child and does not forward signals.
    const wrapped = shell("web", `"${process.execPath}" -e "${server}" & wait`, {
      env: { PATH: process.env["PATH"]!, PORT: String(port) },
      startup: { probe: { kind: "tcp", host: "127.0.0.1", port }, intervalMs: 20 },
    });
    await using fleet = openFleet([wrapped]);
    await fleet.supervisor.start();
    await fleet.supervisor.restart("web");
    const numbers = (): number[] =>
      fleet.lines
        .map(({ text }) => /bound (\d+)/.exec(text)?.[1])
        .filter(Boolean)
        .map(Number);
    // The check may find the port open before the line that says so has been read.
    await eventually("both lines", () => numbers().length > 1);
    const bound = numbers();
    expect(bound).toHaveLength(2);
    expect(isAlive(bound[0]!)).toBe(false);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "ready", failures: 0 });
  });

  test("a stop of one while all are being started leaves the others to their start, if that is asked for", async () => {
    await using fleet = openFleet([
      shell("slow", "sleep 300", { startup: { probe: { kind: "exec", command: "false" } }, essential: true }),
      shell("next", "sleep 300", { dependsOn: ["slow"], essential: true }),
      shell("other", "sleep 300", { essential: true }),
    ]);
    const begun = fleet.event("started", ({ name }) => name === "slow");
    const started = fleet.supervisor.start(undefined, { leaveStopped: true });
    await begun;
    await fleet.supervisor.stop(["slow"]);
    await started;
    expect(fleet.supervisor.snapshot().map(({ name, state }) => [name, state])).toEqual([
      ["slow", "stopped"],
      ["next", "waiting"],
      ["other", "up"],
    ]);
  });

  test("pm2#4567: many commands at once leave one process, in the state that was asked for last", async () => {
    await using fleet = openFleet([shell("web", forever)]);
    const { supervisor } = fleet;
    const quietly = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: { code?: string }) => expect(error.code).toBe("MS_SUPERSEDED"));
    const all: Promise<unknown>[] = [];
    for (let n = 0; n < 20; n++) all.push(quietly(supervisor.start()), quietly(supervisor.restart("web")), quietly(supervisor.stop()));
    all.push(quietly(supervisor.restart("web")), quietly(supervisor.start()));
    await Promise.all(all);
    expect(supervisor.get("web")).toMatchObject({ state: "up", desired: "run" });
    await Promise.all([supervisor.start(), supervisor.start(), supervisor.start()]);
    const starts = fleet.changes.filter((change) => change === "web waiting>starting").length;
    expect(supervisor.get("web").incarnation).toBe(starts);
  });

  test("Supervisor#807: nothing is done while nothing happens", async () => {
    await using fleet = openFleet(Array.from({ length: 20 }, (_, index) => shell(`p${index}`, forever)));
    await fleet.supervisor.start();
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user, system } = process.cpuUsage(before);
    // Of 300 ms; the test runner's own work is in it.
    expect((user + system) / 1_000).toBeLessThan(100);
  });

  test("process-compose#530: a process that is stopped while it is being started, or delayed, does not get stuck", async () => {
    await using fleet = openFleet([
      shell("starting", forever, { startup: { probe: async () => Promise.reject(new Error("never")) } }),
      shell("delayed", "exit 1", { restart: { minDelayMs: 60_000 } }),
      shell("waiting", forever, { dependsOn: ["starting"] }),
    ]);
    const started = fleet.supervisor.start().catch(() => undefined);
    await fleet.until("starting", "starting");
    await fleet.until("delayed", "backoff");
    await fleet.supervisor.stop();
    await started;
    expect(fleet.supervisor.snapshot().map(({ state }) => state)).toEqual(["stopped", "stopped", "stopped"]);
  });

  test("process-compose#520, Supervisor#1101: a stop takes the children of a shell with it", async () => {
    await using fleet = openFleet([shell("web", "sleep 300 & echo child $!; sleep 301 & echo child $!; wait")]);
    await fleet.supervisor.start();
    await eventually("both children", () => fleet.lines.length === 2);
    const children = fleet.lines.map(({ text }) => Number(text.split(" ")[1]));
    await fleet.supervisor.stop();
    expect(children.filter(isAlive)).toEqual([]);
  });
});

test("a hundred processes are stopped quickly", async () => {
  await using fleet = openFleet(Array.from({ length: 100 }, (_, index) => shell(`p${index}`, forever)));
  await fleet.supervisor.start();
  const from = performance.now();
  await fleet.supervisor.stop();
  // The goal is half a second; the machine of a test may be busy.
  expect(performance.now() - from).toBeLessThan(3_000);
});
