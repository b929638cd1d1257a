/** One server of a fleet in a process of its own. It takes part in launches as it is told, and reports what happens when. */
import { type Logger, systemClock } from "@mothership/kernel";
import type { Coordinator, Tenure } from "../src/coordinator.ts";
import { postgresCoordinator } from "../src/postgres.ts";
import { runOnce } from "../src/run-once.ts";
import { machineTime, type Report, type Said, type Task } from "./protocol.ts";
import { work } from "./work.ts";

process.on("message", (task: Task) => void takePart(task));
// Without its parent it has nobody to report to.
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function takePart({ id, election, work: spec }: Task): Promise<void> {
  const say = (report: Report): void => void process.send?.({ ...report, id, at: machineTime() } satisfies Said);
  // What a log says is on stdout, where the parent can search it.
  const write = (message: string, fields?: object): void => void process.stdout.write(`${JSON.stringify({ message, ...fields })}\n`);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  const coordinator = postgresCoordinator(election, { clock: systemClock, log });
  try {
    const role = await runOnce(
      async ({ signal }) => {
        say({ event: "working" });
        let done = false;
        try {
          await work(spec, { signal });
          done = true;
        } finally {
          say({ event: "stopped", done });
        }
      },
      observed(coordinator, say),
    );
    say({ event: "launched", role });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "none";
    say({ event: "failed", code, message: String(error) });
    write("failed", { stack: error instanceof Error ? error.stack : String(error) });
  }
}

/** The same coordinator, with reports of what is asked of it. */
function observed(coordinator: Coordinator, say: (report: Report) => void): Coordinator {
  return {
    async elect(options) {
      const before = machineTime();
      const tenure = await coordinator.elect(options);
      say({ event: "elected", role: tenure.role, tookMs: machineTime() - before });
      return {
        get role() {
          return tenure.role;
        },
        signal: tenure.signal,
        announceReady() {
          say({ event: "announcing" });
          return tenure.announceReady();
        },
        announceAbort: (reason) => tenure.announceAbort(reason),
        async waitUntilReady(waitOptions) {
          const begun = machineTime();
          try {
            return await tenure.waitUntilReady(waitOptions);
          } finally {
            say({ event: "waited", tookMs: machineTime() - begun });
          }
        },
        [Symbol.asyncDispose]: () => tenure[Symbol.asyncDispose](),
      } satisfies Tenure;
    },
  };
}
