import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pause } from "./proc.ts";

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: StdioOptions;
  readonly cwd?: string;
}

/** A folder for one run and the processes that were started in it; both are gone after `close`. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), "ms-bench-"));
  readonly #children: ChildProcess[] = [];
  readonly #given = new Set<number>();

  constructor() {
    // Some programs serve as another user.
    chmodSync(this.folder, 0o755);
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  write(name: string, content: string | Buffer, mode = 0o644): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  /** `core`: the one it is pinned to, with all that it starts; undefined: any. */
  start(core: number | undefined, command: string, args: readonly string[], options: StartOptions = {}): ChildProcess {
    const { env, stdio = ["ignore", "ignore", "inherit"], cwd } = options;
    const words = core === undefined ? [command, ...args] : ["taskset", "-c", String(core), command, ...args];
    const child = spawn(words[0]!, words.slice(1), {
      stdio,
      env: { ...process.env, NODE_ENV: "production", ...env },
      ...(cwd !== undefined && { cwd }),
    });
    this.#children.push(child);
    return child;
  }

  async freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    if (this.#given.has(port)) return await this.freePort();
    this.#given.add(port);
    return port;
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => stop(child)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Asks a process to end, and after 15 s makes it. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const late = pause(15_000).then(() => "late");
  if ((await Promise.race([gone, late])) === "late") child.kill("SIGKILL");
}

/** Runs the work in a scratch folder that is cleaned up whatever happens, on Ctrl-C too. */
export async function withScratch(work: (scratch: Scratch) => Promise<void>): Promise<void> {
  const scratch = new Scratch();
  const interrupted = (): void => {
    void scratch.close().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    await work(scratch);
  } finally {
    await scratch.close();
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}
