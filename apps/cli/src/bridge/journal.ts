import type { Logger } from "@mothership/kernel";
import type { Supervisor } from "@mothership/supervisor";

/** Says in the log what happens to processes that somebody who reads it later will ask about: ends, new tries, what was lost. */
export function keepJournal({ events }: Supervisor, log: Logger): void {
  events.on("exited", ({ name, pid, code, signal, requested }) => {
    const fields = { ship: name, pid, ...(signal === null ? { code } : { signal }) };
    if (requested) log.debug("A process ended, as it was told", fields);
    else if (code === 0) log.info("A process ended", fields);
    else log.warn("A process ended", fields);
  });
  events.on("startFailed", ({ name, code, reason }) => log.warn("A process could not be started", { ship: name, code, reason }));
  events.on("restartScheduled", ({ name, delayMs, failures }) => log.warn("A process is started again", { ship: name, delayMs, failures }));
  events.on("crashLoopChanged", ({ name, crashLoop }) => {
    if (crashLoop) log.error("A process crashes again and again", { ship: name });
    else log.info("A process has stopped crashing", { ship: name });
  });
  events.on("stuck", ({ name, pids }) =>
    log.error("Processes survived SIGKILL, so the ship is not started on top of them", { ship: name, pids }),
  );
  // Once a second at most for each process and sink.
  events.on("linesDropped", ({ name, sink, count, reason }) => log.warn("Lines of output were lost", { ship: name, sink, count, reason }));
}
