import type { UnitExplanation } from "@mothership/control";
import { expect, test } from "vitest";
import { drawExplanation } from "./status.ts";

const probe = { at: 1_000, ok: true, latencyMs: 4, reason: "status 200" };
const unit: UnitExplanation = {
  name: "app",
  kind: "ship",
  group: "web",
  state: "ready",
  since: 0,
  reason: "readiness check passed",
  critical: true,
  healthy: true,
  restarts: 0,
  crashLoop: false,
  routes: [],
  waitsFor: [],
  dependsOn: [],
  command: "app",
  exits: [],
  probes: { startup: [probe], ready: [probe], live: [probe] },
  droppedLines: 0,
};

test("probes are called what the manifest calls their checks", () => {
  const drawn = drawExplanation(unit, 3_000);
  for (const check of ["startup", "readiness", "liveness"]) expect(drawn).toContain(`  ${check} 2s ago: passed (4 ms)\n`);
});

test("says why a run was ended that did not end by itself", () => {
  const exit = { at: 2_000, pid: 7, code: null, signal: "SIGTERM", requested: true, lines: [] };
  const exits = [
    { ...exit, reason: "liveness check failed: status 500" },
    { ...exit, code: 3, signal: null, requested: false, reason: "" },
    exit,
  ];
  expect(drawExplanation({ ...unit, exits }, 3_000)).toContain(
    `last exits:
  1s ago: pid 7 was ended by SIGTERM; liveness check failed: status 500
  1s ago: pid 7 ended with code 3
  1s ago: pid 7 was ended by SIGTERM; it was told to
`,
  );
});
