// A program for tests to kill: supervises one process and tells what happens. Arguments: fleet id, name (which says what is done), script.
import { silentLogger, systemClock } from "@mothership/kernel";
import type { CheckSpec } from "../src/index.ts";
import { openSupervisor } from "../src/index.ts";

const [fleetId = "", name = "", script = ""] = process.argv.slice(2);
let looks = 0;
const verdict: CheckSpec = {
  probe: async () => {
    if (name === "starting" || (name === "unready" && looks++ > 0)) throw new Error("never");
  },
  ...(name === "unready" && { intervalMs: 10, failureThreshold: 1 }),
};
const supervisor = openSupervisor(
  [
    {
      name,
      command: "/bin/sh",
      args: ["-c", script],
      env: { PATH: process.env["PATH"] ?? "" },
      restart: { minDelayMs: 60_000 },
      tty: name === "terminal",
      ...(name === "backoff" ? {} : { ready: verdict }),
    },
  ],
  // A drain that takes longer than this program lives.
  { clock: systemClock, log: silentLogger, ...(name === "draining" && { drain: () => new Promise<void>(() => undefined) }) },
  { fleetId },
);
const seen = new Set<string>();
function saw(what: string): void {
  seen.add(what);
  // Only what is ready is drained; the test kills us while it is being stopped.
  if (["stopping", "draining", "sweeping"].includes(name) && seen.has("ready") && seen.has("orphan"))
    supervisor.stop().catch(() => undefined);
}
supervisor.events.on("stateChanged", ({ to }) => {
  console.log(`state ${name} ${to}`);
  saw(to);
});
supervisor.events.on("started", ({ pid }) => console.log(`started ${pid}`));
supervisor.events.on("logLine", ({ text }) => {
  console.log(text);
  saw(text.split(" ")[0] ?? "");
});
supervisor.start().catch(() => undefined); // "starting" never gets there
