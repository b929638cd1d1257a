// Run by a test where control groups can be made: starts what sheds every other mark, and says what is left after a stop, and after a kill.
import { readdirSync } from "node:fs";
import { silentLogger, systemClock } from "@mothership/kernel";
import { eventually, isAlive } from "@mothership/testkit";
import { openSupervisor, sweepFleet } from "../src/index.ts";

const [folder = "", mode = ""] = process.argv.slice(2);
const deps = { clock: systemClock, log: silentLogger };
// No cookie, no common session or group, no parent that is still there; and deaf.
const daemon = `sleep 0.2; ( ( env -i /usr/bin/setsid /bin/sh -c "trap '' TERM; echo daemon \\$\\$; while :; do /bin/sleep 0.05; done" & ) & ) ; while :; do sleep 0.05; done`;

const supervisor = openSupervisor(
  [{ name: "web", command: "/bin/sh", args: ["-c", daemon], env: { PATH: process.env["PATH"] ?? "" }, stop: { graceMs: 100 } }],
  deps,
  { fleetId: "cg", cgroups: mode !== "without" },
);
let pid = 0;
supervisor.events.on("logLine", ({ text }) => {
  pid = Number(/daemon (\d+)/.exec(text)?.[1] ?? pid);
});
await supervisor.start();
await eventually("the daemon", () => pid > 0);
if (mode === "kill") {
  console.log(JSON.stringify({ pid }));
  process.kill(process.pid, "SIGKILL");
}
await supervisor.stop();
const left = isAlive(pid);
if (left) process.kill(pid, "SIGKILL");
await supervisor.close();
if (mode === "with") await sweepFleet("cg", deps);
console.log(JSON.stringify({ left, folders: readdirSync(folder).filter((entry) => entry.startsWith("mothership.cg.")) }));
