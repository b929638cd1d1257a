import type { AbortOptions } from "@mothership/kernel";
import type { ExecResult } from "./exec.ts";
import type { ExecProbe, LogProbe, NotifyProbe, Probe, ProbeFunction } from "./probe.ts";
import { connectProbe } from "./probe-connect.ts";
import { httpProbe } from "./probe-http.ts";
import { describeExit } from "./reducer.ts";

/** What the probes of a process need to know of it. */
export interface ProbeSubject {
  /** Runs a command as the process is run. */
  exec(probe: ExecProbe, options: AbortOptions): Promise<ExecResult>;
  /** A line of this incarnation matched. */
  printed(pattern: string): boolean;
  /** This incarnation said that it is ready. */
  readonly notified: boolean;
}

/** The probes of a check as a list. */
export function probesOf(probe: Probe | readonly Probe[]): readonly Probe[] {
  return isList(probe) ? probe : [probe];
}

/** True for a probe that a process answers once, by itself. It tells when a process has started and nothing after that. */
export function isAnnouncement(probe: Probe): probe is LogProbe | NotifyProbe {
  return typeof probe !== "function" && (probe.kind === "log" || probe.kind === "notify");
}

/** One function for all probes of a check: they are made side by side, and the first that fails says why. */
export function probeFunction(probes: readonly Probe[], subject: ProbeSubject): ProbeFunction {
  const functions = probes.map((probe) => single(probe, subject));
  if (functions.length === 1) return functions[0]!;
  return async (options) => {
    await Promise.all(functions.map((run) => run(options)));
  };
}

function single(probe: Probe, subject: ProbeSubject): ProbeFunction {
  if (typeof probe === "function") return probe;
  switch (probe.kind) {
    case "tcp":
    case "unix":
      return connectProbe(probe);
    case "http":
      return httpProbe(probe);
    case "exec":
      return async (options) => {
        const { code, signal, output } = await subject.exec(probe, options);
        if (code !== 0)
          throw new Error(`the command ${describeExit(code, signal)}${output === "" ? "" : `: ${output.split("\n").at(-1)}`}`);
      };
    case "log":
      return async () => {
        if (!subject.printed(probe.pattern)) throw new Error(`no line matches ${probe.pattern} yet`);
      };
    case "notify":
      return async () => {
        if (!subject.notified) throw new Error("it has not said that it is ready yet");
      };
  }
}

// Array.isArray does not narrow a readonly list.
function isList(probe: Probe | readonly Probe[]): probe is readonly Probe[] {
  return Array.isArray(probe);
}
