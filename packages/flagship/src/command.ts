import { spawn } from "node:child_process";
import { type AbortOptions, DeadlineError, type Deps, deadline, messageOf, redact } from "@mothership/kernel";
import { ElectionCommandError } from "./errors.ts";
import { splitWords } from "./words.ts";

const timeLimitMs = 10_000;
const maxOutputBytes = 64 * 1024;
/** How much of what a failed command wrote to stderr is repeated. */
const maxComplaintLength = 200;

/**
 * What a command writes to stdout, run without a shell and in this process's environment. It and everything it started are
 * killed when 10 s have passed, when it writes more than 64 KiB, or when the signal fires.
 *
 * @throws {ElectionCommandError} when it cannot be run, ends with another code than 0, or exceeds a limit.
 */
export async function outputOf(command: string, { clock }: Pick<Deps, "clock">, { signal }: AbortOptions): Promise<string> {
  const [program, ...args] = splitWords(command) ?? [];
  if (program === undefined) throw new ElectionCommandError(command, "is empty or has a quote that is not closed");
  if (command.includes("\0")) throw new ElectionCommandError(command.replaceAll("\0", "?"), "holds a NUL");
  using limit = deadline("running the election command", timeLimitMs, clock, signal);
  limit.signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (reason: string): void => reject(new ElectionCommandError(command, reason));

  // A group of its own, so that what it started dies with it.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group is gone already.
    }
    // A grandchild that left the group may hold the pipes open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const stop = (): void => {
    kill();
    if (limit.signal.reason instanceof DeadlineError) fail(`did not end within ${timeLimitMs / 1000} s`);
    else reject(limit.signal.reason);
  };
  limit.signal.addEventListener("abort", stop, { once: true });

  const output: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= maxOutputBytes) output.push(piece);
    else {
      kill();
      fail(`wrote more than ${maxOutputBytes / 1024} KiB`);
    }
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, maxComplaintLength);
  });
  child.once("error", (error) => fail(`cannot be run: ${messageOf(error)}`));
  child.once("close", (code, killedBy) => {
    const said = complaint.trim() === "" ? "" : `: ${redact(messageOf(complaint.trim()))}`;
    if (code === 0) resolve(Buffer.concat(output).toString());
    else fail(`ended with ${code === null ? `signal ${killedBy}` : `exit code ${code}`}${said}`);
  });
  try {
    return await promise;
  } finally {
    limit.signal.removeEventListener("abort", stop);
  }
}
