import type { LogsOptions } from "@mothership/control";
import { systemClock } from "@mothership/kernel";
import { parseDuration } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { jsonSink, prettySink } from "../console/log-sink.ts";
import { fleetOf } from "../control-socket.ts";
import { UsageError } from "../errors.ts";
import { listenForStop } from "../process/signals.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership logs`: what units have printed, and print. */
export async function logs(invocation: Invocation, terminal: Terminal): Promise<number> {
  const range = rangeOf(invocation);
  const control = fleetOf(invocation);
  const names = invocation.operands.length > 0 ? invocation.operands : (await control.snapshot()).units.map((unit) => unit.name);
  const sink = invocation.json ? jsonSink(terminal.out) : prettySink(terminal.out, { names, color: terminal.color });
  using stopped = listenForStop({ received: () => undefined, failed: (error) => terminal.err(`${String(error)}\n`) }, "stop");
  // Whoever read this has gone, as `head` does after its lines: there is nobody to go on for.
  const gone = new AbortController();
  const leave = (): void => gone.abort(new Error("nobody reads on"));
  process.stdout.once("error", leave);
  const signal = AbortSignal.any([stopped.stop, gone.signal]);
  try {
    for await (const line of control.logs({ units: names, ...range, follow: invocation.follow, signal })) {
      if (line.dropped > 0) terminal.err(`mothership: ${line.dropped} lines of "${line.name}" came faster than they could be shown\n`);
      sink.ship(line);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    process.stdout.removeListener("error", leave);
  }
  return exitCodes.done;
}

function rangeOf({ tail, since }: Invocation): Pick<LogsOptions, "tail" | "since"> {
  if (tail !== undefined && !/^\d{1,9}$/.test(tail)) throw new UsageError(`"--tail ${tail}": write a number of lines`);
  return { ...(tail !== undefined && { tail: Number(tail) }), ...(since !== undefined && { since: momentOf(since) }) };
}

/** A span back from now, or a date. */
function momentOf(text: string): number {
  const back = parseDuration(text);
  const moment = back === undefined ? Date.parse(text) : systemClock.wallTime() - back;
  if (Number.isNaN(moment))
    throw new UsageError(`"--since ${text}": write a span such as 30s, 5m or 2h, or a date such as 2026-01-31T08:00:00Z`);
  return Math.max(0, Math.round(moment));
}
