import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, tempFolder } from "@mothership/testkit";

/** The built program. */
export const bin = join(import.meta.dirname, "../../bin/mothership.cjs");
/** A ship for tests; see the file. */
export const shipScript = join(import.meta.dirname, "../fixtures/ship.mjs");
/** The bay of examples/echo-bay. */
const echoBay = join(import.meta.dirname, "../../../../examples/echo-bay/echo.js");

/** One line of the program's JSON output. */
export interface OutputLine {
  readonly message?: string;
  readonly status?: string;
  readonly ship?: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command of the built program to its end. */
export async function mothership(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text() };
}

/** A fleet that runs from a manifest of its own in a folder of its own. Ends with the scope, whatever happened in it. */
export interface TestFleet extends AsyncDisposable {
  readonly folder: string;
  readonly pid: number;
  /** What a command needs in its environment to find this fleet. */
  readonly env: Record<string, string>;
  lines(): OutputLine[];
  stdout(): string;
  stderr(): string;
  /** Resolves with the first line that fits, past or to come. */
  line(what: string, fits: (line: OutputLine) => boolean): Promise<OutputLine>;
  /** Its units as `status --json` tells them. */
  units(): Promise<{ readonly name: string; readonly pid?: number; readonly state: string }[]>;
  /** Resolves when the fleet runs. */
  running(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the program has ended and closed its output. */
  ended(): Promise<Finished>;
}

/** Starts `mothership run` on this manifest. `files` are written beside it. */
export function startFleet(
  manifest: string,
  options: { readonly files?: Record<string, string>; readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
): TestFleet {
  const folder = tempFolder();
  writeFileSync(folder.join("ship-manifest.toml"), inThreads(manifest));
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(folder.join(name), text);
  // Each fleet of a test is steered through a folder of its own.
  const env = { MS_SOCKET_DIR: folder.join("run") };
  const child = spawn(process.execPath, [bin, "run", ...(options.args ?? [])], {
    cwd: folder.path,
    env: { ...process.env, ...env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = collect(child);
  const closed = once(child, "close") as Promise<[number | null]>;
  const lines = (): OutputLine[] =>
    text()
      .stdout.split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as OutputLine);
  const line = (what: string, fits: (line: OutputLine) => boolean): Promise<OutputLine> =>
    eventually(`${what} in ${JSON.stringify(text())}`.slice(0, 4000), () => lines().find(fits), 20_000);
  return {
    folder: folder.path,
    env,
    pid: child.pid ?? 0,
    lines,
    stdout: () => text().stdout,
    stderr: () => text().stderr,
    line,
    units: async () =>
      JSON.parse((await mothership(["status", "--json", ...(options.args ?? [])], { cwd: folder.path, env })).stdout).units,
    running: async () => void (await line("the fleet running", ({ message }) => message === "Mothership runs")),
    signal: (signal) => void child.kill(signal),
    ended: async () => ({ code: (await closed)[0], ...text() }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await closed;
      clearTimeout(killer);
      folder[Symbol.dispose]();
    },
  };
}

/** `TEST_EDGE_THREADS=2` lets all these tests run with so many threads, unless a manifest says itself how many. */
function inThreads(manifest: string): string {
  const threads = process.env["TEST_EDGE_THREADS"];
  if (threads === undefined || manifest.includes("edge_threads")) return manifest;
  const line = `[mothership]\nedge_threads = ${threads}`;
  return /^\[mothership\]$/m.test(manifest) ? manifest.replace(/^\[mothership\]$/m, line) : `${line}\n${manifest}`;
}

/** A `[[fleet.web]]` table around a script, that of the test ship unless it says another. */
export function ship(name: string, port: number | string, more = "", script = shipScript): string {
  const address = typeof port === "number" ? `tcp://127.0.0.1:${port}` : `unix://${port}`;
  return `
[[fleet.web]]
name = "${name}"
command = "${process.execPath}"
args = ["${script}"]
env = { PORT = "${port}", SHIP = "${name}" }
bind = "${address}"
healthcheck = "/health"
${more}
`;
}

/** A `[[fleet.web]]` table around the ship that fails as it is asked to, behind the bind `http`; see fixtures/moody.mjs. */
export function moodyShip(port: number, more = ""): string {
  return ship("moody", port, `routes = ["http:/.*"]\n${more}`, join(import.meta.dirname, "../fixtures/moody.mjs"));
}

/** A `[[bays.websocket]]` table around a script. */
export function bay(name: string, routes: string, script = echoBay): string {
  return `
[[bays.websocket]]
name = "${name}"
command = "${process.execPath}"
args = ["${script}"]
routes = ["${routes}"]
`;
}

function collect(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (data: string) => {
    stdout += data;
  });
  child.stderr?.setEncoding("utf8").on("data", (data: string) => {
    stderr += data;
  });
  return () => ({ stdout, stderr });
}
