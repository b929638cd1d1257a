import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname } from "node:path";
import { silentLogger, systemClock } from "@mothership/kernel";
import { eventually, gate, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { askPid, connectControl } from "../src/client.ts";
import { UnitUnknownError } from "../src/errors.ts";
import type { ControlLogLine, FleetControl, FleetSnapshot, ReloadPlan, UnitExplanation } from "../src/fleet-control.ts";
import { serveControl } from "../src/server.ts";

const deps = { clock: systemClock, log: silentLogger };
const unit: UnitExplanation = {
  name: "app/1",
  kind: "ship",
  group: "web",
  state: "ready",
  since: 1,
  reason: "its check passes",
  critical: true,
  pid: 7,
  healthy: true,
  restarts: 2,
  crashLoop: false,
  routes: ["http:/.*"],
  waitsFor: [],
  command: "app",
  dependsOn: [],
  exits: [],
  probes: { startup: [], ready: [], live: [] },
  droppedLines: 0,
};
const snapshot: FleetSnapshot = {
  status: "running",
  since: 1,
  seq: 0,
  pid: process.pid,
  version: "0",
  manifest: "/x",
  listening: [],
  units: [unit],
  modules: [],
};
const plan: ReloadPlan = {
  added: ["b"],
  removed: [],
  replaced: [],
  updated: [],
  edge: true,
  swapped: ["routes"],
  needsRestart: [],
  nextStart: [],
};

/** A fleet that remembers what it was told. */
function fleet(parts: Partial<FleetControl> = {}): { readonly control: FleetControl; readonly told: string[] } {
  const told: string[] = [];
  const tell = (what: string) => async (name: string) => {
    if (name !== "app/1") throw new UnitUnknownError(name, ["app/1"]);
    told.push(`${what} ${name}`);
  };
  const control: FleetControl = {
    snapshot: async () => snapshot,
    explain: async () => unit,
    watch: async function* () {},
    logs: async function* () {},
    start: tell("start"),
    stop: tell("stop"),
    restart: tell("restart"),
    signal: async (name, signal) => void told.push(`${signal} ${name}`),
    plan: async () => plan,
    reload: async () => plan,
    ...parts,
  };
  return { control, told };
}

/** A served fleet and its client, in a folder of their own. */
async function served(parts: Partial<FleetControl> = {}) {
  const folder = tempFolder();
  const path = folder.join("run/control.sock");
  const { control, told } = fleet(parts);
  const server = await serveControl(control, path, deps);
  return {
    path,
    told,
    server,
    client: connectControl(path),
    async [Symbol.asyncDispose]() {
      await server.close();
      folder[Symbol.dispose]();
    },
  };
}

async function raw(path: string, request: string): Promise<string> {
  const socket = connect(path);
  socket.write(request);
  let text = "";
  for await (const piece of socket.setEncoding("utf8")) text += String(piece);
  return text;
}

describe("a fleet behind its control socket", () => {
  test("answers and obeys as it does in its own process, whatever the names hold", async () => {
    await using one = await served();
    expect(await one.client.snapshot()).toEqual(snapshot);
    expect(await one.client.explain("app/1")).toEqual(unit);
    expect([await one.client.plan(), await one.client.reload()]).toEqual([plan, plan]);
    await one.client.start("app/1");
    await one.client.stop("app/1");
    await one.client.restart("app/1");
    await one.client.signal("app/1", "SIGHUP");
    expect(one.told).toEqual(["start app/1", "stop app/1", "restart app/1", "SIGHUP app/1"]);
  });

  test("says which unit is unknown, and what there is", async () => {
    await using one = await served();
    await expect(one.client.stop("nope")).rejects.toMatchObject({
      code: "MS_UNIT_UNKNOWN",
      unit: "nope",
      message: expect.stringContaining("app/1"),
    });
  });

  test("passes on why something failed, without secrets", async () => {
    await using one = await served({ reload: () => Promise.reject(new Error("cannot reach postgres://a:secret@db")) });
    await expect(one.client.reload()).rejects.toMatchObject({ code: "MS_CONTROL_FAILED", message: "cannot reach postgres://a:***@db" });
  });

  test("streams events and lines as they come, and stops when the reader leaves", async () => {
    const more = gate();
    const ended = gate<string>();
    const line = (text: string): ControlLogLine => ({ name: "app", stream: "stdout", at: 1, pid: 7, text, dropped: 0 });
    await using one = await served({
      logs: async function* ({ units, tail, since, follow, signal } = {}) {
        yield line(JSON.stringify({ units, tail, since, follow }));
        await more.opened;
        yield line("second");
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        ended.open("told to end");
      },
    });
    const seen: string[] = [];
    for await (const { text } of one.client.logs({ units: ["a b", "c"], tail: 5, since: 9, follow: true })) {
      seen.push(text);
      if (seen.length === 1) more.open();
      else break;
    }
    expect(seen).toEqual(['{"units":["a b","c"],"tail":5,"since":9,"follow":true}', "second"]);
    expect(await ended.opened).toBe("told to end");
  });

  test("ends its streams when it is closed, and its clients hear that", async () => {
    await using one = await served({
      watch: async function* ({ signal } = {}) {
        yield { seq: 1, at: 1, type: "status", status: "running" };
        await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    const reader = (async () => {
      for await (const event of one.client.watch()) if (event.seq === 1) void one.server.close();
    })();
    await expect(reader).rejects.toMatchObject({ code: "MS_CONTROL_FAILED" });
    expect(existsSync(one.path)).toBe(false);
  });

  test("a slow reader slows the stream down instead of filling memory", async () => {
    let made = 0;
    await using one = await served({
      logs: async function* () {
        for (; made < 100_000; made++) yield { name: "app", stream: "stdout", at: 1, pid: 7, text: "x".repeat(1000), dropped: 0 } as const;
      },
    });
    const socket = connect(one.path);
    socket.write("GET /v1/logs HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "readable");
    let last = -1;
    await eventually("the stream standing still", async () => {
      const still = made === last;
      last = made;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return still;
    });
    expect(made).toBeLessThan(50_000);
    socket.destroy();
  });

  test("an abort ends the wait with its reason", async () => {
    await using one = await served({ start: () => new Promise(() => undefined) });
    const controller = new AbortController();
    const waiting = one.client.start("app/1", { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});

describe("the control socket", () => {
  test("can be opened by its user alone, in a folder of its user alone", async () => {
    await using one = await served();
    expect([statSync(one.path).mode & 0o777, statSync(dirname(one.path)).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  test("of a fleet that runs is not taken over, and its pid is named", async () => {
    await using one = await served();
    await expect(serveControl(fleet().control, one.path, deps)).rejects.toMatchObject({ code: "MS_ALREADY_RUNNING", pid: process.pid });
    expect(await askPid(one.path)).toBe(process.pid);
  });

  test("overmind#50: left behind by a killed process is replaced", async () => {
    using folder = tempFolder();
    const path = folder.join("control.sock");
    const dead = createServer().listen(path);
    await once(dead, "listening");
    // A second name keeps the file when the server closes, as SIGKILL would.
    const { linkSync, unlinkSync } = await import("node:fs");
    linkSync(path, folder.join("kept"));
    dead.close();
    await once(dead, "close");
    linkSync(folder.join("kept"), path);
    unlinkSync(folder.join("kept"));
    const server = await serveControl(fleet().control, path, deps);
    expect(await askPid(path)).toBe(process.pid);
    await server.close();
  });

  test("is not made in a folder that others may write", async () => {
    using folder = tempFolder();
    mkdirSync(folder.join("open"));
    chmodSync(folder.join("open"), 0o777);
    await expect(serveControl(fleet().control, folder.join("open/control.sock"), deps)).rejects.toMatchObject({
      code: "MS_CONTROL_SOCKET",
      // It may be /etc: nobody is told to remove it.
      message: expect.stringMatching(/another user owns it or may write in it; name another in MS_SOCKET_DIR$/),
    });
  });

  test.skipIf(process.platform !== "linux")("is not made where no folder can be, and does not hang there", async () => {
    await expect(serveControl(fleet().control, "/proc/no/such/control.sock", deps)).rejects.toMatchObject({ code: "MS_CONTROL_SOCKET" });
  });

  test("without a fleet behind it says how to start one", async () => {
    using folder = tempFolder();
    await expect(connectControl(folder.join("none.sock")).snapshot()).rejects.toMatchObject({
      code: "MS_NOT_RUNNING",
      message: expect.stringContaining("mothership run"),
    });
    expect(await askPid(folder.join("none.sock"))).toBe("nobody");
  });

  test("with something else behind it is not taken for a fleet", async () => {
    using folder = tempFolder();
    const other = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")).listen(folder.join("x.sock"));
    await once(other, "listening");
    await expect(connectControl(folder.join("x.sock")).snapshot()).rejects.toMatchObject({ code: "MS_CONTROL_PROTOCOL" });
    expect(await askPid(folder.join("x.sock"))).toBeUndefined();
    other.close();
  });

  test.each([
    ["GET /v2/fleet", 404],
    ["GET /v1/nothing", 404],
    ["GET /v1/units/a/start", 404],
    ["POST /v1/fleet", 404],
    ["DELETE /v1/fleet", 405],
    ["GET /v1/logs?tail=-1", 400],
    ["GET /v1/events?after=x", 400],
    ["POST /v1/units/a/signal", 400],
  ])("refuses %s with %i and a sentence", async (line, status) => {
    await using one = await served();
    const answer = await raw(one.path, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/\{"error":\{"message":"[^"]+.*MS_CONTROL_PROTOCOL/);
    expect(one.told).toEqual([]);
  });

  test("takes only names of signals", async () => {
    await using one = await served();
    await expect(one.client.signal("app/1", "SIGNOPE")).rejects.toMatchObject({ message: expect.stringContaining("name a signal") });
  });
});
