import { MothershipError } from "@mothership/kernel";
import type { TaskFailedError } from "@mothership/supervisor";
import { fileProblem } from "../files/file-problem.ts";

/** Something that was checked before anything was started is not as the manifest needs it. Lists all of it. */
export class PreflightError extends MothershipError {
  readonly code = "MS_PREFLIGHT";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "PreflightError";
    this.problems = problems;
  }
}

/** Uplinks are not reachable, so nothing was started. */
export class UplinksDownError extends MothershipError {
  readonly code = "MS_UPLINKS_DOWN";
  readonly problems: readonly string[];
  constructor(down: readonly { readonly name: string; readonly target: string; readonly reason?: string }[]) {
    const problems = down.map(({ name, target, reason }) => `uplink "${name}" (${target}) is not reachable: ${reason ?? "unknown reason"}`);
    super(problems.join("\n"));
    this.name = "UplinksDownError";
    this.problems = problems;
  }
}

/** A payload cannot be read from its file, or cannot be used; `cause` is the error of who tried. */
export class PayloadUnusableError extends MothershipError {
  readonly code = "MS_PAYLOAD_UNUSABLE";
  readonly payload: string;
  constructor(payload: string, file: string, cause: unknown) {
    super(`payload "${payload}" (${file}) cannot be used: ${fileProblem(cause)}`, { cause });
    this.name = "PayloadUnusableError";
    this.payload = payload;
  }
}

/** The new manifest changes what only a new start can change. Nothing was touched. */
export class ReloadRefusedError extends MothershipError {
  readonly code = "MS_RELOAD_REFUSED";
  readonly settings: readonly string[];
  constructor(settings: readonly string[]) {
    super(`these settings changed and need a new start of mothership: ${settings.join(", ")}; everything runs on as it was`);
    this.name = "ReloadRefusedError";
    this.settings = settings;
  }
}

/** A reload did not work out, and the manifest of before is in force again. */
export class RolledBackError extends MothershipError {
  readonly code = "MS_ROLLED_BACK";
  constructor(reason: string, options?: ErrorOptions) {
    super(`the reload was undone: ${reason}`, options);
    this.name = "RolledBackError";
  }
}

/** A signal was to go to a unit that does not run. */
export class SignalRefusedError extends MothershipError {
  readonly code = "MS_SIGNAL_REFUSED";
  constructor(unit: string) {
    super(`"${unit}" does not run, so there is nothing to send a signal to`);
    this.name = "SignalRefusedError";
  }
}

/** A prelaunch job failed, so nothing else was started. */
export class JobFailedError extends MothershipError {
  readonly code = "MS_JOB_FAILED";
  readonly job: string;
  readonly exitCode: number | null;
  /** Last lines of its output. */
  readonly lines: readonly string[];
  constructor(cause: TaskFailedError) {
    super(`the job "${cause.task}" failed: ${cause.reason}`, { cause });
    this.name = "JobFailedError";
    this.job = cause.task;
    this.exitCode = cause.exitCode;
    this.lines = cause.lines;
  }
}

/** A prelaunch job was to be started, stopped or signalled by hand. */
export class JobFixedError extends MothershipError {
  readonly code = "MS_JOB_FIXED";
  constructor(job: string) {
    super(`"${job}" is a prelaunch job: it runs once, before the ships, and is not steered; a new start of mothership runs it again`);
    this.name = "JobFixedError";
  }
}

/** A thread of the edge cannot do what it is to do, or ended; `reasonCode` is the code of why, where it has one. */
export class EdgeThreadError extends MothershipError {
  readonly code = "MS_EDGE_THREAD";
  readonly thread: number;
  readonly reasonCode: string;
  constructor(thread: number, { message, code = "MS_EDGE_THREAD" }: { readonly message: string; readonly code?: string | undefined }) {
    super(`thread ${thread} of the edge: ${message}`);
    this.name = "EdgeThreadError";
    this.thread = thread;
    this.reasonCode = code;
  }
}
