import { availableParallelism } from "node:os";
import type { Deps } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";

/** Systems that spread connections over the sockets of one port (SO_REUSEPORT). */
const spreading: ReadonlySet<NodeJS.Platform> = new Set(["linux", "freebsd", "sunos", "aix"]);
/** With "auto": beyond it, what threads have in common costs more than one more brings. */
const mostByItself = 16;

export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Processors that this process may use. */
  readonly processors: number;
}

const thisMachine = (): Machine => ({ platform: process.platform, processors: availableParallelism() });

/** Why the threads that a manifest asks for cannot be had here, in one sentence; undefined where they can. */
export function threadsProblem({ mothership: { edgeThreads } }: Manifest, { platform }: Machine = thisMachine()): string | undefined {
  if (edgeThreads === "auto" || edgeThreads === 1 || spreading.has(platform)) return undefined;
  return `edge_threads = ${edgeThreads} cannot be had on ${platform}, which does not spread connections over the sockets of one port; write 1 or "auto"`;
}

/** How many threads serve requests. What "auto" came to is logged. */
export function threadCount({ mothership }: Manifest, { log }: Pick<Deps, "log">, machine: Machine = thisMachine()): number {
  const { edgeThreads, binds } = mothership;
  if (edgeThreads === 1) return 1;
  if (!binds.some(({ address }) => address.kind === "tcp")) {
    log.info("One thread serves requests: no bind is on TCP, and a Unix socket cannot be shared", { threads: 1 });
    return 1;
  }
  if (edgeThreads !== "auto") return edgeThreads;
  const can = spreading.has(machine.platform);
  const threads = can ? Math.min(machine.processors, mostByItself) : 1;
  if (can) log.info("Threads serve requests, one for each processor", { threads });
  else log.info("One thread serves requests: this system does not spread connections over the sockets of one port", { threads });
  return threads;
}
