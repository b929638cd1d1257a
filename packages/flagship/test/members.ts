import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { machineTime, type Said, type Task } from "./protocol.ts";

/** A process that plays one server. */
export interface Member extends AsyncDisposable {
  /** Takes part in a launch; resolves when that has come to an end here, with everything that was reported. */
  takePart(task: Task, onReport?: (said: Said) => void): Promise<readonly Said[]>;
  /** SIGKILL. What it was taking part in ends with the reports so far and `killed`. */
  kill(): void;
  /** When it was killed, by the machine's clock. */
  readonly killedAt: number | undefined;
  /** Everything it wrote to stdout and stderr. */
  readonly output: string;
}

export async function startMember(): Promise<Member> {
  const child: ChildProcess = fork(fileURLToPath(new URL("./member.ts", import.meta.url)), { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let output = "";
  let killedAt: number | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  // Not "close": after a disconnect from this side it never comes.
  const gone = once(child, "exit");
  await Promise.race([once(child, "message"), gone.then(() => Promise.reject(new Error(`a member did not start: ${output}`)))]);
  return {
    takePart(task, onReport) {
      return new Promise((resolve) => {
        const reports: Said[] = [];
        const finish = (): void => {
          child.off("message", hear);
          child.off("disconnect", finish);
          resolve(reports);
        };
        const hear = (said: Said): void => {
          if (said.id !== task.id) return;
          reports.push(said);
          onReport?.(said);
          if (said.event === "launched" || said.event === "failed") finish();
        };
        child.on("message", hear);
        // The end of the channel: everything that was said has been heard.
        child.once("disconnect", finish);
        if (child.connected) child.send(task);
        else finish();
      });
    },
    kill() {
      killedAt ??= machineTime();
      child.kill("SIGKILL");
    },
    get killedAt() {
      return killedAt;
    },
    get output() {
      return output;
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}
