import { writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { collect, env, eventually, isAlive, node, openFleet, shell } from "./support.ts";

describe("a process that ends by itself", () => {
  test("with 0 is complete when it is a task", async () => {
    await using fleet = openFleet([shell("job", "echo done", { kind: "task" })]);
    await fleet.supervisor.start();
    const { state, exits } = fleet.supervisor.get("job");
    expect(state).toBe("completed");
    expect(exits).toMatchObject([{ code: 0, signal: null, requested: false }]);
    await eventually("its last line", () => exits[0]!.lines[0] === "done");
  });

  test("with 1 is started again, later each time", async () => {
    await using fleet = openFleet([shell("web", "exit 1", { restart: { minDelayMs: 5, jitter: 0 } })]);
    const second = fleet.event("restartScheduled", ({ failures }) => failures === 2);
    await fleet.supervisor.start();
    expect(await second).toEqual({ name: "web", delayMs: 10, failures: 2 });
    expect(fleet.supervisor.get("web")).toMatchObject({ restarts: 2, healthy: false });
  });

  test("by SIGKILL is told apart from an exit code, and 137 is one", async () => {
    await using fleet = openFleet([shell("killed", "kill -KILL $$", { kind: "task" }), shell("code", "exit 137", { kind: "task" })]);
    await fleet.supervisor.start();
    expect((await fleet.until("killed", "failed")).exits).toMatchObject([{ code: null, signal: "SIGKILL" }]);
    expect((await fleet.until("code", "failed")).exits).toMatchObject([{ code: 137, signal: null }]);
  });

  test("and is essential ends the set with its own code once its restarts are spent", async () => {
    await using fleet = openFleet([shell("web", "exit 7", { essential: true, restart: { minDelayMs: 1, maxRestarts: 2 } })]);
    const lost = fleet.event("essentialLost");
    // Without a check it has started once its command runs.
    await fleet.supervisor.start();
    expect(await lost).toMatchObject({ name: "web", exitCode: 7 });
    expect(fleet.supervisor.get("web").exits).toHaveLength(3);
  });
});

describe("a command that cannot be started", () => {
  const folder = tempFolder();
  writeFileSync(folder.join("plain"), "text", { mode: 0o644 });

  test.each([
    ["is not there", { command: "mothership-no-such-command" }, "ENOENT", /in no folder of the PATH/],
    ["is not executable", { command: folder.join("plain") }, "EACCES", /not executable/],
    ["has a folder that is not there", { command: "/bin/sh", cwd: "/no/such/folder" }, "ENOTDIR", /no such folder/],
    ["is a command line", { command: "sh -c true" }, "ENOENT", /command = "sh" and args = \["-c", "true"\]/],
    ["runs as an unknown user", { command: "/bin/sh", user: "no-such-user" }, "EUSER", /no user/],
  ])("because it %s is a failure with its reason, not an exception", async (_, spec, code, reason) => {
    await using fleet = openFleet([{ name: "web", env, ...spec }]);
    const failed = fleet.event("startFailed");
    await fleet.supervisor.start();
    expect(await failed).toMatchObject({ name: "web", code, reason: expect.stringMatching(reason) });
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "backoff", reason: expect.stringMatching(/"web" cannot run/) });
  });

  test("fails the launch at once when it is essential", async () => {
    await using fleet = openFleet([{ name: "web", command: "mothership-no-such-command", env, essential: true }]);
    await expect(fleet.supervisor.start()).rejects.toMatchObject({
      code: "MS_START_FAILED",
      message: '"web" did not start: "web" cannot run "mothership-no-such-command": it is in no folder of the PATH',
    });
  });

  test("for a reason of the system is a failure too", async () => {
    // One argument may have 128 KiB on Linux; the system refuses more (E2BIG).
    await using fleet = openFleet([{ name: "web", command: "/bin/sh", args: ["-c", ":".repeat(3_000_000)], env }], {
      dieWithSupervisor: false,
    });
    const failed = fleet.event("startFailed");
    await fleet.supervisor.start();
    expect((await failed).code).toBe("E2BIG");
  });
});

describe("a process that is stopped", () => {
  test("and ignores SIGTERM is killed when its grace is over", async () => {
    await using fleet = openFleet([shell("web", "trap '' TERM; echo deaf; while :; do sleep 0.05; done", { stop: { graceMs: 150 } })]);
    await fleet.supervisor.start();
    await fleet.line(/deaf/);
    const { pid } = fleet.supervisor.get("web");
    await fleet.supervisor.stop(["web"]);
    expect(isAlive(pid!)).toBe(false);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "stopped", exits: [{ signal: "SIGKILL", requested: true }] });
  });

  test("while it is suspended hears the signal all the same", async () => {
    await using fleet = openFleet([shell("web", "trap 'echo bye; exit 0' TERM; echo set; kill -STOP $$; while :; do sleep 0.05; done")]);
    await fleet.supervisor.start();
    await fleet.line(/set/);
    await fleet.supervisor.stop(["web"]);
    expect(fleet.supervisor.get("web").exits).toMatchObject([{ code: 0, requested: true }]);
    await fleet.line(/bye/);
  });

  test("gets the signal that it asked for", async () => {
    await using fleet = openFleet([
      shell("web", "trap 'echo quit; exit 3' QUIT; trap 'echo term' TERM; echo set; while :; do sleep 0.05; done", {
        stop: { signal: "SIGQUIT" },
      }),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/set/);
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("web").exits).toMatchObject([{ code: 3, requested: true }]);
  });

  test("is told by its stop command, which knows its pid", async () => {
    await using fleet = openFleet([
      shell("web", "trap 'echo told; exit 0' USR1; trap '' TERM; echo set; while :; do sleep 0.05; done", {
        stop: { command: { command: "/bin/sh", args: ["-c", 'kill -USR1 "$MS_STOP_PID"'] } },
      }),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/set/);
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("web").exits).toMatchObject([{ code: 0 }]);
  });

  test("gets its signal when its stop command fails", async () => {
    await using fleet = openFleet([
      shell("web", "trap 'exit 5' TERM; echo set; while :; do sleep 0.05; done", {
        stop: { command: { command: "/bin/false", args: [] } },
      }),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/set/);
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("web").exits).toMatchObject([{ code: 5 }]);
  });

  test("sees the end of its open standard input", async () => {
    await using fleet = openFleet([shell("web", "trap '' TERM; echo set; cat; echo ended", { stdin: "open" })]);
    await fleet.supervisor.start();
    await fleet.line(/set/);
    await fleet.supervisor.stop();
    await fleet.line(/ended/);
    expect(fleet.supervisor.get("web").exits).toMatchObject([{ code: 0 }]);
  });
});

describe("output", () => {
  test("is read to its end when a process floods and ends", async () => {
    await using fleet = openFleet([
      node("flood", "for (let i = 1; i <= 200000; i++) process.stdout.write(String(i).padStart(99, '.') + '\\n')", { kind: "task" }),
    ]);
    await fleet.supervisor.start();
    await eventually("the last line", () => fleet.lines.at(-1)?.text.endsWith(".200000"));
    // Where the process was slow to write on, a line may have come in two pieces.
    expect(fleet.lines.filter(({ continued }) => !continued)).toHaveLength(200_000);
    expect(fleet.lines.at(-1)!.seq).toBe(fleet.lines.length);
    const kept = await collect(fleet.supervisor.logs("flood", { follow: false }));
    expect(kept).toHaveLength(1_000);
    expect(fleet.supervisor.get("flood").droppedLines).toBe(0);
  });

  test("may be closed by a process that lives on", async () => {
    await using fleet = openFleet([shell("quiet", "echo before; exec >&- 2>&-; sleep 60")]);
    await fleet.supervisor.start();
    await fleet.line(/before/);
    expect(fleet.supervisor.get("quiet").state).toBe("up");
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("quiet").state).toBe("stopped");
  });

  test("keeps the two streams apart, splits at newlines only, and gives on what is not finished", async () => {
    await using fleet = openFleet([shell("web", "echo out; echo err >&2; printf 'no newline'; sleep 60")]);
    await fleet.supervisor.start();
    await fleet.line(/no newline/);
    const seen = fleet.lines.map(({ stream, text, continued }) => ({ stream, text, continued }));
    expect(seen).toContainEqual({ stream: "stdout", text: "out", continued: false });
    expect(seen).toContainEqual({ stream: "stderr", text: "err", continued: false });
    expect(seen).toContainEqual({ stream: "stdout", text: "no newline", continued: true });
  });
});

describe("the world of a process", () => {
  test("is its own environment, folder and session, with nothing of ours", async () => {
    using folder = tempFolder();
    await using fleet = openFleet([
      shell("web", "pwd; env | sort; ps -o sid= -p $$; echo $$; echo end; sleep 60", { cwd: folder.path, env: { ...env, A: "1" } }),
    ]);
    await fleet.supervisor.start();
    const { pid } = fleet.supervisor.get("web");
    await fleet.line(/^end$/);
    const lines = fleet.lines.map(({ text }) => text.trim());
    expect(lines).toContain(folder.path);
    expect(lines).toContain("A=1");
    expect(lines).toContain(`MS_COOKIE=${fleet.fleetId}:web:1`);
    expect(lines.filter((line) => line === String(pid))).toHaveLength(2);
    expect(lines.some((line) => line.startsWith("VITEST"))).toBe(false);
  });

  test.runIf(process.getuid?.() === 0)("is that of another user when it asks for it", async () => {
    await using fleet = openFleet([shell("web", "id -un; id -gn; sleep 60", { user: "nobody" })]);
    await fleet.supervisor.start();
    await fleet.line(/nogroup|nobody/);
    expect(fleet.lines[0]).toMatchObject({ text: "nobody" });
  });
});
