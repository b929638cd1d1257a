import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Process 1 of a container inherits every orphan and has to reap it, and has no default action for signals. Node reaps only children
 * that it knows, so as process 1 it would collect zombies. Therefore the place is given to a small init, and mothership runs as its child.
 */

/** Set for the runtime, so that it does not try again, and by who has an init of their own (`docker run --init`). */
const marker = "MOTHERSHIP_INIT";

/** Inits that are used where they are installed, with the arguments before the command. All forward signals and pass the exit code on. */
const inits = [
  ["tini", "--"],
  ["catatonit", "--"],
  ["dumb-init", "--"],
] as const;

/**
 * The init for systems that have none. `wait` reaps whatever ends; a trap interrupts it, so it goes on until the child is gone.
 * Needs no writable folder.
 */
const script = `
for signal in TERM INT HUP QUIT USR1 USR2; do trap "kill -$signal \\$child 2>/dev/null" "$signal"; done
"$@" &
child=$!
while :; do
  wait "$child"; code=$?
  kill -0 "$child" 2>/dev/null || exit "$code"
done
`;

/** What is known of this process before anything else happens. */
export interface Birth {
  readonly pid: number;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The command that is to take the place of this process; undefined when it needs no init. */
export function initFor(
  { pid, platform, env }: Birth,
  command: readonly string[],
  isExecutable: (path: string) => boolean,
): readonly string[] | undefined {
  if (pid !== 1 || platform !== "linux" || env[marker] !== undefined) return undefined;
  const folders = (env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(delimiter).filter((folder) => folder !== "");
  const find = (name: string): string | undefined => folders.map((folder) => join(folder, name)).find(isExecutable);
  for (const [name, ...args] of inits) {
    const path = find(name);
    if (path !== undefined) return [path, ...args, ...command];
  }
  const shell = find("sh");
  return shell === undefined ? undefined : [shell, "-c", script, "mothership-init", ...command];
}

/** If this is process 1, hands the place to an init that runs this program again, and does not return. `warn`: no init was found. */
export function yieldToInit(warn: (text: string) => void): void {
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const birth = { pid: process.pid, platform: process.platform, env: process.env };
  const [file, ...args] = initFor(birth, command, isExecutable) ?? [];
  if (file !== undefined && typeof process.execve === "function") {
    process.execve(file, [file, ...args], { ...definedOf(process.env), [marker]: "1" });
  } else if (process.pid === 1 && process.platform === "linux" && process.env[marker] === undefined) {
    warn(
      "mothership: this is process 1 and there is no init (tini, dumb-init, catatonit or sh) to take that place; ended orphans will stay as zombies\n",
    );
  }
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
