import { MothershipError } from "@mothership/kernel";

/** No unit of the fleet has this name. */
export class UnitUnknownError extends MothershipError {
  readonly code = "MS_UNIT_UNKNOWN";
  readonly unit: string;

  /** `known`: names that there are. A `message` that the fleet has made already is taken as it is. */
  constructor(unit: string, known: readonly string[], message?: string) {
    super(message ?? `there is no ship, bay or job "${unit}"${known.length > 0 ? `; there are: ${known.slice(0, 20).join(", ")}` : ""}`);
    this.name = "UnitUnknownError";
    this.unit = unit;
  }
}

/** Nothing answers at the control socket. */
export class NotRunningError extends MothershipError {
  readonly code = "MS_NOT_RUNNING";

  constructor(path: string, options?: ErrorOptions) {
    super(`no fleet is running here (nothing answers at ${path}); start it with "mothership run"`, options);
    this.name = "NotRunningError";
  }
}

/** Another process serves this control socket. */
export class AlreadyRunningError extends MothershipError {
  readonly code = "MS_ALREADY_RUNNING";
  /** Of the fleet that answers; undefined when it does not say. */
  readonly pid: number | undefined;

  constructor(path: string, pid: number | undefined) {
    super(
      `this fleet is running already${pid === undefined ? "" : `, with pid ${pid}`} (it answers at ${path}); stop it first, or use "mothership reload"`,
    );
    this.name = "AlreadyRunningError";
    this.pid = pid;
  }
}

/** The control socket cannot be made or trusted: its folder belongs to somebody else, or cannot be written. */
export class ControlSocketError extends MothershipError {
  readonly code = "MS_CONTROL_SOCKET";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ControlSocketError";
  }
}

/** What was asked for did not work; the fleet says why. */
export class ControlFailedError extends MothershipError {
  readonly code = "MS_CONTROL_FAILED";
  /** The code that the fleet gave, where it gave one. */
  readonly reasonCode: string | undefined;
  /** Each mistake, where the reason is several, such as those of an invalid manifest; else empty. */
  readonly problems: readonly string[];

  constructor(message: string, reasonCode?: string, problems: readonly string[] = []) {
    super(message);
    this.name = "ControlFailedError";
    this.reasonCode = reasonCode;
    this.problems = problems;
  }
}

/** A request or an answer on the control socket is not of its contract. */
export class ControlProtocolError extends MothershipError {
  readonly code = "MS_CONTROL_PROTOCOL";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ControlProtocolError";
  }
}
