import { describe, expect, test } from "vitest";
import { openFleet, shell } from "./support.ts";

const forever = "exec sleep 300";

describe("applying specifications", () => {
  test("touches only what differs", async () => {
    await using fleet = openFleet([shell("same", forever), shell("other", forever), shell("settings", forever), shell("gone", forever)]);
    await fleet.supervisor.start();
    const before = new Map(fleet.supervisor.snapshot().map(({ name, pid }) => [name, pid]));
    const applied = await fleet.supervisor.apply([
      shell("same", forever),
      shell("other", `: changed; ${forever}`),
      shell("settings", forever, { stop: { graceMs: 500 }, restart: { maxRestarts: 3 } }),
      shell("new", forever, { dependsOn: ["same"] }),
    ]);
    expect(applied).toEqual({ added: ["new"], removed: ["gone"], replaced: ["other"], updated: ["settings"] });
    const after = new Map(fleet.supervisor.snapshot().map(({ name, pid }) => [name, pid]));
    expect([...after.keys()]).toEqual(["same", "other", "settings", "new"]);
    expect(after.get("same")).toBe(before.get("same"));
    expect(after.get("settings")).toBe(before.get("settings"));
    expect(after.get("other")).not.toBe(before.get("other"));
    expect(fleet.supervisor.get("other")).toMatchObject({ state: "up", generation: 2 });
    expect(() => fleet.supervisor.get("gone")).toThrowError(expect.objectContaining({ code: "MS_PROCESS_UNKNOWN" }));
  });

  test("uses the new environment, and drops variables that are gone", async () => {
    // pm2#3192: edits of the environment were silently not used.
    await using fleet = openFleet([shell("web", 'echo "A=$A B=$B."; exec sleep 300', { env: { PATH: "/usr/bin:/bin", A: "1" } })]);
    await fleet.supervisor.start();
    await fleet.line(/^A=1 B=\.$/);
    await fleet.supervisor.apply([shell("web", 'echo "A=$A B=$B."; exec sleep 300', { env: { PATH: "/usr/bin:/bin", B: "2" } })]);
    await fleet.line(/^A= B=2\.$/);
  });

  test("leaves stopped what was stopped by hand", async () => {
    await using fleet = openFleet([shell("web", forever), shell("side", forever)]);
    await fleet.supervisor.start();
    await fleet.supervisor.stop(["web"]);
    await fleet.supervisor.apply([shell("web", `: new; ${forever}`), shell("side", forever)]);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "stopped", desired: "stop" });
    await fleet.supervisor.start(["web"]);
    expect(fleet.supervisor.get("web").state).toBe("up");
  });

  test("that are invalid changes nothing", async () => {
    await using fleet = openFleet([shell("web", forever)]);
    await fleet.supervisor.start();
    const { pid } = fleet.supervisor.get("web");
    const invalid = [
      shell("web", forever, { dependsOn: ["app"] }),
      shell("app", forever, { dependsOn: ["web"] }),
      shell("app", forever, { dependsOn: ["web"] }),
    ];
    await expect(fleet.supervisor.apply(invalid)).rejects.toMatchObject({
      code: "MS_SPEC_INVALID",
      problems: ['"app" is there twice', '"web" depends on itself: web -> app -> web'],
    });
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "up", pid });
    expect(fleet.supervisor.specs).toHaveLength(1);
  });

  test("whose process does not start fails, and applying the old ones goes back", async () => {
    const old = [shell("web", forever, { essential: true }), shell("kept", forever)];
    await using fleet = openFleet(old);
    await fleet.supervisor.start();
    const kept = fleet.supervisor.get("kept").pid;
    const bad = shell("web", "echo cannot bind; sleep 300", {
      essential: true,
      startup: { probe: { kind: "log", pattern: "listening" }, limitMs: 50 },
      restart: { when: "never" },
    });
    await expect(fleet.supervisor.apply([bad])).rejects.toMatchObject({ code: "MS_START_FAILED", process: "web", lines: ["cannot bind"] });
    await fleet.supervisor.apply(old);
    expect(fleet.supervisor.snapshot()).toMatchObject([
      { name: "web", state: "up" },
      { name: "kept", state: "up", pid: kept },
    ]);
  });

  test("starts a process anew when it gets a check, or has none any more", async () => {
    await using fleet = openFleet([shell("web", forever)]);
    await fleet.supervisor.start();
    const ready = { probe: async () => undefined };
    expect(await fleet.supervisor.apply([shell("web", forever, { ready })])).toMatchObject({ replaced: ["web"] });
    expect(fleet.supervisor.get("web").state).toBe("ready");
    expect(await fleet.supervisor.apply([shell("web", forever, { ready: { ...ready, intervalMs: 50 } })])).toMatchObject({
      updated: ["web"],
    });
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "ready", incarnation: 2 });
    await fleet.supervisor.apply([shell("web", forever)]);
    expect(fleet.supervisor.get("web").state).toBe("up");
  });

  test("switches processes off and on", async () => {
    await using fleet = openFleet([shell("web", forever)]);
    await fleet.supervisor.start();
    await fleet.supervisor.apply([shell("web", forever, { disabled: true })]);
    await fleet.until("web", "disabled");
    await fleet.supervisor.apply([shell("web", forever)]);
    expect(fleet.supervisor.get("web").state).toBe("up");
  });

  test("one after another when asked for at once", async () => {
    await using fleet = openFleet([shell("web", forever)]);
    await fleet.supervisor.start();
    const first = fleet.supervisor.apply([shell("web", forever), shell("a", forever)]);
    const second = fleet.supervisor.apply([shell("web", forever), shell("b", forever)]);
    expect(await first).toMatchObject({ added: ["a"] });
    expect(await second).toMatchObject({ added: ["b"], removed: ["a"] });
    expect(fleet.supervisor.snapshot().map(({ name }) => name)).toEqual(["web", "b"]);
  });
});
