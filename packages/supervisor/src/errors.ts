import { MothershipError } from "@mothership/kernel";

/** The specifications do not fit together: a name twice, an unknown dependency, a cycle, a condition that cannot be met. */
export class SpecError extends MothershipError {
  readonly code = "MS_SPEC_INVALID";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.name = "SpecError";
    this.problems = problems;
  }
}

/** There is no process of this name. */
export class UnknownProcessError extends MothershipError {
  readonly code = "MS_PROCESS_UNKNOWN";
  readonly process: string;

  constructor(name: string) {
    super(`There is no process "${name}"`);
    this.name = "UnknownProcessError";
    this.process = name;
  }
}

/** The process is disabled in its specification. */
export class DisabledError extends MothershipError {
  readonly code = "MS_PROCESS_DISABLED";
  readonly process: string;

  constructor(name: string) {
    super(`"${name}" is disabled in its definition; change that and reload to start it`);
    this.name = "DisabledError";
    this.process = name;
  }
}

/** An essential process could not be brought up, or can never be because of what it depends on. */
export class StartFailedError extends MothershipError {
  readonly code = "MS_START_FAILED";
  readonly process: string;
  readonly reason: string;
  /** Last lines of its output. */
  readonly lines: readonly string[];

  constructor(name: string, reason: string, lines: readonly string[]) {
    super(`"${name}" did not start: ${reason}`);
    this.name = "StartFailedError";
    this.process = name;
    this.reason = reason;
    this.lines = lines;
  }
}

/** A task ended with a failure, so nothing that depends on it was started. */
export class TaskFailedError extends MothershipError {
  readonly code = "MS_TASK_FAILED";
  readonly task: string;
  readonly reason: string;
  readonly exitCode: number | null;
  /** Last lines of its output. */
  readonly lines: readonly string[];

  constructor(task: string, reason: string, exitCode: number | null, lines: readonly string[]) {
    super(`Task "${task}" failed: ${reason}`);
    this.name = "TaskFailedError";
    this.task = task;
    this.reason = reason;
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

/** A wait for a start was overtaken by a later command. */
export class SupersededError extends MothershipError {
  readonly code = "MS_SUPERSEDED";
  readonly process: string;

  constructor(name: string, by: string) {
    super(`"${name}" was not started: ${by}`);
    this.name = "SupersededError";
    this.process = name;
  }
}

/** Members of a family are still there after SIGKILL. */
export class StuckError extends MothershipError {
  readonly code = "MS_PROCESS_STUCK";
  readonly process: string;

  constructor(name: string) {
    super(`"${name}" has processes that SIGKILL did not end; the system has to let them go first`);
    this.name = "StuckError";
    this.process = name;
  }
}

/** The supervisor was closed. */
export class SupervisorClosedError extends MothershipError {
  readonly code = "MS_SUPERVISOR_CLOSED";

  constructor() {
    super("Nothing is started or stopped any more: all processes are being ended, or have been");
    this.name = "SupervisorClosedError";
  }
}
