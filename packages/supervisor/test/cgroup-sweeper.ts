// Run by a test after the supervisor of `cgroup-fixture.ts` was killed: sweeps, and says what is left of its daemon.
import { readdirSync } from "node:fs";
import { silentLogger, systemClock } from "@mothership/kernel";
import { isAlive } from "@mothership/testkit";
import { sweepFleet } from "../src/index.ts";

const [folder = "", pid = ""] = process.argv.slice(2);
const before = isAlive(Number(pid));
await sweepFleet("cg", { clock: systemClock, log: silentLogger }, { graceMs: 50 });
console.log(
  JSON.stringify({
    before,
    left: isAlive(Number(pid)),
    folders: readdirSync(folder).filter((entry) => entry.startsWith("mothership.cg.")),
  }),
);
