import { once } from "node:events";
import type { FleetControl, FleetSnapshot } from "@mothership/control";
import { deadline, hasCode, messageOf, redact, systemClock } from "@mothership/kernel";
import { parseDuration } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { fleetOf } from "../control-socket.ts";
import { UsageError } from "../errors.ts";
import { listenForStop } from "../process/signals.ts";
import { drawStatus } from "../terminal/draw-status.ts";
import { openLiveScreen } from "../terminal/live-screen.ts";
import type { Terminal } from "../terminal/terminal.ts";

const defaultMs = 2000;
const leastMs = 200;
const mostMs = 24 * 3600 * 1000;
/** A fleet that does not answer for so long is shown as such; the next look asks again. */
const patienceMs = 5000;

/** `mothership status --watch`: on a terminal in place, elsewhere a block (or with `--json` a line) each time. */
export async function watchStatus(invocation: Invocation, terminal: Terminal): Promise<number> {
  const everyMs = intervalOf(invocation);
  const control = fleetOf(invocation);
  // A fleet that does not run at all is a mistake to be told as everywhere; one that ends later may come back.
  const first = await look(control);
  using stopped = listenForStop({ received: () => undefined, failed: (error) => terminal.err(`${String(error)}\n`) }, "stop");
  if (terminal.interactive && !invocation.json) await inPlace(control, first, everyMs, terminal, stopped.stop);
  else await inTurn(control, first, everyMs, invocation.json, terminal, stopped.stop);
  return exitCodes.done;
}

function intervalOf({ interval }: Invocation): number {
  if (interval === undefined) return defaultMs;
  const ms = parseDuration(interval);
  if (ms === undefined || ms < leastMs || ms > mostMs)
    throw new UsageError(`"--interval ${interval}": write a span from 200ms to 24h, such as 5s`);
  return ms;
}

async function look(control: FleetControl, signal?: AbortSignal): Promise<FleetSnapshot> {
  using limit = deadline("asking the fleet", patienceMs, systemClock, signal);
  return await control.snapshot({ signal: limit.signal });
}

async function inPlace(
  control: FleetControl,
  first: FleetSnapshot,
  everyMs: number,
  { color }: Terminal,
  stop: AbortSignal,
): Promise<void> {
  let fleet = first;
  let trouble = "";
  using screen = openLiveScreen(process.stdin, process.stdout, () => draw());
  function draw(): void {
    const rows = screen.rows - (trouble === "" ? 0 : 2);
    const text = drawStatus(fleet, systemClock.wallTime(), { columns: screen.columns, rows, color });
    screen.draw(trouble === "" ? text : `${trouble}\n\n${text}`);
  }
  const signal = AbortSignal.any([stop, screen.left]);
  draw();
  await untilAborted(signal, everyMs, async () => {
    try {
      fleet = await look(control, signal);
      trouble = "";
    } catch (error) {
      trouble = `${hasCode(error, "MS_NOT_RUNNING") ? "The fleet has ended" : redact(messageOf(error))}; looking on, q leaves. Last seen:`;
    }
    draw();
  });
}

/** Ends with the fleet: whoever reads it wants to know. */
async function inTurn(
  control: FleetControl,
  first: FleetSnapshot,
  everyMs: number,
  json: boolean,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort(new Error("nobody reads on"));
  process.stdout.once("error", leave);
  const signal = AbortSignal.any([stop, gone.signal]);
  const print = (fleet: FleetSnapshot, head: string): void =>
    terminal.out(json ? `${JSON.stringify(fleet)}\n` : head + drawStatus(fleet, systemClock.wallTime(), { columns: terminal.columns }));
  print(first, "");
  // A fleet that ends while it is asked leaves half an answer; the next look knows better.
  let missed = false;
  try {
    await untilAborted(signal, everyMs, async () => {
      const fleet = await look(control, signal).catch((error: unknown) => {
        if (missed || !hasCode(error, "MS_CONTROL_FAILED")) throw error;
        return undefined;
      });
      missed = fleet === undefined;
      if (!fleet) return;
      if (process.stdout.writableNeedDrain) await once(process.stdout, "drain", { signal });
      print(fleet, "\n");
    });
  } finally {
    process.stdout.removeListener("error", leave);
  }
}

async function untilAborted(signal: AbortSignal, everyMs: number, work: () => Promise<void>): Promise<void> {
  try {
    for (;;) {
      await systemClock.sleep(everyMs, { signal });
      await work();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
