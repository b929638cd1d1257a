import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type Finished, mothership, startFleet, type TestFleet } from "./support/fleet.ts";

const shipScript = join(import.meta.dirname, "fixtures/gated-ship.mjs");

interface Answer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly retryAfter: string | undefined;
  /** What the ship said of itself. */
  readonly ship: { readonly pid?: number; readonly port?: string; readonly bytes?: number; readonly stopping?: boolean };
}

interface Held extends AsyncDisposable {
  readonly fleet: TestFleet;
  readonly http: number;
  command(...args: string[]): Promise<Finished>;
  ask(options?: RequestOptions & { readonly body?: Buffer }): Promise<Answer>;
  /** What is written to the manifest: where the ship listens, and further keys of it. */
  write(port: number, env?: string, more?: string): void;
  /** While it is closed the ship starts but does not come up. */
  gate(open: boolean): void;
  /** A line of the metrics page. */
  metric(line: string): Promise<number>;
  /** Resolves when so many requests wait. */
  holds(count: number): Promise<unknown>;
}

/** A fleet of one ship that runs. */
async function open(port: number, threads = 1, more = ""): Promise<Held> {
  const [http, metrics] = [await freePort(), await freePort()];
  const manifest = (at: number, env: string, keys: string): string => `
[mothership]
edge_threads = ${threads}
metrics_port = ${metrics}
[mothership.bind]
http = "127.0.0.1:${http}"
[[fleet.web]]
name = "web"
command = "${process.execPath}"
args = ["${shipScript}"]
env = { PORT = "${at}", GATE = "gate"${env} }
bind = "tcp://127.0.0.1:${at}"
healthcheck = "/"
routes = ["http:/.*"]
${keys}
`;
  const fleet = startFleet(manifest(port, "", more), { files: { gate: "" } });
  const file = (name: string): string => join(fleet.folder, name);
  const metric = async (line: string): Promise<number> => {
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    const found = page.split("\n").find((one) => one.startsWith(`${line} `));
    return Number(found?.slice(line.length + 1) ?? 0);
  };
  const held: Held = {
    fleet,
    http,
    command: (...args) => mothership(args, { cwd: fleet.folder, env: fleet.env }),
    async ask({ body, ...options } = {}) {
      const sent = request({ host: "127.0.0.1", port: http, path: "/x", agent: false, ...options });
      sent.end(body);
      const [response] = await once(sent, "response");
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += String(piece);
      const { "x-mothership-error": reason, "retry-after": retryAfter } = response.headers;
      return { status: response.statusCode, reason, retryAfter, ship: response.statusCode === 200 ? JSON.parse(text) : {} };
    },
    write: (at, env = "", keys = more) => writeFileSync(file("ship-manifest.toml"), manifest(at, env, keys)),
    gate: (isOpen) => (isOpen ? writeFileSync(file("gate"), "") : rmSync(file("gate"))),
    metric,
    holds: (count) =>
      eventually(
        `${count} requests held`,
        async () => (await metric('mothership_upstream_requests_held{upstream="web"}')) === count,
        20_000,
      ),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
  await fleet.running();
  return held;
}

const outcome = (name: string): string => `mothership_upstream_hold_outcomes_total{upstream="web",outcome="${name}"}`;

/** One request every few milliseconds, whatever becomes of those before it: 200 of them, and more until the work is done that begins after some. */
async function flowDuring(held: Held, agent: Agent | false, work: () => Promise<unknown>): Promise<readonly Answer[]> {
  const answers: Promise<Answer>[] = [];
  let over = false;
  let working: Promise<unknown> | undefined;
  while (answers.length < 200 || !over) {
    answers.push(held.ask({ agent }));
    if (answers.length === 20) working = work().finally(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await working;
  return await Promise.all(answers);
}

describe.each([1, 2])("with %i threads of the edge", (threads) => {
  const onThreads = test.skipIf(threads > 1 && process.platform !== "linux");

  onThreads.each([
    ["restart", "the same connections"],
    ["restart", "a connection each"],
    ["reload", "a connection each"],
    ["reload to another port", "a connection each"],
  ])("no request fails over a %s, on %s, and none is answered by a ship that was told to stop", async (how, connections) => {
    const [port, other] = [await freePort(), await freePort()];
    await using held = await open(port, threads);
    const agent = connections === "the same connections" ? new Agent({ keepAlive: true }) : false;
    const answers = await flowDuring(held, agent, async () => {
      if (how !== "restart") held.write(how === "reload" ? port : other, ', ROUND = "2"');
      const { code, stderr } = await held.command(...(how === "restart" ? ["restart", "web"] : ["reload"]));
      expect([code, stderr]).toEqual([0, ""]);
    });
    if (agent) agent.destroy();
    expect(answers.filter(({ status, ship }) => status !== 200 || ship.stopping)).toEqual([]);
    expect(answers.length).toBeGreaterThanOrEqual(200);
    const pids = answers.map(({ ship }) => ship.pid);
    expect(new Set(pids).size).toBe(2);
    expect((await held.ask()).ship).toMatchObject({ pid: pids.at(-1), port: String(how === "reload to another port" ? other : port) });
    expect(await held.metric(outcome("released"))).toBeGreaterThan(0);
    expect(await held.metric('mothership_upstream_requests_held{upstream="web"}')).toBe(0);
  });

  onThreads("a request that runs is drained by a replacement, also where the ship is talked to in another way from now on", async () => {
    const port = await freePort();
    await using held = await open(port, threads);
    const running = held.ask({ path: "/slow" });
    await held.fleet.line("a request that runs", ({ msg }) => msg === "slow begun");
    held.write(port, ', ROUND = "2"', "upstream = { max_queued = 500 }");
    expect((await held.command("reload")).code).toBe(0);
    expect(await running).toMatchObject({ status: 200, ship: { stopping: false } });
    expect((await held.ask()).ship.pid).not.toBe((await running).ship.pid);
  });

  onThreads(
    "a body waits with its request, which is sent when the ship is back; WebSockets wait as well, and who leaves is forgotten",
    async () => {
      await using held = await open(await freePort(), threads);
      held.gate(false);
      const restarted = held.command("restart", "web");
      await eventually("a ship that starts", async () => (await held.fleet.units()).some(({ state }) => state === "starting"), 20_000);
      const body = Buffer.alloc(32 * 1024 * 1024);
      const posts = Array.from({ length: 4 }, () => held.ask({ method: "POST", body }));
      const socket = connect(held.http, "127.0.0.1");
      socket.write(
        "GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      );
      await held.holds(5);
      const leaving = connect(held.http, "127.0.0.1");
      leaving.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
      await held.holds(6);
      leaving.resetAndDestroy();
      await held.holds(5);
      held.gate(true);
      for (const { status, ship } of await Promise.all(posts)) expect([status, ship.bytes]).toEqual([200, body.length]);
      // This ship refuses them: that it was asked is what is to be seen.
      expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1.1 502 [\s\S]*upstream-closed/);
      socket.destroy();
      expect((await restarted).code).toBe(0);
      expect([await held.metric(outcome("released")), await held.metric(outcome("left"))]).toEqual([5, 1]);
    },
  );

  onThreads("those that wait too long and those that are too many are told apart", async () => {
    await using held = await open(await freePort(), threads, 'upstream = { hold_timeout = "1s", max_held = 4 }');
    held.gate(false);
    const restarted = held.command("restart", "web");
    await eventually("a ship that starts", async () => (await held.fleet.units()).some(({ state }) => state === "starting"), 20_000);
    const late = await held.ask();
    expect(late).toMatchObject({ status: 503, reason: "upstream-hold-timeout", retryAfter: "5" });
    // The system spreads them by chance: so many fill each thread.
    const many = await Promise.all(Array.from({ length: 64 }, () => held.ask()));
    expect(new Set(many.map(({ reason }) => reason))).toEqual(new Set(["upstream-hold-timeout", "upstream-hold-full"]));
    expect(many.filter(({ reason }) => reason === "upstream-hold-timeout")).toHaveLength(4);
    await held.holds(0);
    held.gate(true);
    expect((await restarted).code).toBe(0);
    expect((await held.ask()).status).toBe(200);
    expect(held.fleet.lines().some(({ reason }) => reason === "upstream-hold-full" || reason === "upstream-hold-timeout")).toBe(true);
  });

  onThreads("a replacement that fails ends the wait at once, and what was before answers again", async () => {
    const port = await freePort();
    await using held = await open(port, threads, 'upstream = { hold_timeout = "1h" }');
    held.gate(false);
    held.write(port, ', FAIL = "yes"');
    const reloaded = held.command("reload");
    await eventually("a ship that starts", async () => (await held.fleet.units()).some(({ state }) => state === "starting"), 20_000);
    const waiting = Array.from({ length: 6 }, () => held.ask());
    await held.holds(6);
    held.gate(true);
    for (const one of await Promise.all(waiting))
      expect(one).toMatchObject({ status: 503, reason: "upstream-unavailable", retryAfter: "5" });
    expect((await reloaded).code).toBe(3);
    await eventually("the ship of before", async () => (await held.ask()).status === 200, 20_000);
    expect(await held.metric(outcome("unavailable"))).toBe(6);
  });

  onThreads("nobody waits for a ship that crashed or was stopped", async () => {
    await using held = await open(await freePort(), threads);
    const { pid = 0 } = (await held.ask()).ship;
    held.gate(false);
    process.kill(pid, "SIGKILL");
    await eventually("the first refusal", async () => (await held.ask()).reason === "upstream-unavailable");
    expect(await held.ask()).toMatchObject({ status: 503, reason: "upstream-unavailable" });
    expect((await held.command("stop", "web")).code).toBe(0);
    expect(await held.ask()).toMatchObject({ status: 503, reason: "upstream-unavailable" });
    for (const name of ["released", "timeout", "full", "unavailable", "left"]) expect(await held.metric(outcome(name))).toBe(0);
  });
});
