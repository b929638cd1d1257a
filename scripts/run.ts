import { type ChildProcess, spawn } from "node:child_process";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when it ended with 0; else how it ended, and what it printed. */
  readonly problem: string | undefined;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** After this it is killed with all that it started. 60 s. */
  readonly patienceMs?: number;
}

const running = new Set<ChildProcess>();

/** Kills whatever `run` has started and what that has started: before the end of a process that is told to end. */
export function killAll(): void {
  for (const child of running) killFamily(child);
}

function killFamily({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It ended a moment ago.
  }
}

/** Runs a program to its end, with nothing to read. Rejects only when it cannot be started. */
export async function run(command: string, args: readonly string[], { cwd, env, patienceMs = 60_000 }: RunOptions): Promise<Ended> {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  running.add(child);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  let late = false;
  const patience = setTimeout(() => {
    late = true;
    killFamily(child);
  }, patienceMs);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...how) => resolve(how));
  }).finally(() => {
    clearTimeout(patience);
    running.delete(child);
  });
  const how = late ? `does not end by itself within ${patienceMs / 1000} s` : `ends with ${signal ?? `code ${code}`}`;
  // Where in Node's own code an error came up says nothing about the package.
  const said = `${output.stderr.trim()}\n${output.stdout.trim()}`
    .trim()
    .replaceAll(/^ +at .*\n/gm, "")
    .replaceAll(/^/gm, "    ");
  return { code, ...output, problem: code === 0 ? undefined : `${how}\n${said}` };
}

/** Works through a list, so many at a time; the results are in the order of the list. */
export async function inParallel<T, R>(list: readonly T[], atATime: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = list.entries();
  const worker = async (): Promise<void> => {
    for (const [at, one] of rest) results[at] = await work(one);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return results;
}
