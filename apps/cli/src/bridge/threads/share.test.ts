import { parseManifest } from "@mothership/manifest";
import { expect, test } from "vitest";
import { type EdgePlan, planEdge } from "../plan/edge.ts";
import { furtherPlan, planOfThread, SharedMemory } from "./share.ts";

const planOf = (more = "", ship = ""): EdgePlan =>
  planEdge(
    parseManifest(`
[mothership.bind]
http = { addr = "127.0.0.1:8080", max_connections = 5 }
local = "unix:///run/edge.sock"
[mothership.proxy]
max_connections_per_client = 3
[mothership.rate_limiting]
per_ip_rpm = 60
${more}
[[fleet.web]]
name = "app"
command = "app"
bind = "tcp://127.0.0.1:3000"
routes = ["http:/.*"]
[fleet.web.upstream]
max_connections = 100
circuit_breaker = true
${ship}
`),
    (name) => ({ kind: "unix", path: `/run/${name}` }),
  );

test("limits of connections are divided so that all threads together keep to them, and never to nothing", () => {
  const { listeners, proxy, upstreams } = new SharedMemory().planFor(planOf(), 4);
  expect(listeners.map(({ sharesPort, maxConnections }) => [sharesPort, maxConnections])).toEqual([
    ["first", 2],
    [undefined, planOf().listeners[1]?.maxConnections],
  ]);
  expect([proxy.maxConnectionsPerClient, upstreams[0]?.maxConnections]).toEqual([3, 25]);
  expect(upstreams[0]?.hold).toEqual({ timeoutMs: 10_000, maxHeld: 250 });
});

test("what is limited once has memory, the same from plan to plan for as long as it is about the same", () => {
  const memory = new SharedMemory();
  const first = memory.planFor(planOf(), 2);
  expect(first.rateLimit?.memory).toBeInstanceOf(SharedArrayBuffer);
  expect(first.upstreams[0]?.breakerMemory).toBeInstanceOf(SharedArrayBuffer);
  const same = memory.planFor(planOf('[[mothership.static_dirs]]\npath = "/srv"\n'), 2);
  expect(same.rateLimit?.memory).toBe(first.rateLimit?.memory);
  expect(same.upstreams[0]?.breakerMemory).toBe(first.upstreams[0]?.breakerMemory);
  const other = memory.planFor(planOf("global_rps = 5\n", "max_queued = 7\n"), 2);
  expect(other.rateLimit?.memory).not.toBe(first.rateLimit?.memory);
  expect(other.upstreams[0]?.breakerMemory).not.toBe(first.upstreams[0]?.breakerMemory);
});

test("a plan that comes to nothing takes no memory along", () => {
  const memory = new SharedMemory();
  const first = memory.planFor(planOf(), 2);
  const undo = memory.mark();
  memory.planFor({ ...planOf("global_rps = 5\n", "max_queued = 7\n"), listeners: [] }, 2);
  undo();
  const again = memory.planFor(planOf(), 2);
  expect(again.rateLimit?.memory).toBe(first.rateLimit?.memory);
  expect(again.upstreams[0]?.breakerMemory).toBe(first.upstreams[0]?.breakerMemory);
});

test("sessions of TLS are resumed in any thread for as long as the bind is there", () => {
  const memory = new SharedMemory();
  const secured = (name: string): EdgePlan => ({
    ...planOf(),
    listeners: [{ name, address: { kind: "tcp", host: "127.0.0.1", port: 8443 }, tls: { certificates: [] } }],
  });
  const ticketsOf = (plan: EdgePlan): unknown => memory.planFor(plan, 2).listeners[0]?.tls?.ticketMemory;
  const first = ticketsOf(secured("https"));
  expect(first).toBeInstanceOf(SharedArrayBuffer);
  const undo = memory.mark();
  expect(ticketsOf(secured("other"))).not.toBe(first);
  undo();
  expect(ticketsOf(secured("https"))).toBe(first);
  // What is sealed for a bind is not opened for another one that later has its name.
  expect(ticketsOf(secured("other"))).not.toBe(first);
  expect(ticketsOf(secured("https"))).not.toBe(first);
});

test("connections of a client are counted by each thread in a place of its own", () => {
  const plan = furtherPlan(new SharedMemory().planFor(planOf(), 3), new Map());
  expect([plan, planOfThread(plan, 2), planOfThread(plan, 3)].map(({ proxy }) => proxy.clientCounts?.thread)).toEqual([0, 1, 2]);
});

test("what a thread that is gone has counted is forgotten, and nothing of the others", () => {
  const memory = new SharedMemory();
  const plan = furtherPlan(memory.planFor(planOf(), 3), new Map());
  const counts = plan.proxy.clientCounts!.memory;
  const bytes = new Uint8Array(counts).fill(1);
  // The parts of the three threads stand one behind the other at the end.
  const part = (counts.byteLength - (counts.byteLength % 4096)) / 3;
  const forgotten = (): boolean[] =>
    [0, 1, 2].map((thread) =>
      bytes
        .subarray(bytes.length - part * (3 - thread))
        .subarray(0, part)
        .every((byte) => byte === 0),
    );
  expect(forgotten()).toEqual([false, false, false]);
  memory.threadEnded(3);
  expect(forgotten()).toEqual([false, false, true]);
  memory.threadEnded(2);
  expect(forgotten()).toEqual([false, true, true]);
});

test("a further thread listens on the ports that the first has, and on no Unix socket", () => {
  const plan = new SharedMemory().planFor(planOf(), 2);
  const listening = (port: number): object => ({ name: "http", sharesPort: "further", address: { kind: "tcp", host: "127.0.0.1", port } });
  expect(furtherPlan(plan, new Map()).listeners).toEqual([expect.objectContaining(listening(8080))]);
  const chosen = {
    ...plan,
    listeners: plan.listeners.map((one) => ({ ...one, address: { kind: "tcp", host: "127.0.0.1", port: 0 } as const })),
  };
  expect(furtherPlan(chosen, new Map([["http", 4711]])).listeners[0]).toMatchObject(listening(4711));
  expect(furtherPlan(chosen, new Map()).listeners).toEqual([]);
});
