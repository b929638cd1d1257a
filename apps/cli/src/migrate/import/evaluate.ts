import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../../errors.ts";
import { oneLine } from "../one-line.ts";

const timeLimitMs = 10_000;
const mostBytes = 4 * 1024 * 1024;

/** What the child prints in front of the value: the file itself may print things too. */
const marker = "mothership-import:";

/**
 * Runs a JavaScript file and returns what it exports, as JSON has it.
 *
 * It runs in a process of its own, which may read files and nothing else on disk, cannot start processes, and is ended after 10 s. It can still
 * see the environment and, before Node 25, reach the network: only for files that one would run anyhow.
 *
 * @throws {UsageError} for a file that fails, prints too much, or exports nothing that could be passed on.
 */
export async function evaluate(path: string, signal?: AbortSignal): Promise<unknown> {
  const program = `import(${JSON.stringify(pathToFileURL(path).href)}).then(async (m) => {
    let value = m.default ?? m;
    if (typeof value === "function") value = await value();
    process.stdout.write("\\n${marker}" + JSON.stringify(value) + "\\n");
  }).catch((error) => { process.stderr.write(String(error?.message ?? error).split("\\n")[0]); process.exitCode = 1; });`;
  const { stdout, problem } = await run(
    ["--permission", "--allow-fs-read=*", "--no-warnings", "--input-type=module", "-e", program],
    dirname(path),
    signal,
  );
  const line = stdout.split("\n").findLast((one) => one.startsWith(marker));
  if (problem !== undefined || line === undefined)
    throw new UsageError(
      `${path} cannot be run: ${problem ?? "it ended by itself"}; write what it exports as JSON into ecosystem.json and import that`,
    );
  try {
    return JSON.parse(line.slice(marker.length)) as unknown;
  } catch {
    throw new UsageError(`${path} exports nothing that can be written as JSON`);
  }
}

function run(
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly stdout: string; readonly problem: string | undefined }> {
  const options = { cwd, timeout: timeLimitMs, maxBuffer: mostBytes, killSignal: "SIGKILL", encoding: "utf8", signal } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (!error) resolve({ stdout, problem: undefined });
      else if (error.killed === true) resolve({ stdout, problem: `it took longer than ${timeLimitMs / 1000} s, or printed too much` });
      else resolve({ stdout, problem: oneLine(stderr.trim().split("\n")[0] ?? "") || "it failed" });
    });
  });
}
