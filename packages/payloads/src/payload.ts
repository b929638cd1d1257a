import { type Deps, messageOf } from "@mothership/kernel";
import { openHttpWasm } from "./abi/http-wasm-payload.ts";
import { type Abi, exportProblems, importProblem, recogniseAbi } from "./abi/interface.ts";
import { openNative } from "./abi/native-payload.ts";
import type { PayloadStats } from "./engine/keeper.ts";
import { PayloadInterfaceError, PayloadRefusedError } from "./errors.ts";
import { payloadLimits } from "./limits.ts";
import type { RequestContext, ResponseContext } from "./message/context.ts";
import { type CompleteSpec, type PayloadSpec, withDefaults } from "./spec.ts";
import type { Verdict } from "./verdict.ts";
import { meter } from "./wasm/meter.ts";
import type { WasmModule } from "./wasm/module.ts";
import { printable } from "./wasm/reader.ts";

/** What a payload says to a request, and how it will see the response, if it will. */
export interface RequestOutcome {
  readonly verdict: Verdict;
  readonly later?: ResponsePart;
}

/** A payload that waits for the response to a request that it let pass. One of the two is called, once. */
export interface ResponsePart {
  /** It wants to see the body, which is then held. */
  readonly wantsBody: boolean;
  respond(response: ResponseContext): Verdict;
  /** No response will come by this way: the client left, or the connection became a tunnel. */
  over(failed: boolean): void;
}

/**
 * A guest that is loaded and has started. Calls are synchronous, take a bounded amount of fuel, and never throw: a guest that fails is a
 * verdict. It holds memory only, nothing that would have to be closed.
 */
export interface Payload {
  readonly spec: CompleteSpec;
  readonly abi: Abi;
  /** Counters and state, for metrics and people. */
  readonly stats: PayloadStats;
  /** Asks about a request; undefined for a native guest of the phase `response`. */
  readonly request: ((context: RequestContext) => RequestOutcome) | undefined;
  /** Asks about a response; only for a native guest of the phase `response`. */
  readonly response: ((request: RequestContext, response: ResponseContext) => Verdict) | undefined;
}

/** A module that passed all checks. */
export interface CheckedModule {
  readonly spec: CompleteSpec;
  readonly module: WebAssembly.Module;
}

/**
 * Loads a guest: checks, meters and compiles it, and runs its start-up code.
 *
 * @throws {PayloadSpecError} for a number out of its range.
 * @throws {PayloadInvalidError} when the bytes are no valid module.
 * @throws {PayloadRefusedError} for a feature that is not offered (the message names it), another kind of guest, or a module over a limit.
 * @throws {PayloadInterfaceError} listing every import that is unknown, and every export that is missing.
 * @throws {PayloadStartError} when its start-up code fails.
 */
export async function openPayload(given: PayloadSpec, bytes: Uint8Array<ArrayBuffer>, deps: Deps): Promise<Payload> {
  const spec = withDefaults(given);
  if (bytes.length > payloadLimits.fileBytes)
    throw new PayloadRefusedError(`a file of ${bytes.length} bytes`, `${payloadLimits.fileBytes} are allowed`);
  const { bytes: metered, original } = meter(bytes, { memoryBytes: spec.memoryBytes });
  const abi = abiOf(spec, original);
  const problems = [
    ...original.imports.flatMap((entry) => importProblem(entry, abi) ?? []),
    ...exportProblems(original, abi, spec.phase, abi === "native" ? spec.entry : undefined),
  ];
  if (problems.length > 0) throw new PayloadInterfaceError(spec.name, abi, problems);
  const checked: CheckedModule = { spec, module: await compile(metered) };
  const log = deps.log.child({ payload: spec.name });
  return abi === "native" ? openNative(checked, { ...deps, log }) : openHttpWasm(checked, { ...deps, log });
}

async function compile(metered: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(metered);
  } catch (error) {
    // The original was valid: with metering a function or the whole has grown over a limit of the engine.
    throw new PayloadRefusedError("more code than the engine takes with metering", printable(messageOf(error)));
  }
}

function abiOf({ abi }: CompleteSpec, module: WasmModule): Abi {
  const recognised = recogniseAbi(module);
  if (recognised === "proxy-wasm")
    throw new PayloadRefusedError("the proxy-wasm ABI", "guests of proxy-wasm are recognised, but not offered yet");
  return abi === "auto" ? recognised : abi;
}
