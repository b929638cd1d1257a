import type { FleetControl } from "@mothership/control";
import { type AbortOptions, silentLogger, systemClock } from "@mothership/kernel";
import { openTui } from "@mothership/tui";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { fleetOf } from "../control-socket.ts";
import { listenForStop } from "../process/signals.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership tui`: shows a fleet that runs elsewhere. Leaving it does not touch the fleet. */
export async function tui(invocation: Invocation, terminal: Terminal): Promise<number> {
  using stopped = listenForStop({ received: () => undefined, failed: (error) => terminal.err(`${String(error)}\n`) }, "stop");
  await showFleet(fleetOf(invocation), terminal, { signal: stopped.stop });
  return exitCodes.done;
}

/** Shows a fleet until the user leaves or the signal fires. The terminal is given back in every case, also when the process exits meanwhile. */
export async function showFleet(control: FleetControl, { color }: Terminal, { signal }: AbortOptions): Promise<void> {
  const streams = { input: process.stdin, output: process.stdout };
  await using shown = await openTui(control, streams, { clock: systemClock, log: silentLogger }, { color, signal });
  // The monitor comes before anything is said about a mistake, which would otherwise be said to a screen that is about to vanish.
  const moments = ["exit", "uncaughtExceptionMonitor"] as const;
  for (const moment of moments) process.once(moment, shown.restore);
  try {
    const stop = signal && new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([shown.quit, ...(stop ? [stop] : [])]);
  } finally {
    shown.restore();
    for (const moment of moments) process.removeListener(moment, shown.restore);
  }
}
