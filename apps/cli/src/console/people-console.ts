import type { FleetControl } from "@mothership/control";
import type { Clock } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { fit, type Line, paint, plainText } from "@mothership/tui/text";
import type { LogRecord } from "../bridge/json-logger.ts";
import { batched } from "../terminal/batched-output.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { drawFailure } from "./failure.ts";
import { footerOutput } from "./footer.ts";
import { type LogSink, prettySink } from "./log-sink.ts";
import type { RunConsole } from "./run-console.ts";
import { StartProgress, took } from "./start-progress.ts";
import { inWords } from "./words.ts";

/** How often the line of progress is written anew, and how long a phase must last to have one: what is quick needs none. */
const tickMs = 500;
const leastMs = 700;
/** Beyond so much that waits for the terminal, lines of mothership itself are left out and counted. Bytes. */
const mostWaiting = 1024 * 1024;
const starting: ReadonlySet<string> = new Set(["preflight", "electing", "prelaunch", "docking", "launching"]);
/** Phases in which nothing has been started yet. */
const nothingRuns: ReadonlySet<string> = new Set(["preflight", "electing"]);

export interface PeopleDeps {
  readonly clock: Clock;
  readonly terminal: Terminal;
  /** Columns of the terminal now. */
  readonly columns: () => number;
  /** Bytes that wait for a terminal which takes nothing. */
  readonly waiting: () => number;
  /** Whether progress is shown: somebody who wants to see warnings only does not want it. */
  readonly progress: boolean;
}

/** For a person at a terminal: lines of ships with their names, phases with how long they took, and below them what is waited for. */
export function peopleConsole(manifest: Manifest, { clock, terminal, columns, waiting, progress }: PeopleDeps): RunConsole {
  const { color } = terminal;
  const names = [...manifest.mothership.prelaunch, ...manifest.ships, ...manifest.bays].map((one) => one.name);
  const footer = footerOutput(terminal.out);
  const output = batched(footer.write);
  let held = false;
  let leftOut = 0;
  const pretty = prettySink((text) => held || output.write(text), { names, color });
  // Lines of ships wait by themselves, those of mothership would pile up.
  const sink: LogSink = {
    ship: (line) => pretty.ship(line),
    own(record) {
      if (waiting() > mostWaiting) return void leftOut++;
      if (leftOut > 0)
        pretty.own({
          ...record,
          level: "warn",
          message: `${leftOut} lines were left out here: the terminal did not take them`,
          fields: {},
        });
      leftOut = 0;
      pretty.own(record);
    },
  };
  const state = new StartProgress(manifest, clock.wallTime());
  const closed = new AbortController();
  let timer: Disposable | undefined;

  const say = (message: string, record: Partial<LogRecord> = {}): void =>
    sink.own({ time: 0, level: "info", fields: {}, ...record, message });
  const lineText = (line: Line): string => {
    const fitted = fit(line, columns() - 1);
    return color ? paint(fitted, { color }) : plainText(fitted);
  };
  const showFooter = (): void => {
    if (waiting() > mostWaiting) return;
    const now = clock.wallTime();
    const wanted = !held && (starting.has(state.phase) || state.phase === "draining") && state.inPhase(now) >= leastMs;
    output.flush();
    footer.footer(wanted ? lineText([{ text: "… ", dim: true }, ...state.line(now)]) : "");
  };
  const tick = (): void => {
    showFooter();
    timer = clock.timer(tickMs, tick);
  };
  if (progress) tick();

  const moved = (status: string, record: LogRecord): void => {
    const before = state.phase;
    const done = state.moved(status, record.time);
    if (progress) showFooter();
    const starts = starting.has(status) || status === "running";
    if (status === "failed") say(`${before} failed${nothingRuns.has(before) ? "" : "; what was started is stopped"}`, { level: "error" });
    // Of phases that are over one line stays; that it stops, and that it has, is said in other words.
    else if (done && starting.has(before) && starts) say(`${done.name.padEnd(10)} ${took(done.tookMs).padStart(5)}  ${done.what}`);
    else if (!starting.has(before) && status !== "draining" && status !== "landed") sink.own(record);
  };

  const watch = async (control: FleetControl): Promise<void> => {
    const { units, seq } = await control.snapshot({ signal: closed.signal });
    for (const unit of units) state.unit(unit);
    for await (const event of control.watch({ after: seq, signal: closed.signal })) if (event.type === "unit") state.unit(event.unit);
  };

  return {
    sink: {
      own(record) {
        const { status } = record.fields;
        if (record.message === "Status changed" && typeof status === "string") moved(status, record);
        // What follows says it too, with its consequence.
        else if (record.message !== "A critical process is lost") sink.own(inWords(record));
      },
      ship: (line) => sink.ship(line),
    },
    stopping: { politely: "Stopping; Ctrl-C again ends everything at once", atOnce: "Ending at once", saysSignal: false },
    follow(control) {
      // What is shown may be missing; nothing else depends on it.
      if (progress) watch(control).catch(() => undefined);
    },
    runs({ listening }) {
      if (!progress) return;
      say(`running after ${took(state.elapsed(clock.wallTime()))}${listening.length === 0 ? "" : ", listening:"}`);
      const width = Math.max(0, ...listening.map(({ bind }) => bind.length));
      for (const { bind, address } of listening) say(`  ${bind.padEnd(width)}  ${address}`);
    },
    failed(what, failure) {
      output.flush();
      footer.footer("");
      const head = what === "start" ? "The fleet could not start." : "The fleet has crashed.";
      terminal.err(`\n${drawFailure(color ? paint([{ text: head, bold: true, color: "red" }], { color }) : head, failure, columns())}\n`);
    },
    ended: (status) => say(`Mothership ${status}`),
    hold() {
      output.flush();
      footer.footer("");
      held = true;
      return {
        [Symbol.dispose]: () => {
          held = false;
        },
      };
    },
    [Symbol.dispose]: () => {
      timer?.[Symbol.dispose]();
      closed.abort();
      output.flush();
      footer.footer("");
    },
  };
}
