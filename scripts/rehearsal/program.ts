import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { run } from "../run.ts";
import { root } from "../workspace.ts";

/** Ports that are free now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** A copy of the demo fleet on ports of its own, so that it gets into nobody's way. Gives its folder and the port of its bind. */
async function demoFleet(work: string): Promise<{ folder: string; port: number }> {
  const folder = join(work, "demo");
  cpSync(join(root, "examples/web-and-worker"), folder, { recursive: true });
  const manifest = readFileSync(join(folder, "ship-manifest.toml"), "utf8");
  const used = [...new Set(manifest.match(/\b(8080|40\d\d)\b/g))];
  const ports = await freePorts(used.length);
  const moved = used.reduce((text, port, at) => text.replaceAll(new RegExp(`\\b${port}\\b`, "g"), String(ports[at])), manifest);
  writeFileSync(join(folder, "ship-manifest.toml"), moved);
  return { folder, port: ports[used.indexOf("8080")] ?? 0 };
}

async function untilRunning(fleet: ChildProcess): Promise<void> {
  if (fleet.stdout) for await (const line of createInterface({ input: fleet.stdout })) if (line.includes('"Mothership runs"')) return;
  throw new Error("the demo fleet of the installed program ended before it ran");
}

/**
 * Installs the program as its README says, into a prefix of its own, and uses it for the first time: help, a manifest to start from,
 * a check of it, and the demo fleet, which is asked for something and stopped.
 */
export async function programProblems(work: string, node: string, env: NodeJS.ProcessEnv, older: string | undefined): Promise<string[]> {
  const prefix = join(work, "global");
  const place = join(work, "first-fleet");
  mkdirSync(place);
  const installed = await run("npm", ["install", "--global", "--prefix", prefix, "--loglevel=error", "mothership"], { cwd: place, env });
  if (installed.problem) return [`mothership: "npm install --global" ${installed.problem}`];
  const program = join(prefix, "bin/mothership");

  for (const args of [["--version"], ["--help"], ["init"], ["clearance"], ["chart"]]) {
    const { problem } = await run(program, args, { cwd: place, env });
    if (problem) return [`mothership: "mothership ${args.join(" ")}" of the installed program ${problem}`];
  }
  if (!existsSync(join(place, "ship-manifest.toml"))) return ['mothership: "mothership init" wrote no ship-manifest.toml'];

  if (older !== undefined) {
    const { code, stderr } = await run(older, [program, "--version"], { cwd: place, env });
    if (code !== 69 || stderr.trim().split("\n").length !== 1)
      return [`mothership: on ${older}, which is too old, it should end with 69 and one line, and ended with ${code}:\n${stderr}`];
  }

  const { folder, port } = await demoFleet(work);
  const fleet = spawn(node, [program, "run"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(fleet, "exit") as Promise<[number | null]>;
  const problems: string[] = [];
  try {
    await untilRunning(fleet);
    fleet.stdout?.resume();
    for (const path of ["/", "/api/time", "/static/style.css"]) {
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
      if (status !== 200) problems.push(`mothership: the demo fleet answered ${status} to ${path}`);
    }
    const { problem, stdout } = await run(program, ["status", "--json"], { cwd: folder, env });
    if (problem || !stdout.includes('"worker"'))
      problems.push(`mothership: "mothership status" beside the demo fleet ${problem ?? `shows no worker:\n${stdout}`}`);
  } finally {
    fleet.kill("SIGTERM");
  }
  const [code] = await ended;
  if (code !== 0) problems.push(`mothership: the demo fleet ended with code ${code} after SIGTERM`);
  return problems;
}
