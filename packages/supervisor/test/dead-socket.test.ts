import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { type Logger, silentLogger } from "@mothership/kernel";
import { FakeClock, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { removeDeadSocket } from "../src/dead-socket.ts";
import type { ProcessSpec } from "../src/index.ts";
import { deps, node, once, openFleet } from "./support.ts";

/** A server on a Unix socket. Told so (SIGUSR2), it leaves with its file behind. */
function server(path: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  const program = `
    process.on("SIGUSR2", () => process.exit(0));
    require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("listening"));`;
  return node("web", program, { socketPath: path, ready: { probe: { kind: "unix", path } }, ...more });
}

async function listenAt(path: string): Promise<Server> {
  const listener = createServer((socket) => socket.destroy()).listen(path);
  await once(listener, "listening");
  return listener;
}

/** What a server leaves that was killed: it takes away only the name that it was given. */
async function leaveSocketAt(path: string): Promise<void> {
  const listener = await listenAt(`${path}.0`);
  renameSync(`${path}.0`, path);
  await new Promise((resolve) => listener.close(resolve));
  expect(lstatSync(path).isSocket()).toBe(true);
}

/** A log that keeps its warnings. */
function warnings(): { readonly log: Logger; readonly said: readonly unknown[] } {
  const said: unknown[] = [];
  return { log: { ...silentLogger, warn: (message, fields) => said.push({ message, ...fields }) }, said };
}

/** Whatever waits for a time finds that it has passed. */
class HastyClock extends FakeClock {
  override timer(_ms: number, run: () => void): Disposable {
    run();
    return { [Symbol.dispose]: () => undefined };
  }
}

const never = new AbortController().signal;

describe("a server on a Unix socket whose file outlives it", () => {
  test("comes back after SIGKILL, at its first try", async () => {
    using folder = tempFolder();
    await using fleet = openFleet([server(folder.join("a.sock"))]);
    const { supervisor } = fleet;
    await supervisor.start();
    const back = fleet.event("stateChanged", ({ name, to }) => name === "web" && to === "ready");
    process.kill(supervisor.get("web").pid!, "SIGKILL");
    await back;
    expect(supervisor.get("web")).toMatchObject({ state: "ready", incarnation: 2, failures: 1 });
  });

  test("comes back when it leaves by process.exit, by itself or on restart", async () => {
    using folder = tempFolder();
    await using fleet = openFleet([server(folder.join("a.sock"), { stop: { signal: "SIGUSR2" } })]);
    const { supervisor } = fleet;
    await supervisor.start();
    const back = fleet.event("stateChanged", ({ name, to }) => name === "web" && to === "ready");
    supervisor.signal("web", "SIGUSR2");
    await back;
    await supervisor.restart("web");
    expect(supervisor.get("web")).toMatchObject({ state: "ready", incarnation: 3 });
    await supervisor.stop();
    expect(existsSync(folder.join("a.sock"))).toBe(true);
    await supervisor.start();
    expect(supervisor.get("web")).toMatchObject({ state: "ready", incarnation: 4 });
  });

  test("finds out by itself that somebody else listens there: that one is left alone", async () => {
    using folder = tempFolder();
    const path = folder.join("a.sock");
    const stranger = await listenAt(path);
    const { ino } = lstatSync(path);
    await using fleet = openFleet([
      server(path, { essential: true, restart: { when: "never" }, ready: { probe: { kind: "log", pattern: "^listening$" } } }),
    ]);
    await expect(fleet.supervisor.start()).rejects.toMatchObject({
      code: "MS_START_FAILED",
      lines: expect.arrayContaining([expect.stringContaining("EADDRINUSE")]),
    });
    expect([stranger.listening, lstatSync(path).ino]).toEqual([true, ino]);
    await new Promise((resolve) => stranger.close(resolve));
  });

  test("finds out by itself that a regular file is in its place, which is left as it is", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("a.sock"), "kept");
    await using fleet = openFleet([server(folder.join("a.sock"), { essential: true, restart: { when: "never" } })]);
    await expect(fleet.supervisor.start()).rejects.toMatchObject({
      code: "MS_START_FAILED",
      lines: expect.arrayContaining([expect.stringContaining("EADDRINUSE")]),
    });
    expect(readFileSync(folder.join("a.sock"), "utf8")).toBe("kept");
  });

  test("can be stopped while its place is looked at: it was never started, and can be later", async () => {
    using folder = tempFolder();
    const path = folder.join("a.sock");
    await leaveSocketAt(path);
    await using fleet = openFleet([server(path)]);
    const { supervisor } = fleet;
    const started: unknown[] = [];
    supervisor.events.on("started", (event) => started.push(event));
    const overtaken = expect(supervisor.start()).rejects.toMatchObject({ code: "MS_SUPERSEDED" });
    expect(supervisor.get("web")).toMatchObject({ state: "starting", incarnation: 1 });
    await supervisor.stop();
    await overtaken;
    expect(supervisor.get("web")).toMatchObject({ state: "stopped", failures: 0, exits: [] });
    expect(started).toEqual([]);
    await supervisor.start();
    expect(started).toEqual([expect.objectContaining({ incarnation: 2 })]);
  });

  test("can be restarted while its place is looked at: it is started once", async () => {
    using folder = tempFolder();
    await using fleet = openFleet([server(folder.join("a.sock"))]);
    const started: number[] = [];
    fleet.supervisor.events.on("started", ({ incarnation }) => started.push(incarnation));
    const first = fleet.supervisor.start();
    await Promise.all([first, fleet.supervisor.restart("web")]);
    expect(started).toEqual([2]);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "ready", failures: 0 });
  });

  test("leaves nothing when the supervisor is closed while its place is looked at", async () => {
    using folder = tempFolder();
    await using fleet = openFleet([server(folder.join("a.sock"))]);
    const overtaken = fleet.supervisor.start().catch((error: unknown) => error);
    await fleet.supervisor.close();
    expect(await overtaken).toMatchObject({ code: "MS_SUPERSEDED" });
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "stopped", exits: [] });
  });

  test("needs an absolute path", () => {
    expect(() => openFleet([server("a.sock")])).toThrow(/"web" has a socket path that is not absolute/);
  });
});

describe("what stands where a socket is to be", () => {
  test("goes only when it is a socket that nobody answers on", async () => {
    using folder = tempFolder();
    const path = folder.join("a.sock");
    await removeDeadSocket("web", path, deps, never);
    await leaveSocketAt(path);
    await removeDeadSocket("web", path, deps, never);
    expect(existsSync(path)).toBe(false);

    writeFileSync(folder.join("file"), "kept");
    mkdirSync(folder.join("folder"));
    await leaveSocketAt(path);
    symlinkSync(path, folder.join("link"));
    const { log, said } = warnings();
    for (const name of ["file", "folder", "link"]) await removeDeadSocket("web", folder.join(name), { ...deps, log }, never);
    expect(readFileSync(folder.join("file"), "utf8")).toBe("kept");
    expect(lstatSync(folder.join("folder")).isDirectory()).toBe(true);
    expect(lstatSync(folder.join("link")).isSymbolicLink()).toBe(true);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(said).toEqual([]);
  });

  test("is a warning when it cannot be looked at", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("file"), "");
    const { log, said } = warnings();
    await removeDeadSocket("web", folder.join("file", "a.sock"), { ...deps, log }, never);
    expect(said).toEqual([expect.objectContaining({ ship: "web", reason: expect.stringContaining("ENOTDIR") })]);
  });

  test("stays when the look took too long, with a warning, or was called off, without one", async () => {
    using folder = tempFolder();
    const path = folder.join("a.sock");
    await leaveSocketAt(path);
    const { log, said } = warnings();
    await removeDeadSocket("web", path, { clock: new HastyClock(), log }, never);
    const stopped = new AbortController();
    const calledOff = removeDeadSocket("web", path, { ...deps, log }, stopped.signal);
    stopped.abort(new Error("stopped"));
    await calledOff;
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(said).toEqual([expect.objectContaining({ reason: "looking at a socket file: the deadline of 500 ms passed" })]);
  });
});
