import { PayloadSpecError } from "./errors.ts";

export type PayloadPhase = "request" | "response";
/** `auto` looks at what the module imports and exports. */
export type AbiChoice = "auto" | "native" | "http-wasm";

/** A payload as it is configured. Plain data. */
export interface PayloadSpec {
  /** Unique among payloads; in logs and metrics. */
  readonly name: string;
  /** What a native guest sees. A guest of http-wasm is of phase `request` and sees the response of its requests as well. */
  readonly phase: PayloadPhase;
  /** Sources of patterns over the path. One that matches is enough; with none the payload never runs. */
  readonly routes: readonly string[];
  /** Handed to the guest as a JSON object. */
  readonly config?: Readonly<Record<string, string>>;
  readonly abi?: AbiChoice;
  /** Name of the export to call instead of `on_request` or `on_response`. Native guests only. */
  readonly entry?: string;
  /** Units of fuel for one call, about one simple instruction each. Default 10,000,000 (10 to 20 ms at worst), at most 1,000,000,000. */
  readonly fuel?: number;
  /** Units of fuel for the guest's start-up. Default 500,000,000, at most 1,000,000,000. */
  readonly startFuel?: number;
  /** Bytes of memory. Default 16 MiB, at most 64 MiB. */
  readonly memoryBytes?: number;
  /** The guest may read and replace bodies, which are then held in memory. Default false. */
  readonly body?: boolean;
  /** Bytes of a body that is held. Default 1 MiB, at most 64 MiB. A longer request is answered with 413, a longer response with 503. */
  readonly maxBodyBytes?: number;
  /** Instances of a guest of http-wasm, each of which serves one request at a time until its response begins. Default 128, at most 1024. */
  readonly maxInstances?: number;
}

/** A specification with nothing left out. */
export type CompleteSpec = Required<Omit<PayloadSpec, "entry">> & Pick<PayloadSpec, "entry">;

const MiB = 1024 * 1024;
const ranges = {
  fuel: { least: 1_000, normal: 10_000_000, most: 1_000_000_000 },
  startFuel: { least: 1_000, normal: 500_000_000, most: 1_000_000_000 },
  memoryBytes: { least: 65_536, normal: 16 * MiB, most: 64 * MiB },
  maxBodyBytes: { least: 0, normal: MiB, most: 64 * MiB },
  maxInstances: { least: 1, normal: 128, most: 1024 },
} as const;

/** @throws {PayloadSpecError} for a number out of its range. */
export function withDefaults(spec: PayloadSpec): CompleteSpec {
  const number = (key: keyof typeof ranges): number => {
    const { least, normal, most } = ranges[key];
    const value = spec[key] ?? normal;
    if (!Number.isInteger(value) || value < least || value > most)
      throw new PayloadSpecError(spec.name, `${key} is ${value}, and may be a whole number from ${least} to ${most}`);
    return value;
  };
  return {
    ...spec,
    config: spec.config ?? {},
    abi: spec.abi ?? "auto",
    body: spec.body ?? false,
    fuel: number("fuel"),
    startFuel: number("startFuel"),
    memoryBytes: number("memoryBytes"),
    maxBodyBytes: number("maxBodyBytes"),
    maxInstances: number("maxInstances"),
  };
}
