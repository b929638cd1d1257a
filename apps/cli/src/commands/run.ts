import { once } from "node:events";
import { type Logger, type LogLevel, systemClock } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { unblock } from "@mothership/tui/text";
import { createLogger } from "../bridge/json-logger.ts";
import { launch } from "../bridge/launch.ts";
import type { Mothership } from "../bridge/running-fleet.ts";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { type Failure, failureOf, lossOf } from "../console/failure.ts";
import { processSink, tellOfLostOutput } from "../console/log-sink.ts";
import { machineConsole } from "../console/machine-console.ts";
import { peopleConsole } from "../console/people-console.ts";
import type { RunConsole } from "../console/run-console.ts";
import { baySockets, controlSocket, manifestIdentity } from "../control-socket.ts";
import { UsageError } from "../errors.ts";
import { readManifest } from "../files/manifest-file.ts";
import { expectShortLives } from "../process/short-lives.ts";
import { listenForStop, type StopListener } from "../process/signals.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { version } from "../version.ts";

/** An essential process that is lost for good. */
interface Loss {
  readonly name: string;
  readonly exitCode: number;
  readonly reason: string;
}

/** `mothership run`: until a signal ends it, or an essential ship is lost. */
export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  expectShortLives();
  const sockets = baySockets(invocation);
  const { manifest, warnings } = await readManifest(invocation, sockets);
  for (const warning of warnings) terminal.err(`mothership: ${warning}\n`);
  if (invocation.tui && !terminal.interactive) throw new UsageError("--tui needs a terminal");
  const level = logLevel(process.env["MOTHERSHIP_LOG"] || "info", terminal);
  tellOfLostOutput(process.stdout, terminal.err);
  using shown = openConsole(manifest, terminal, level);
  const log = createLogger({ clock: systemClock, level, write: (record) => shown.sink.own(record) });
  let fleet: Mothership | undefined;
  let lost: Loss | undefined;
  // A service has no terminal that could hang up; there SIGHUP asks for a reload, as everywhere.
  const reload = (): void => {
    fleet?.control.reload().catch((error: unknown) => log.error("The reload failed", { error }));
  };
  using signals = listenForStop(tellingOf(log, shown), terminal.interactive ? "stop" : reload);

  try {
    const surroundings = { env: process.env, execPath: process.execPath };
    const { stop: signal, force } = signals;
    fleet = await launch(manifest, {
      clock: systemClock,
      log,
      sink: processSink("stdout", shown.sink, process.stdout),
      surroundings,
      signal,
      force,
      controlSocket: controlSocket(invocation),
      file: manifestIdentity(invocation),
      read: async () => (await readManifest(invocation, sockets)).manifest,
      baySockets: sockets,
      onEssentialLost: (one) => {
        lost ??= one;
      },
      onControl: (control) => shown.follow(control),
      version,
    });
  } catch (error) {
    const asked = signals.stop.aborted && signals.mistake === undefined;
    if (!signals.stop.aborted) shown.failed("start", failureOf(error));
    shown.ended(asked ? "landed" : "failed");
    return asked ? exitCodes.done : (lost?.exitCode ?? exitCodes.failed);
  }
  shown.runs({ listening: fleet.listening, ships: manifest.ships.length }, log);

  const over = AbortSignal.any([signals.stop, finishing(fleet)]);
  if (invocation.tui) {
    const { showFleet } = await import("./tui.ts");
    using _ = shown.hold();
    await showFleet(fleet.control, terminal, { signal: over });
  } else if (!over.aborted) {
    await once(over, "abort");
  }
  await fleet.close({ signal: signals.force });
  const { status, exitCode } = await fleet.finished;
  if (status === "crashed" && lost) shown.failed("run", await lossIn(fleet, lost));
  shown.ended(signals.mistake === undefined ? status : "crashed");
  return signals.mistake === undefined ? exitCode : exitCodes.failed;
}

function openConsole(manifest: Manifest, terminal: Terminal, level: LogLevel): RunConsole {
  if (!terminal.interactive) return machineConsole(terminal);
  unblock(process.stdout);
  const columns = (): number => process.stdout.columns;
  const waiting = (): number => process.stdout.writableLength;
  return peopleConsole(manifest, { clock: systemClock, terminal, columns, waiting, progress: level === "info" || level === "debug" });
}

/** What was lost, with its last lines; the fleet knows them after its end too. */
async function lossIn({ control }: Mothership, { name, reason }: Loss): Promise<Failure> {
  const [last] = await control.explain(name).then(
    ({ exits }) => exits.filter(({ requested }) => !requested),
    // A reload may have taken it out of the manifest: then its lines are gone with it.
    () => [],
  );
  return lossOf(name, reason, last?.lines ?? []);
}

/** Fires when the fleet has ended by itself. */
function finishing(fleet: Mothership): AbortSignal {
  const ended = new AbortController();
  // `finished` never rejects.
  fleet.finished.then(() => ended.abort()).catch(() => undefined);
  return ended.signal;
}

function tellingOf(log: Logger, { stopping }: RunConsole): StopListener {
  return {
    received: (signal, forced) => log.info(forced ? stopping.atOnce : stopping.politely, stopping.saysSignal ? { signal } : {}),
    failed: (error) => {
      const stack = error instanceof Error ? error.stack : undefined;
      log.error("A mistake of mothership itself; it stops, please report this", {
        error,
        ...(process.env["MOTHERSHIP_DEBUG"] === "1" && { stack }),
      });
    },
  };
}

/** A word that is none is told and does no harm: a fleet is worth more than its log. */
function logLevel(text: string, terminal: Terminal): LogLevel {
  if (text === "debug" || text === "info" || text === "warn" || text === "error") return text;
  terminal.err(`mothership: MOTHERSHIP_LOG is ${JSON.stringify(text)}; write debug, info, warn or error; info is taken\n`);
  return "info";
}
