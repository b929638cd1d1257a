import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { run } from "../run.ts";
import { root } from "../workspace.ts";

/**
 * Installs the program as its README says, into a prefix of its own, and uses it for the first time: help, a manifest to start from, and a
 * check of it. With `older`, a Node that is too old, it has to say so in one line. Gives the path of the program.
 */
export async function installProgram(work: string, env: NodeJS.ProcessEnv, older: string | undefined): Promise<string> {
  const prefix = join(work, "global");
  const place = join(work, "first-fleet");
  mkdirSync(place);
  const installed = await run("npm", ["install", "--global", "--prefix", prefix, "--loglevel=error", "mothership"], { cwd: place, env });
  if (installed.problem) throw new Error(`mothership: "npm install --global" ${installed.problem}`);
  const program = join(prefix, "bin/mothership");
  for (const args of [["--version"], ["--help"], ["init"], ["clearance"], ["chart"]]) {
    const { problem } = await run(program, args, { cwd: place, env });
    if (problem) throw new Error(`mothership: "mothership ${args.join(" ")}" of the installed program ${problem}`);
  }
  if (!existsSync(join(place, "ship-manifest.toml"))) throw new Error('mothership: "mothership init" wrote no ship-manifest.toml');
  if (older === undefined) return program;
  const { code, stderr } = await run(older, [program, "--version"], { cwd: place, env });
  if (code === 69 && stderr.trim().split("\n").length === 1) return program;
  throw new Error(`mothership: on ${older}, which is too old, it should end with 69 and one line, and ended with ${code}:\n${stderr}`);
}

/** The demo fleet, which an installed program runs. */
export interface DemoFleet {
  /** With its manifest. */
  readonly folder: string;
  /** Asks it for something, stops it, and says what was wrong with any of it. */
  stop(): Promise<string[]>;
}

/** Starts the demo fleet with the installed program, on ports of its own, so that it gets into nobody's way. */
export async function startDemo(program: string, work: string, node: string, env: NodeJS.ProcessEnv): Promise<DemoFleet> {
  const folder = join(work, "demo");
  const port = await copyDemo(folder);
  const fleet = spawn(node, [program, "run"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(fleet, "exit") as Promise<[number | null]>;
  process.once("exit", () => fleet.kill("SIGTERM"));
  const stop = async (): Promise<string[]> => {
    const problems: string[] = [];
    for (const path of ["/", "/api/time", "/static/style.css"]) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch((error: Error) => ({ status: `nothing (${error.message})` }));
      if (answer.status !== 200) problems.push(`mothership: the demo fleet answered ${answer.status} to ${path}`);
    }
    const { problem, stdout } = await run(program, ["status", "--json"], { cwd: folder, env });
    if (problem || !stdout.includes('"worker"'))
      problems.push(`mothership: "mothership status" beside the demo fleet ${problem ?? `shows no worker:\n${stdout}`}`);
    fleet.kill("SIGTERM");
    const [code] = await ended;
    if (code !== 0) problems.push(`mothership: the demo fleet ended with code ${code} after SIGTERM`);
    return problems;
  };
  try {
    await untilRunning(fleet);
    fleet.stdout?.resume();
    return { folder, stop };
  } catch (error) {
    fleet.kill("SIGTERM");
    throw error;
  }
}

/** Copies the demo fleet, on ports that are free now. Gives that of its bind. */
async function copyDemo(folder: string): Promise<number> {
  cpSync(join(root, "examples/web-and-worker"), folder, { recursive: true });
  const manifest = readFileSync(join(folder, "ship-manifest.toml"), "utf8");
  const used = [...new Set(manifest.match(/\b(8080|40\d\d)\b/g))];
  const servers = used.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  const moved = used.reduce((text, port, at) => text.replaceAll(new RegExp(`\\b${port}\\b`, "g"), String(ports[at])), manifest);
  writeFileSync(join(folder, "ship-manifest.toml"), moved);
  return ports[used.indexOf("8080")] ?? 0;
}

async function untilRunning(fleet: ChildProcess): Promise<void> {
  if (fleet.stdout) for await (const line of createInterface({ input: fleet.stdout })) if (line.includes('"Mothership runs"')) return;
  throw new Error("mothership: the demo fleet of the installed program ended before it ran");
}
