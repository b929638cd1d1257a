export { PayloadInvalidError, PayloadRefusedError } from "./errors.ts";
export { type MeteredModule, type MeterOptions, meter } from "./wasm/meter.ts";
