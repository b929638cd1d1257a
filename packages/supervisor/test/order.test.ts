import { gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { ProbeFunction } from "../src/index.ts";
import { runTasks } from "../src/index.ts";
import { deps, env, eventually, openFleet, shell } from "./support.ts";

const forever = "exec sleep 300";

/** A probe that passes once the gate is open. */
function openable(): { readonly probe: ProbeFunction; open(): void } {
  const { opened, open } = gate();
  let isOpen = false;
  opened.then(
    () => {
      isOpen = true;
    },
    () => undefined,
  );
  return {
    open,
    probe: async () => {
      if (!isOpen) throw new Error("closed");
    },
  };
}

describe("starting", () => {
  test("waits for each dependency in its own way, without barriers", async () => {
    const ready = openable();
    await using fleet = openFleet([
      shell("app", forever, { dependsOn: ["migrate", "db", { on: "log", condition: "log", pattern: "^listening" }] }),
      shell("migrate", "echo migrated", { kind: "task" }),
      shell("db", forever, { startup: { probe: ready.probe, intervalMs: 5 } }),
      shell("log", `echo starting; echo 'listening on 1'; ${forever}`),
      shell("side", forever),
    ]);
    const started = fleet.supervisor.start();
    // What depends on nothing is there although the rest waits.
    await fleet.until("side", "up");
    await fleet.until("migrate", "completed");
    expect(fleet.supervisor.get("app")).toMatchObject({
      state: "waiting",
      waitsFor: expect.arrayContaining(['"db" is to be ready; it is starting']),
    });
    ready.open();
    await started;
    expect(fleet.supervisor.get("app")).toMatchObject({ state: "up", waitsFor: [] });
  });

  test("takes what a name depends on along, and nothing else", async () => {
    await using fleet = openFleet([shell("app", forever, { dependsOn: ["db"] }), shell("db", forever), shell("other", forever)]);
    await fleet.supervisor.start(["app"]);
    expect(fleet.supervisor.snapshot().map(({ state }) => state)).toEqual(["up", "up", "stopped"]);
  });

  test("has only so many processes in it at once", async () => {
    let now = 0;
    let most = 0;
    const gates = Array.from({ length: 9 }, openable);
    const specs = gates.map(({ probe }, index) => shell(`p${index}`, forever, { startup: { probe, intervalMs: 5 } }));
    await using fleet = openFleet(specs, { maxStarting: 3 });
    fleet.supervisor.events.on("stateChanged", ({ from, to }) => {
      if (to === "starting") now++;
      if (from === "starting") now--;
      most = Math.max(most, now);
    });
    const started = fleet.supervisor.start();
    await fleet.until("p2", "starting");
    expect(fleet.supervisor.get("p3").state).toBe("waiting");
    for (const { open } of gates) open();
    await started;
    expect(most).toBe(3);
  });

  test("of an essential process fails when what it depends on failed for good", async () => {
    await using fleet = openFleet([
      shell("app", forever, { dependsOn: ["migrate"], essential: true }),
      shell("migrate", "echo no such table >&2; exit 3", { kind: "task" }),
    ]);
    await expect(fleet.supervisor.start()).rejects.toMatchObject({
      code: "MS_TASK_FAILED",
      task: "migrate",
      lines: ["no such table"],
    });
    expect(fleet.supervisor.get("app")).toMatchObject({ state: "waiting", waitsFor: ['"migrate" is to be completed; it is failed'] });
    // process-compose#280: what waits for ever does not hold up the end.
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("app").state).toBe("stopped");
  });

  test("ends for who waits when the process is told to stop, or the caller gives up", async () => {
    await using fleet = openFleet([shell("app", forever, { startup: { probe: async () => Promise.reject(new Error("never")) } })]);
    const started = fleet.supervisor.start();
    const refused = expect(started).rejects.toMatchObject({ code: "MS_SUPERSEDED", process: "app" });
    await fleet.until("app", "starting");
    await fleet.supervisor.stop(["app"]);
    await refused;
    const ending = new AbortController();
    const again = expect(fleet.supervisor.start(undefined, { signal: ending.signal })).rejects.toThrow("enough");
    ending.abort(new Error("enough"));
    await again;
    expect(fleet.supervisor.get("app").desired).toBe("run");
  });

  test("refuses names that are not there, and what is disabled", async () => {
    await using fleet = openFleet([shell("off", forever, { disabled: true })]);
    await expect(fleet.supervisor.start(["web"])).rejects.toMatchObject({ code: "MS_PROCESS_UNKNOWN" });
    await expect(fleet.supervisor.start(["off"])).rejects.toMatchObject({
      code: "MS_PROCESS_DISABLED",
      message: '"off" is disabled in its definition; change that and reload to start it',
    });
    await fleet.supervisor.start();
    expect(fleet.supervisor.get("off").state).toBe("disabled");
  });

  test("again does not run a task again that is complete, unless it is named", async () => {
    await using fleet = openFleet([shell("job", "true", { kind: "task" }), shell("app", forever, { dependsOn: ["job"] })]);
    await fleet.supervisor.start();
    await fleet.supervisor.start();
    await fleet.supervisor.start(["app"]);
    expect(fleet.supervisor.get("job").incarnation).toBe(1);
    await fleet.supervisor.start(["job"]);
    expect(fleet.supervisor.get("job").incarnation).toBe(2);
  });
});

describe("stopping", () => {
  test("goes against the dependencies, what is independent side by side", async () => {
    const trap = (name: string): string => `trap 'exit 0' TERM; echo ${name} up; while :; do sleep 0.02; done`;
    await using fleet = openFleet([
      shell("db", trap("db")),
      shell("app", trap("app"), { dependsOn: ["db"] }),
      shell("web", trap("web"), { dependsOn: ["app"] }),
      shell("side", trap("side")),
    ]);
    await fleet.supervisor.start();
    for (const name of ["db", "app", "web", "side"]) await fleet.line(new RegExp(`${name} up`));
    await fleet.supervisor.stop();
    const order = fleet.changes.filter((change) => />(stopping|stopped)$/.test(change));
    const at = (change: string): number => order.findIndex((one) => one.endsWith(change));
    expect(at("web sweeping>stopped")).toBeLessThan(at("app draining>stopping"));
    expect(at("app sweeping>stopped")).toBeLessThan(at("db draining>stopping"));
    expect(at("side draining>stopping")).toBeLessThan(at("web sweeping>stopped"));
  });

  test("is called off for what is started again before its turn has come", async () => {
    await using fleet = openFleet([
      shell("db", forever),
      shell("app", "trap 'sleep 0.2; exit 0' TERM; echo up; while :; do sleep 0.02; done", { dependsOn: ["db"] }),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/up/);
    const stopped = fleet.supervisor.stop();
    await fleet.until("app", "stopping");
    await fleet.supervisor.start(["db"]);
    await stopped;
    expect(fleet.supervisor.snapshot()).toMatchObject([
      { name: "db", state: "up", incarnation: 1 },
      { name: "app", state: "stopped" },
    ]);
  });

  test("waits for the drain hook, but not for ever, and only for what runs", async () => {
    const asked: string[] = [];
    const drained = gate();
    await using fleet = openFleet(
      [shell("slow", forever, { stop: { drainMs: 50 } }), shell("quick", forever), shell("idle", forever)],
      {},
      {
        drain: async (name, { signal }) => {
          asked.push(name);
          if (name === "slow") await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          else await drained.opened;
        },
      },
    );
    await fleet.supervisor.start(["slow", "quick"]);
    const stopped = fleet.supervisor.stop();
    await fleet.until("slow", "stopped");
    expect(fleet.supervisor.get("quick").state).toBe("draining");
    drained.open();
    await stopped;
    expect(asked.toSorted()).toEqual(["quick", "slow"]);
  });

  test("goes on when the drain hook fails", async () => {
    await using fleet = openFleet([shell("web", forever)], {}, { drain: () => Promise.reject(new Error("no route")) });
    await fleet.supervisor.start();
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("web").state).toBe("stopped");
  });

  test("by close kills what is left when the signal fires, and leaves nothing", async () => {
    const deaf = "trap '' TERM; echo deaf; while :; do sleep 0.05; done";
    await using fleet = openFleet([shell("a", deaf), shell("b", deaf, { dependsOn: ["a"] })]);
    await fleet.supervisor.start();
    await eventually("both", () => fleet.lines.length === 2);
    const ending = new AbortController();
    const closed = fleet.supervisor.close({ signal: ending.signal });
    await fleet.until("b", "stopping");
    ending.abort();
    await closed;
    expect(fleet.supervisor.snapshot().map(({ exits }) => exits[0]?.signal)).toEqual(["SIGKILL", "SIGKILL"]);
    await expect(fleet.supervisor.start()).rejects.toMatchObject({
      code: "MS_SUPERVISOR_CLOSED",
      message: expect.stringMatching(/^Nothing is started/),
    });
  });

  test("a process that restarts does not let it start again", async () => {
    await using fleet = openFleet([shell("web", "exit 1", { restart: { minDelayMs: 30, jitter: 0 } })]);
    await fleet.supervisor.start();
    await fleet.until("web", "backoff");
    await fleet.supervisor.stop();
    const { incarnation } = fleet.supervisor.get("web");
    await deps.clock.sleep(60);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "stopped", incarnation, desired: "stop" });
  });
});

describe("a dependency that goes down", () => {
  test.each([
    ["ignore", "up", 1],
    ["restart", "up", 2],
    ["stop", "stopped", 1],
  ] as const)("is met with %s", async (onLost, state, incarnation) => {
    await using fleet = openFleet([shell("db", forever), shell("app", forever, { dependsOn: [{ on: "db", onLost }] })]);
    await fleet.supervisor.start();
    await fleet.supervisor.restart("db");
    await eventually(`app ${state}`, () => {
      const app = fleet.supervisor.get("app");
      return app.state === state && app.incarnation === incarnation;
    });
  });

  test("holds back the restart of what crashed meanwhile, and does not count it", async () => {
    await using fleet = openFleet([
      shell("db", forever, { restart: { minDelayMs: 200, jitter: 0 } }),
      shell("app", "sleep 300", { dependsOn: ["db"], restart: { minDelayMs: 1 } }),
    ]);
    await fleet.supervisor.start();
    process.kill(fleet.supervisor.get("db").pid!, "SIGKILL");
    await fleet.until("db", "backoff");
    process.kill(fleet.supervisor.get("app").pid!, "SIGKILL");
    await fleet.event("stateChanged", ({ name, to }) => name === "app" && to === "waiting");
    expect(fleet.supervisor.get("app")).toMatchObject({ failures: 0, waitsFor: ['"db" is to be started; it is backoff'] });
    await fleet.until("app", "up");
  });
});

describe("tasks", () => {
  test("run in the order of their dependencies, and the promise resolves when all are complete", async () => {
    const lines: string[] = [];
    const sink = { name: "test", write: ({ text }: { readonly text: string }) => lines.push(text) > 0, onDrain: () => undefined };
    await runTasks([shell("second", "echo two", { dependsOn: ["first"] }), shell("first", "sleep 0.05; echo one")], {
      ...deps,
      sinks: [sink],
    });
    expect(lines).toEqual(["one", "two"]);
  });

  test("that fail reject with their last words, and nothing that depends on them was started", async () => {
    const started: string[] = [];
    const sink = { name: "test", write: ({ text }: { readonly text: string }) => started.push(text) > 0, onDrain: () => undefined };
    const failed = runTasks(
      [shell("first", "echo 'no such table' >&2; exit 3"), shell("second", "echo started", { dependsOn: ["first"] })],
      {
        ...deps,
        sinks: [sink],
      },
    );
    await expect(failed).rejects.toMatchObject({ code: "MS_TASK_FAILED", task: "first", exitCode: 3, lines: ["no such table"] });
    expect(started).toEqual(["no such table"]);
  });

  test("that cannot be found fail with the reason", async () => {
    await expect(runTasks([{ name: "migrate", command: "mothership-no-such-command", env }], deps)).rejects.toMatchObject({
      code: "MS_TASK_FAILED",
      message: expect.stringMatching(/in no folder of the PATH/),
      exitCode: null,
    });
  });

  test("end when the signal fires", async () => {
    const ending = new AbortController();
    const running = runTasks([shell("long", "exec sleep 300")], deps, { signal: ending.signal });
    const refused = expect(running).rejects.toThrow("enough");
    ending.abort(new Error("enough"));
    await refused;
  });
});
