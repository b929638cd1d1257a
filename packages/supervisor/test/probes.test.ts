import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import net from "node:net";
import type { Address } from "@mothership/kernel";
import { gate, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { connectCheck, type Probe } from "../src/index.ts";
import { connectProbe } from "../src/probe-connect.ts";
import { httpProbe } from "../src/probe-http.ts";
import { env, eventually, node, openFleet, shell } from "./support.ts";

const forever = "exec sleep 300";
const soon = { intervalMs: 5, timeoutMs: 2_000 } as const;
const never = new AbortController().signal;

async function listening(server: Server, where: "tcp" | "unix", path: string): Promise<Address> {
  server.listen(where === "tcp" ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  if (where === "unix") return { kind: "unix", path };
  return { kind: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

describe.each(["tcp", "unix"] as const)("the http probe over %s", (where) => {
  test.each([
    [200, true],
    [302, true],
    [399, true],
    [404, false],
    [500, false],
  ])("status %i passes: %s", async (status, passes) => {
    using folder = tempFolder();
    await using server = createServer((_, res) => res.writeHead(status, { location: "/elsewhere" }).end("body"));
    const address = await listening(server, where, folder.join("s"));
    const asked = httpProbe({ kind: "http", address, path: "/up?a=1" })({ signal: never });
    if (passes) await asked;
    else await expect(asked).rejects.toThrow(`status ${status}`);
  });

  test("sends what it was given and looks for what is expected", async () => {
    using folder = tempFolder();
    const seen: unknown[] = [];
    await using server = createServer((req, res) => {
      seen.push([req.method, req.url, req.headers.host, req.headers["x-probe"]]);
      res.end(`${".".repeat(60_000)}all well`);
    });
    const address = await listening(server, where, folder.join("s"));
    const probe = { kind: "http", address, path: "/up", method: "POST", headers: { host: "shop.test", "x-probe": "1" } } as const;
    await httpProbe({ ...probe, expectBody: "all well" })({ signal: never });
    await expect(httpProbe({ ...probe, expectBody: "all ill" })({ signal: never })).rejects.toThrow("not in the body");
    expect(seen).toEqual([
      ["POST", "/up", "shop.test", "1"],
      ["POST", "/up", "shop.test", "1"],
    ]);
  });

  test("reads no endless body, and ends with its signal", async () => {
    using folder = tempFolder();
    await using server = createServer((req, res) => {
      const write = (): void => {
        while (res.write("x".repeat(65_536)));
      };
      if (req.url === "/endless") res.on("drain", write);
      if (req.url === "/endless") write();
    });
    const address = await listening(server, where, folder.join("s"));
    await expect(httpProbe({ kind: "http", address, path: "/endless", expectBody: "y" })({ signal: never })).rejects.toThrow(
      "not in the body",
    );
    const ending = new AbortController();
    const hanging = expect(httpProbe({ kind: "http", address, path: "/hang" })({ signal: ending.signal })).rejects.toThrow("enough");
    await once(server, "request");
    ending.abort(new Error("enough"));
    await hanging;
  });

  test("reads an answer to its end, so that the server does not see it cut off", async () => {
    using folder = tempFolder();
    const ends: string[] = [];
    await using server = createServer((_, res) => {
      res.on("close", () => ends.push(res.writableFinished ? "complete" : "cut off"));
      res.flushHeaders();
      setImmediate(() => res.end(".".repeat(50_000)));
    });
    const address = await listening(server, where, folder.join("s"));
    await httpProbe({ kind: "http", address, path: "/" })({ signal: never });
    await eventually("the end of the answer", () => ends.length > 0);
    expect(ends).toEqual(["complete"]);
  });

  test("does not wait for an answer that has no end, and lets go of it", async () => {
    using folder = tempFolder();
    let open = 0;
    await using server = createServer((_, res) => {
      open++;
      res.on("close", () => open--);
      res.write("event: hello");
    });
    const address = await listening(server, where, folder.join("s"));
    await httpProbe({ kind: "http", address, path: "/" })({ signal: never });
    await eventually("the end of the connection", () => open === 0);
  });

  test("passes on connect alone where an address is the probe", async () => {
    using folder = tempFolder();
    const server = net.createServer((socket) => socket.destroy());
    const address = await listening(server, where, folder.join("s"));
    await connectProbe(address)({ signal: never });
    server.close();
    await once(server, "close");
    await expect(connectProbe(address)({ signal: never })).rejects.toThrow(/ECONNREFUSED|ENOENT/);
    expect(connectCheck(address).probe).toBe(address);
  });
});

describe("a startup check", () => {
  const lateLine = "sleep 0.05; echo 'now listening'; exec sleep 300";

  test.each<[string, Probe | readonly Probe[], string]>([
    ["of a line", { kind: "log", pattern: "^now l" }, lateLine],
    ["of a newline on the notify descriptor", { kind: "notify" }, `sleep 0.05; echo >&$MS_NOTIFY_FD; exec sleep 300`],
    [
      "of several, which must all pass",
      [
        { kind: "log", pattern: "listening" },
        { kind: "exec", command: "/bin/sh", args: ["-c", "exit 0"] },
      ],
      lateLine,
    ],
  ])("%s makes a process ready", async (_, probe, script) => {
    await using fleet = openFleet([shell("web", script, { ready: { probe } })]);
    const from = performance.now();
    await fleet.supervisor.start();
    expect(performance.now() - from).toBeGreaterThan(45);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "ready", reason: "startup check passed" });
  });

  test("of a message over IPC makes a process ready", async () => {
    await using fleet = openFleet([
      node("web", "setTimeout(() => process.send('ready'), 20); setInterval(() => {}, 1000)", {
        startup: { probe: { kind: "notify", channel: "ipc" } },
      }),
    ]);
    await fleet.supervisor.start();
    expect(fleet.supervisor.get("web").state).toBe("ready");
  });

  test("does not take the last words of an earlier incarnation for those of this one", async () => {
    using folder = tempFolder();
    // What the first one leaves behind, and may keep, says the word on the old pipe while the second one starts.
    const script = "if [ -e ran ]; then exec sleep 300; fi; touch ran; setsid sh -c 'sleep 0.2; echo ready' & sleep 0.05; kill -KILL $$";
    const startup = { probe: { kind: "log", pattern: "ready" } } as const;
    const spec = shell("web", script, { cwd: folder.path, startup, restart: { minDelayMs: 0 }, stop: { keepDetached: true } });
    await using fleet = openFleet([spec]);
    await fleet.supervisor.start();
    await fleet.line(/ready/);
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "starting", incarnation: 2 });
  });

  test("runs its command as the process is run", async () => {
    using folder = tempFolder();
    await using fleet = openFleet([
      shell("web", forever, {
        cwd: folder.path,
        env: { ...env, ANSWER: "42" },
        startup: { probe: { kind: "exec", command: "sh", args: ["-c", `test "$ANSWER" = 42 && test "$(pwd)" = ${folder.path}`] }, ...soon },
      }),
    ]);
    await fleet.supervisor.start();
  });

  test("that does not pass in time is a crash, with the last reason", async () => {
    await using fleet = openFleet([
      shell("web", forever, {
        startup: { probe: { kind: "exec", command: "sh", args: ["-c", "echo no database >&2; exit 4"] }, ...soon, limitMs: 150 },
      }),
    ]);
    await fleet.supervisor.start();
    expect(fleet.supervisor.get("web")).toMatchObject({
      failures: 1,
      reason: "startup check did not pass within 0.15 s: the command exited with code 4: no database",
    });
  });
});

describe("a readiness check", () => {
  test("takes a process out and back in without a restart, and keeps its last ten results", async () => {
    let well = true;
    const probe = async (): Promise<void> => {
      if (!well) throw new Error("no database");
    };
    await using fleet = openFleet([shell("web", forever, { ready: { probe, ...soon, failureThreshold: 2 } })]);
    await fleet.supervisor.start();
    well = false;
    const { reason, probes } = await fleet.until("web", "unready");
    expect(reason).toBe("readiness check failed: no database");
    expect(probes.ready[0]).toMatchObject({ ok: false, reason: "no database", timedOut: false });
    well = true;
    await fleet.until("web", "ready");
    await eventually("ten results", () => fleet.supervisor.get("web").probes.ready.length === 10);
    expect(fleet.supervisor.get("web")).toMatchObject({ incarnation: 1, restarts: 0 });
  });

  test("brings back what was suspected from outside, with a look that waits for no interval", async () => {
    const opened = gate();
    let looks = 0;
    const probe = async (): Promise<void> => {
      if (++looks > 1) await opened.opened;
    };
    const rarely = { initialDelayMs: 1, intervalMs: 3_600_000 };
    await using fleet = openFleet([shell("web", forever, { ready: { probe, ...rarely } }), shell("plain", forever)]);
    await fleet.supervisor.start();
    fleet.supervisor.suspect("web", "three connections were refused");
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "unready", reason: "three connections were refused", healthy: false });
    opened.open();
    await fleet.until("web", "ready");
    fleet.supervisor.suspect("plain", "three connections were refused");
    expect(fleet.supervisor.get("plain").state).toBe("up");
  });
});

describe("a liveness check", () => {
  test("restarts a process in order, as a failure", async () => {
    let sick = true;
    const probe = async (): Promise<void> => {
      if (sick) throw new Error("deadlock");
    };
    const drained: string[] = [];
    await using fleet = openFleet(
      [shell("web", forever, { live: { probe, ...soon }, restart: { minDelayMs: 1 } })],
      {},
      { drain: async (name) => void drained.push(name) },
    );
    await fleet.supervisor.start();
    const { reason } = await fleet.event("stateChanged", ({ to }) => to === "draining");
    sick = false;
    expect(reason).toBe("liveness check failed: deadlock");
    await fleet.until("web", "backoff");
    expect(fleet.supervisor.get("web")).toMatchObject({ failures: 1, exits: [{ requested: true, reason, signal: "SIGTERM" }] });
    await fleet.until("web", "up");
    expect(drained).toEqual(["web"]);
  });

  test("does not take down the last replica that serves", async () => {
    let sick = false;
    const probe = async (): Promise<void> => {
      if (sick) throw new Error("slow");
    };
    await using fleet = openFleet([
      shell("web-1", forever, { replicaOf: "web", live: { probe, ...soon, failureThreshold: 1 } }),
      shell("web-2", "exit 1", { replicaOf: "web", restart: { minDelayMs: 60_000 } }),
    ]);
    await fleet.supervisor.start();
    await fleet.until("web-2", "backoff");
    sick = true;
    const { acted } = await fleet.event("probed", ({ result }) => !result.ok);
    expect(acted).toBe(false);
    expect(fleet.supervisor.get("web-1")).toMatchObject({ state: "up", incarnation: 1 });
  });
});
