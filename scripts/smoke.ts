/**
 * Runs the demo fleet with the Node that runs this file, asks it for three things and stops it; then a folder of files served by two threads:
 * `node scripts/smoke.ts [program]`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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

/** Runs a fleet, does something with it, and stops it. */
async function withFleet(path: string, work: () => Promise<void>): Promise<void> {
  const fleet = spawn(process.execPath, [program, "run", "-c", path], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(fleet, "exit");
  try {
    await untilRunning(fleet);
    await work();
  } finally {
    fleet.stdout?.resume();
    fleet.kill("SIGTERM");
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the fleet ended with code ${code}`);
}

async function answered(url: string): Promise<string> {
  // A connection of its own for each, so that every thread has some.
  const answer = await fetch(url, { headers: { Connection: "close" } });
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  return await answer.text();
}

await withFleet(manifest, async () => {
  for (const path of ["/", "/api/time", "/static/style.css"]) await answered(`http://127.0.0.1:8080${path}`);
});

const folder = mkdtempSync(join(tmpdir(), "smoke-"));
try {
  const text = `[mothership]\nedge_threads = 2\nmetrics_port = 8081\n[mothership.bind]\nhttp = "127.0.0.1:8080"\n[[mothership.static_dirs]]\npath = "."\n`;
  // Where the system does not spread connections there is one thread.
  writeFileSync(join(folder, "ship-manifest.toml"), process.platform === "linux" ? text : text.replace("= 2", '= "auto"'));
  await withFleet(join(folder, "ship-manifest.toml"), async () => {
    for (let count = 0; count < 20; count++) await answered("http://127.0.0.1:8080/ship-manifest.toml");
    const page = await answered("http://127.0.0.1:8081/metrics");
    if (process.platform === "linux" && !page.includes('mothership_edge_threads{state="running"} 2'))
      throw new Error("two threads do not run");
  });
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(`the demo fleet and two threads run on Node ${process.versions.node}\n`);
