import type { AbortOptions, Clock } from "@mothership/kernel";
import { signalGroup } from "./family.ts";
import type { Launch } from "./spawn.ts";
import { isStarted, launch } from "./spawn.ts";

/** What is kept of the output of a command. */
const outputBytes = 1_024;
/** What it left in the background may hold its pipes: that is the family's, and not waited for longer. */
const afterExitMs = 100;

export interface ExecResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it printed. */
  readonly output: string;
}

/**
 * Runs a command to its end. When the signal fires, its group is killed and the promise rejects with the signal's reason.
 * A command that cannot be started rejects too.
 */
export function exec(what: Launch, { clock }: { readonly clock: Clock }, { signal }: AbortOptions = {}): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = launch(what);
    if (!isStarted(child)) {
      Promise.resolve(child).then(({ reason }) => reject(new Error(reason)), reject);
      return;
    }
    let output = "";
    const take = (chunk: Buffer): void => {
      output = `${output}${chunk.toString("utf8")}`.slice(-outputBytes);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", kill, { once: true });
    child.once("exit", (code, ended) => {
      signal?.removeEventListener("abort", kill);
      const late = clock.timer(afterExitMs, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      });
      child.once("close", () => {
        late[Symbol.dispose]();
        resolve({ code, signal: ended, output: output.trim() });
      });
    });
  });
}
