import type { FleetControl } from "@mothership/control";
import type { Logger } from "@mothership/kernel";
import type { FinalStatus } from "../bridge/lifecycle.ts";
import type { Failure } from "./failure.ts";
import type { LogSink } from "./log-sink.ts";

/** What `run` shows of a fleet, from the first phase to the last line. */
export interface RunConsole extends Disposable {
  readonly sink: LogSink;
  /** What a first and a second signal are answered with. */
  readonly stopping: { readonly politely: string; readonly atOnce: string; readonly saysSignal: boolean };
  /** The fleet that starts can be looked at from now on. */
  follow(control: FleetControl): void;
  /** The fleet runs. */
  runs(running: RunningFacts, log: Logger): void;
  /** The fleet could not start, or was lost. Said once, after all of it has ended. */
  failed(what: "start" | "run", failure: Failure): void;
  /** The last line of all. */
  ended(status: FinalStatus): void;
  /** Nothing is written until the returned one is disposed: something else has the terminal. */
  hold(): Disposable;
}

/** What is told of a fleet that runs. */
export interface RunningFacts {
  readonly listening: readonly { readonly bind: string; readonly address: string }[];
  readonly ships: number;
}
