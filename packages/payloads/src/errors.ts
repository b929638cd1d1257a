import { MothershipError } from "@mothership/kernel";

/** The bytes are no WebAssembly module, or one that the engine finds invalid; the message repeats what the engine said. */
export class PayloadInvalidError extends MothershipError {
  readonly code = "MS_PAYLOAD_INVALID";
  constructor(reason: string, options?: ErrorOptions) {
    super(`this is not a valid WebAssembly module: ${reason}`, options);
    this.name = "PayloadInvalidError";
  }
}

/** A valid module that needs what is not offered: a refused feature, another kind of guest, more than a limit allows. */
export class PayloadRefusedError extends MothershipError {
  readonly code = "MS_PAYLOAD_REFUSED";
  /** What it needs, in a few words: `threads`, `memory64`, `proxy-wasm`. */
  readonly feature: string;
  constructor(feature: string, detail: string) {
    super(`the module needs ${feature}, which is not offered: ${detail}`);
    this.name = "PayloadRefusedError";
    this.feature = feature;
  }
}

const mostProblems = 20;

/** Imports or exports of a module do not fit the ABI; every mismatch is listed, or the first twenty and how many more there are. */
export class PayloadInterfaceError extends MothershipError {
  readonly code = "MS_PAYLOAD_INTERFACE";
  readonly problems: readonly string[];
  constructor(name: string, abi: string, problems: readonly string[]) {
    const listed =
      problems.length <= mostProblems ? problems : [...problems.slice(0, mostProblems), `${problems.length - mostProblems} more`];
    super(`payload "${name}" does not fit the ${abi} ABI: ${listed.join("; ")}`);
    this.name = "PayloadInterfaceError";
    this.problems = listed;
  }
}

/** The guest's own start-up code failed, ran out of fuel, or ended the program. */
export class PayloadStartError extends MothershipError {
  readonly code = "MS_PAYLOAD_START";
  constructor(name: string, reason: string) {
    super(`payload "${name}" failed while it started: ${reason}`);
    this.name = "PayloadStartError";
  }
}

/** A number in the specification of a payload is out of range. */
export class PayloadSpecError extends MothershipError {
  readonly code = "MS_PAYLOAD_SPEC";
  constructor(name: string, reason: string) {
    super(`payload "${name}": ${reason}`);
    this.name = "PayloadSpecError";
  }
}

/** A guest broke a rule of its ABI in a call. It ends the call, and its message becomes the reason of the failure; no caller sees it thrown. */
export class GuestFaultError extends MothershipError {
  readonly code = "MS_PAYLOAD_FAULT";
  constructor(reason: string) {
    super(reason);
    this.name = "GuestFaultError";
  }
}

/** The guest ended its program. At the end of a start function with code 0 that is how some runtimes return. */
export class GuestExitError extends GuestFaultError {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`it ended its program with code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The description of a request or response is over the limit, which is not the guest's fault. */
export class TooLargeError extends GuestFaultError {
  constructor(mostBytes: number) {
    super(`the description of the message is longer than ${mostBytes} bytes`);
  }
}
