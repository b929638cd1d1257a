import { entryOf, exportProblems, importProblem, type RecognisedAbi, recogniseAbi, typeOf } from "./abi/interface.ts";
import { describeSignature, signatureOf } from "./abi/signature.ts";
import type { PayloadPhase } from "./spec.ts";
import { meter, pageBytes } from "./wasm/meter.ts";
import type { ExternKind, WasmModule } from "./wasm/module.ts";

/** What can be told of a module without running it. Plain data. */
export interface ModuleReport {
  readonly abi: RecognisedAbi;
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly kind: ExternKind;
    /** Of a function: `(i32) -> i32`. */
    readonly signature: string | undefined;
    /** Why it is not offered, in words. */
    readonly problem: string | undefined;
  }[];
  readonly exports: readonly { readonly name: string; readonly kind: ExternKind; readonly signature: string | undefined }[];
  /** For which phases it has an entry function, or `handle_request`. */
  readonly phases: readonly PayloadPhase[];
  /** All memories together; `maximum` is its own, where it says one for each. */
  readonly memoryBytes: { readonly initial: number; readonly maximum: number | undefined };
  /** Code that runs once when an instance is made, in this order. */
  readonly startFunctions: readonly string[];
  readonly costs: {
    readonly bytes: number;
    /** With metering. */
    readonly meteredBytes: number;
    readonly functions: number;
    readonly loops: number;
    /** Fuel that the dearest stretch of code without a loop takes, or one time round a loop. */
    readonly dearestRegion: number;
  };
  /** Everything that would keep it from being loaded, in words; empty for a module that fits one phase at least. */
  readonly problems: readonly string[];
}

/**
 * Looks at a module: what it imports and exports, which phases it can serve, what it costs.
 *
 * @throws {PayloadInvalidError} for bytes that are no valid module.
 * @throws {PayloadRefusedError} for one that cannot be metered, naming the feature.
 */
export function inspectModule(bytes: Uint8Array<ArrayBuffer>, { memoryBytes = 64 * 1024 * 1024 } = {}): ModuleReport {
  const { original, bytes: metered, stats } = meter(bytes, { memoryBytes });
  const abi = recogniseAbi(original);
  const known = abi === "proxy-wasm" ? undefined : abi;
  const imports = original.imports.map((entry) => ({
    module: entry.module,
    name: entry.name,
    kind: entry.kind,
    signature: entry.type && describeSignature(signatureOf(entry.type)),
    problem: known && importProblem(entry, known),
  }));
  const phases = phasesOf(original, abi);
  return {
    abi,
    imports,
    exports: original.exports.map((entry) => {
      const type = typeOf(original, entry);
      return { name: entry.name, kind: entry.kind, signature: type && describeSignature(signatureOf(type)) };
    }),
    phases,
    memoryBytes: memoryOf(original),
    startFunctions: startFunctionsOf(original),
    costs: { bytes: bytes.length, meteredBytes: metered.length, ...stats },
    problems: known
      ? [...imports.flatMap(({ problem }) => problem ?? []), ...exportProblems(original, known, phases[0] ?? "request")]
      : ["guests of proxy-wasm are not offered yet"],
  };
}

function phasesOf({ exports }: WasmModule, abi: RecognisedAbi): PayloadPhase[] {
  const has = (wanted: string): boolean => exports.some(({ name, kind }) => name === wanted && kind === "function");
  if (abi === "proxy-wasm") return [];
  if (abi === "http-wasm") return has("handle_request") ? ["request"] : [];
  return (["request", "response"] as const).filter((phase) => has(entryOf[phase]));
}

function memoryOf({ memories }: WasmModule): ModuleReport["memoryBytes"] {
  const initial = memories.reduce((sum, one) => sum + one.initial, 0) * pageBytes;
  const maximum = memories.reduce((sum, one) => sum + (one.maximum ?? Number.NaN), 0) * pageBytes;
  return { initial, maximum: Number.isNaN(maximum) ? undefined : maximum };
}

function startFunctionsOf({ start, exports }: WasmModule): string[] {
  const own = ["_initialize", "_start"].find((wanted) => exports.some(({ name }) => name === wanted));
  return [...(start === undefined ? [] : ["(start)"]), ...(own === undefined ? [] : [own])];
}
