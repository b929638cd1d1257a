/** Runs the demo fleet with the Node that runs this file, asks it for three things and stops it: `node scripts/smoke.ts [program]`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");
const program = process.argv[2] ?? join(root, "apps/cli/bin/mothership.cjs");
const manifest = join(root, "examples/web-and-worker/ship-manifest.toml");

async function untilRunning(fleet: ChildProcess): Promise<void> {
  if (!fleet.stdout) throw new Error("the fleet has no output");
  for await (const line of createInterface({ input: fleet.stdout })) if (line.includes('"Mothership runs"')) return;
  throw new Error("the fleet ended before it ran");
}

const fleet = spawn(process.execPath, [program, "run", "-c", manifest], { stdio: ["ignore", "pipe", "inherit"] });
const ended = once(fleet, "exit");
try {
  await untilRunning(fleet);
  for (const path of ["/", "/api/time", "/static/style.css"]) {
    const { status } = await fetch(`http://127.0.0.1:8080${path}`);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  }
} finally {
  fleet.stdout?.resume();
  fleet.kill("SIGTERM");
}
const [code] = (await ended) as [number | null];
if (code !== 0) throw new Error(`the fleet ended with code ${code}`);
process.stdout.write(`the demo fleet runs on Node ${process.versions.node}\n`);
