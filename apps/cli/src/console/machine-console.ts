import { batched } from "../terminal/batched-output.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { jsonSink } from "./log-sink.ts";
import type { RunConsole } from "./run-console.ts";

/** For whatever reads on: one JSON object a line, mistakes as sentences beside it. */
export function machineConsole({ out, err }: Pick<Terminal, "out" | "err">): RunConsole {
  const output = batched(out);
  return {
    sink: jsonSink(output.write),
    stopping: {
      politely: "Stopping: running requests finish, then the ships stop; a second signal ends everything at once",
      atOnce: "Ending at once",
      saysSignal: true,
    },
    follow: () => undefined,
    runs({ listening, ships }, log) {
      for (const { bind, address } of listening) log.info("Listening", { bind, address });
      log.info("Mothership runs", { ships });
    },
    failed(what, { problems }) {
      // Of a fleet that ran, the log has said it.
      if (what === "start") for (const problem of problems) err(`mothership: ${problem}\n`);
    },
    // The reference's own line, to the letter, for scripts wait for it.
    ended: (status) => output.write(`${JSON.stringify({ message: `Mothership ${status}`, status })}\n`),
    hold: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.dispose]: () => output.flush(),
  };
}
