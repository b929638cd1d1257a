import type { FleetSnapshot, UnitExplanation, UnitSnapshot } from "@mothership/control";

/** When the fleets of tests are looked at. */
export const noon = Date.UTC(2026, 0, 1, 12);

const states = ["ready", "ready", "up", "ready", "starting", "ready", "unready", "ready", "backoff", "ready", "waiting", "failed"] as const;

/** A unit that depends on nothing but its number. */
export function unitNumber(number: number): UnitSnapshot {
  const state = states[number % states.length] ?? "ready";
  const bay = number % 6 === 5;
  const runs = state === "ready" || state === "up" || state === "unready" || state === "starting";
  return {
    name: bay ? `bay-${number}` : `ship-${number}`,
    kind: bay ? "bay" : "ship",
    group: bay ? "websocket" : number % 2 === 0 ? "web" : "workers",
    state,
    since: noon - (number + 1) * 61_000,
    reason: state === "failed" ? "exited with code 1 too often" : "",
    critical: number === 0,
    ...(runs && { pid: 1000 + number, rssBytes: 20_000_000 + number * 1_500_000, virtualBytes: 900_000_000 }),
    healthy: state === "ready" || state === "up",
    restarts: number % 4,
    crashLoop: state === "backoff",
    routes: bay ? [`ws:/cable-${number}`] : number % 2 === 0 ? [`http:/s${number}`] : [],
    waitsFor: state === "waiting" ? ["ship-4"] : [],
    ...(bay && { clients: number * 3 }),
    ...((bay || number % 2 === 0) && { requests: number * 1000 }),
  };
}

/** A fleet of so many units. */
export function fleetOf(count: number, changes: Partial<FleetSnapshot> = {}): FleetSnapshot {
  return {
    status: "running",
    since: noon - 3 * 3_600_000,
    seq: 1,
    pid: 4242,
    version: "1.2.3",
    manifest: "/srv/app/ship-manifest.toml",
    listening: [{ bind: "http", address: "tcp://127.0.0.1:8080" }],
    units: Array.from({ length: count }, (_, number) => unitNumber(number)),
    modules: [
      { name: "rate_limiter", phase: "request" },
      { name: "headers", phase: "response" },
    ],
    ...changes,
  };
}

/** The same unit with a history: three exits and some probes. */
export function explanationOf(unit: UnitSnapshot): UnitExplanation {
  const exit = (number: number) => ({
    at: noon - number * 60_000,
    pid: 900 + number,
    code: number === 3 ? null : 1,
    signal: number === 3 ? "SIGKILL" : null,
    requested: number === 2,
    ...(number === 2 && { reason: "restart was asked for" }),
    lines: [`line 1 of run ${number}`, "\x1b[31mpanic:\x1b[0m no database"],
  });
  const probe = (number: number) => ({
    at: noon - number * 5000,
    ok: number > 1,
    latencyMs: 3.4 * number,
    reason: number > 1 ? "" : "connection refused",
  });
  return {
    ...unit,
    command: "./app",
    dependsOn: ["ship-0"],
    delayMs: 4000,
    exits: [exit(1), exit(2), exit(3)],
    probes: { startup: [probe(4)], ready: [probe(1), probe(2), probe(3)], live: [] },
    droppedLines: 12,
  };
}
