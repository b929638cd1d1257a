// Opens the interface on a fleet of plain values, in the terminal this runs in. For the end-to-end tests, and to look at by hand:
//   node packages/tui/test/show.ts [units] [socket] [flood] [gone | throw | exit | kill]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectControl, serveControl } from "@mothership/control";
import { type Clock, silentLogger, systemClock } from "@mothership/kernel";
import { openTui } from "../src/index.ts";
import { fleetOf, noon } from "./fleet.ts";
import { LiteralControl } from "./literal-control.ts";

const [count = "12", ...modes] = process.argv.slice(2);
// No requests, whose rates would be there after some seconds only, and a time of day that stands still: screens are always the same.
const units = fleetOf(Number(count)).units.map(({ requests: _, ...unit }) => unit);
const control = new LiteralControl(fleetOf(0, { units }));
const clock: Clock = { ...systemClock, wallTime: () => noon };
const deps = { clock, log: silentLogger };
const folder = modes.includes("socket") ? mkdtempSync(join(tmpdir(), "tui-")) : undefined;
const path = folder && join(folder, "control.sock");
const server = path ? await serveControl(control, path, deps) : undefined;
const tui = await openTui(path ? connectControl(path) : control, { input: process.stdin, output: process.stdout }, deps);
// An uncaught error is printed before "exit": to be seen, it must not be printed on the screen that goes away.
process.on("uncaughtExceptionMonitor", () => tui.restore());
process.on("exit", () => {
  tui.restore();
  if (folder) rmSync(folder, { recursive: true });
});

let number = 0;
const line = (text: string): void =>
  control.lines.push({ name: "ship-0", stream: number++ % 10 === 9 ? "stderr" : "stdout", at: noon, pid: 1000, text, dropped: 0 });
for (let at = 1; at <= 200; at++) line(`line ${at} of the log \x1b[32mgreen\x1b[0m \x1b]0;title\x07\x1b[2J`);

let flood: NodeJS.Timeout | undefined;
if (modes.includes("flood")) {
  const from = performance.now();
  let sent = 0;
  flood = setInterval(() => {
    // 10,000 lines a second, whenever the timer fires.
    for (const due = (performance.now() - from) * 10; sent < due; sent++) line(`flood ${sent} ${"x".repeat(60)}`);
  }, 10);
}
// What may go wrong does when a restart is asked for, so that whoever looks on says when.
const trouble: Readonly<Record<string, () => unknown>> = {
  gone: () => {
    control.events.end();
    return server?.close();
  },
  throw: () => {
    throw new Error("thrown on purpose");
  },
  exit: () => process.exit(3),
  kill: () => process.kill(process.pid, "SIGKILL"),
};
const wanted = modes.map((mode) => trouble[mode]).find((one) => one !== undefined);
if (wanted) control.restart = async () => void setImmediate(wanted);

const start = process.cpuUsage();
const began = performance.now();
const why = await tui.quit;
clearInterval(flood);
const { user, system } = process.cpuUsage(start);
const share = (user + system) / 10 / (performance.now() - began);
await tui.close();
await server?.close();
console.log(`left: ${why}; asked: ${control.asked.join(", ")}; cpu ${share.toFixed(1)}%`);
