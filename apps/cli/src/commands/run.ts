import { once } from "node:events";
import { type Logger, type LogLevel, messageOf, redact, systemClock } from "@mothership/kernel";
import type { Invocation } from "../args.ts";
import { type BatchedOutput, batched } from "../batched-output.ts";
import { PreflightError, UplinksDownError } from "../bridge/errors.ts";
import { createLogger } from "../bridge/json-logger.ts";
import { launch } from "../bridge/launch.ts";
import type { FinalStatus } from "../bridge/lifecycle.ts";
import { jsonSink, type LogSink, prettySink, processSink } from "../bridge/log-sink.ts";
import type { Mothership } from "../bridge/running-fleet.ts";
import { baySockets, controlSocket, manifestIdentity } from "../control-socket.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { readManifest } from "../manifest-file.ts";
import { listenForStop, type StopListener } from "../signals.ts";
import type { Terminal } from "../terminal.ts";
import { version } from "../version.ts";

/** `mothership run`: until a signal ends it, or an essential ship is lost. */
export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const sockets = baySockets(invocation);
  const { manifest, warnings } = await readManifest(invocation, sockets);
  for (const warning of warnings) terminal.err(`mothership: ${warning}\n`);
  if (invocation.tui && !terminal.interactive) throw new UsageError("--tui needs a terminal");
  const names = [...manifest.mothership.prelaunch, ...manifest.ships, ...manifest.bays].map((one) => one.name);
  // While the user interface has the screen, nothing else is written there; it shows the lines itself.
  let quiet = false;
  const output = batched(terminal.out);
  const write = (text: string): void => {
    if (!quiet) output.write(text);
  };
  const sink = terminal.interactive ? prettySink(write, { names, color: terminal.color }) : jsonSink(write);
  const log = createLogger({ clock: systemClock, level: logLevel(process.env["MOTHERSHIP_LOG"]), write: sink.own });
  let fleet: Mothership | undefined;
  let lost: number | undefined;
  // A service has no terminal that could hang up; there SIGHUP asks for a reload, as everywhere.
  const reload = (): void => {
    fleet?.control.reload().catch((error: unknown) => log.error("The reload failed", { error }));
  };
  using signals = listenForStop(tellingOf(log), terminal.interactive ? "stop" : reload);

  try {
    const surroundings = { env: process.env, execPath: process.execPath };
    const { stop: signal, force } = signals;
    fleet = await launch(manifest, {
      clock: systemClock,
      log,
      sink: processSink("stdout", sink, process.stdout),
      surroundings,
      signal,
      force,
      controlSocket: controlSocket(invocation),
      file: manifestIdentity(invocation),
      read: async () => (await readManifest(invocation, sockets)).manifest,
      baySockets: sockets,
      onEssentialLost: (exitCode) => {
        lost ??= exitCode;
      },
      version,
    });
  } catch (error) {
    const asked = signals.stop.aborted && signals.mistake === undefined;
    if (!signals.stop.aborted) for (const line of problems(error)) terminal.err(`mothership: ${line}\n`);
    sayLast(asked ? "landed" : "failed", sink, terminal, output);
    return asked ? exitCodes.done : (lost ?? exitCodes.failed);
  }
  for (const { bind, address } of fleet.listening) log.info("Listening", { bind, address });
  log.info("Mothership runs", { ships: manifest.ships.length });

  const over = AbortSignal.any([signals.stop, finishing(fleet)]);
  if (invocation.tui) {
    const { showFleet } = await import("./tui.ts");
    output.flush();
    quiet = true;
    await showFleet(fleet.control, terminal, { signal: over }).finally(() => {
      quiet = false;
    });
  } else if (!over.aborted) {
    await once(over, "abort");
  }
  await fleet.close({ signal: signals.force });
  const { status, exitCode } = await fleet.finished;
  sayLast(signals.mistake === undefined ? status : "crashed", sink, terminal, output);
  return signals.mistake === undefined ? exitCode : exitCodes.failed;
}

/** Fires when the fleet has ended by itself. */
function finishing(fleet: Mothership): AbortSignal {
  const ended = new AbortController();
  // `finished` never rejects.
  fleet.finished.then(() => ended.abort()).catch(() => undefined);
  return ended.signal;
}

function tellingOf(log: Logger): StopListener {
  const politely = "Stopping: running requests finish, then the ships stop; a second signal ends everything at once";
  return {
    received: (signal, forced) => log.info(forced ? "Ending at once" : politely, { signal }),
    failed: (error) => {
      const stack = error instanceof Error ? error.stack : undefined;
      log.error("A mistake of mothership itself; it stops, please report this", {
        error,
        ...(process.env["MOTHERSHIP_DEBUG"] === "1" && { stack }),
      });
    },
  };
}

/** What kept the fleet from starting, a sentence each. */
function problems(error: unknown): readonly string[] {
  return error instanceof PreflightError || error instanceof UplinksDownError ? error.problems : [redact(messageOf(error))];
}

/** The last line is the reference's own, to the letter, for scripts wait for it. */
function sayLast(status: FinalStatus, sink: LogSink, terminal: Terminal, output: BatchedOutput): void {
  if (terminal.interactive) sink.own({ time: 0, level: "info", message: `Mothership ${status}`, fields: {} });
  else output.write(`${JSON.stringify({ message: `Mothership ${status}`, status })}\n`);
}

function logLevel(text: string | undefined): LogLevel {
  return text === "debug" || text === "warn" || text === "error" ? text : "info";
}
