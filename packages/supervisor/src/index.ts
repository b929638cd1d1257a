export { type CommandIssue, checkCommands } from "./command.ts";
export type {
  Applied,
  ExitReport,
  LogSink,
  ProcessSnapshot,
  StartOptions,
  Supervisor,
  SupervisorDeps,
  SupervisorOptions,
} from "./contract.ts";
export {
  DisabledError,
  SpecError,
  StartFailedError,
  StuckError,
  SupersededError,
  SupervisorClosedError,
  TaskFailedError,
  UnknownProcessError,
} from "./errors.ts";
export type { SupervisorEvents } from "./events.ts";
export type { LogLine } from "./lines.ts";
export { type LogFile, openLogFile } from "./log-file.ts";
export type { CheckSpec, ExecProbe, HttpProbe, LogProbe, NotifyProbe, Probe, ProbeFunction, ProbeResult, StartupSpec } from "./probe.ts";
export { type PrefixOptions, renderJson, renderPrefixed, streamSink } from "./render.ts";
export type { Dependency, LogFileSpec, LogPolicy, OnLost, ProcessSpec, RestartPolicy, StopPolicy } from "./spec.ts";
export { connectCheck } from "./spec.ts";
export { type ProcessState, processStates } from "./state.ts";
export { openSupervisor } from "./supervisor.ts";
export { type SweepFleetOptions, sweepFleet } from "./sweep-fleet.ts";
export { runTasks } from "./tasks.ts";
