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
