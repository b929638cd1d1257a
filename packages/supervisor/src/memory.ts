import type { Deps } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";
import { background } from "./background.ts";
import { familiesOf } from "./family.ts";
import { isRunning } from "./needs.ts";
import type { ManagedProcess } from "./process.ts";
import type { ProcessTable } from "./process-table.ts";

/** Samples in a row over the limit before a process is restarted for it. */
const samplesOver = 3;

export interface MemorySample {
  readonly rssBytes: number;
  readonly virtualBytes: number;
  readonly processes: number;
}

/**
 * Looks at the memory of all families every `intervalMs`, in one pass over the machine's processes, and restarts those that stay over
 * their limit. Shared pages count once for each process that has them.
 */
export function openMemoryWatch(
  intervalMs: number,
  processes: ReadonlyMap<string, ManagedProcess>,
  table: ProcessTable,
  { clock, log }: Deps,
  onSample: (name: string, sample: MemorySample) => void,
): Disposable {
  const over = new WeakMap<ManagedProcess, number>();
  let ended = false;
  let timer: Disposable;

  const judge = (process: ManagedProcess, { rssBytes }: MemorySample): void => {
    const limit = process.spec.memoryLimitBytes;
    const count = limit !== undefined && rssBytes > limit ? (over.get(process) ?? 0) + 1 : 0;
    over.set(process, count >= samplesOver ? 0 : count);
    if (count < samplesOver) return;
    const reason = `memory of ${rssBytes} bytes is over the limit of ${limit}`;
    log.warn("a process is restarted for its memory", { ship: process.name, rssBytes, limitBytes: limit });
    process.dispatch({ type: "recycle", reason });
  };

  const look = async (): Promise<void> => {
    const running = [...processes.values()].filter(({ record }) => isRunning(record));
    if (running.length > 0) {
      try {
        const found = familiesOf(
          await table.read(),
          running.map((process) => process.family),
        );
        if (ended) return;
        for (const [{ process, leader }, members] of found) {
          // It may have ended, or be another incarnation, since it was asked.
          if (process.family.leader !== leader || !isRunning(process.record)) continue;
          const sample = {
            rssBytes: members.reduce((sum, member) => sum + member.rssBytes, 0),
            virtualBytes: members.reduce((sum, member) => sum + member.virtualBytes, 0),
            processes: members.length,
          };
          process.memory = sample;
          onSample(process.name, sample);
          judge(process, sample);
        }
      } catch (error) {
        log.warn("the memory of the processes could not be read", { reason: messageOf(error) });
      }
    }
    schedule();
  };

  const schedule = (): void => {
    if (!ended) timer = clock.timer(intervalMs, () => background(look(), log));
  };

  schedule();
  return {
    [Symbol.dispose]: () => {
      ended = true;
      timer[Symbol.dispose]();
    },
  };
}
