// A program for tests to kill: supervises one process and tells what happens. Arguments: fleet id, name (which says what is done), script.
import { silentLogger, systemClock } from "@mothership/kernel";
import type { CheckSpec } from "../src/index.ts";
import { openSupervisor } from "../src/index.ts";

const [fleetId = "", name = "", script = ""] = process.argv.slice(2);
const verdict: CheckSpec = {
  probe: async () => {
    if (name === "starting") throw new Error("never");
  },
};
const supervisor = openSupervisor(
  [
    {
      name,
      command: "/bin/sh",
      args: ["-c", script],
      env: { PATH: process.env["PATH"] ?? "" },
      restart: { minDelayMs: 60_000 },
      ...(name === "backoff" ? {} : { ready: verdict }),
    },
  ],
  { clock: systemClock, log: silentLogger },
  { fleetId },
);
supervisor.events.on("stateChanged", ({ to }) => console.log(`state ${name} ${to}`));
supervisor.events.on("started", ({ pid }) => console.log(`started ${pid}`));
supervisor.events.on("logLine", ({ text }) => {
  console.log(text);
  if (name === "stopping" && text.startsWith("orphan")) supervisor.stop().catch(() => undefined); // the test kills us meanwhile
});
supervisor.start().catch(() => undefined); // "starting" never gets there
