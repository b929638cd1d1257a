import { MothershipError } from "@mothership/kernel";

/** The stable code of anything that was thrown; that of a frame in the wrong place for what has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "MS_FRAME_UNEXPECTED";
}

/** A frame or message is longer than allowed. Known from its header: nothing of it was kept. */
export class FrameTooLargeError extends MothershipError {
  readonly code = "MS_FRAME_TOO_LARGE";
  readonly bytes: number;
  readonly limit: number;

  constructor(what: string, bytes: number, limit: number) {
    super(`A ${what} of ${bytes} bytes is longer than the limit of ${limit}`);
    this.name = "FrameTooLargeError";
    this.bytes = bytes;
    this.limit = limit;
  }
}

/** A frame begins with a type that the protocol does not have. */
export class FrameUnknownError extends MothershipError {
  readonly code = "MS_FRAME_UNKNOWN";
  readonly typeByte: number;

  constructor(typeByte: number) {
    super(`There is no frame of type 0x${typeByte.toString(16).padStart(2, "0")}`);
    this.name = "FrameUnknownError";
    this.typeByte = typeByte;
  }
}

/** The payload of a frame is not what its type requires. */
export class FrameMalformedError extends MothershipError {
  readonly code = "MS_FRAME_MALFORMED";

  constructor(frame: string, what: string, options?: ErrorOptions) {
    super(`Malformed ${frame} frame: ${what}`, options);
    this.name = "FrameMalformedError";
  }
}

/** A well-formed frame came where it must not. */
export class FrameUnexpectedError extends MothershipError {
  readonly code = "MS_FRAME_UNEXPECTED";

  constructor(frame: string, why: string) {
    super(`Unexpected ${frame} frame: ${why}`);
    this.name = "FrameUnexpectedError";
  }
}

/** The other side sent a message without credit, or returned more credit than it was owed. */
export class CreditExceededError extends MothershipError {
  readonly code = "MS_CREDIT_EXCEEDED";

  constructor(what: string) {
    super(what);
    this.name = "CreditExceededError";
  }
}

/** The other side reported a fault of ours, by Fault, and ends the link. */
export class LinkFaultError extends MothershipError {
  readonly code = "MS_LINK_FAULT";
  /** The code that it gave. */
  readonly reported: string;

  constructor(reported: string, message: string) {
    super(`The other side reported ${reported}: ${message}`);
    this.name = "LinkFaultError";
    this.reported = reported;
  }
}

/** The link ended: the other side closed it, or the connection failed. */
export class LinkClosedError extends MothershipError {
  readonly code = "MS_LINK_CLOSED";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LinkClosedError";
  }
}

/** Nothing was heard on a link for two ping intervals. */
export class LinkSilentError extends MothershipError {
  readonly code = "MS_LINK_SILENT";

  constructor(ms: number) {
    super(`Nothing was heard for ${ms} ms, though a Ping asked for an answer`);
    this.name = "LinkSilentError";
  }
}

/** The bay's socket cannot be connected to, for a reason that waiting does not mend. */
export class BayUnreachableError extends MothershipError {
  readonly code = "MS_BAY_UNREACHABLE";

  constructor(bay: string, path: string, options: ErrorOptions) {
    super(`Cannot connect to bay "${bay}" at ${path}`, options);
    this.name = "BayUnreachableError";
  }
}

/** The bay is closed: nothing more can be asked of it. */
export class BayClosedError extends MothershipError {
  readonly code = "MS_BAY_CLOSED";

  constructor(bay: string) {
    super(`Bay "${bay}" is closed`);
    this.name = "BayClosedError";
  }
}

/** Where the bay should listen there is something that is no socket. */
export class BaySocketError extends MothershipError {
  readonly code = "MS_BAY_SOCKET";

  constructor(path: string) {
    super(`${path} exists and is no socket; it is left alone`);
    this.name = "BaySocketError";
  }
}
