import type { UnitExplanation } from "@mothership/control";
import { expect, test } from "vitest";
import { drawExplanation } from "./status.ts";

test("probes are called what the manifest calls their checks", () => {
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
  const drawn = drawExplanation(unit, 3_000);
  for (const check of ["startup", "readiness", "liveness"]) expect(drawn).toContain(`  ${check} 2s ago: passed (4 ms)\n`);
});
