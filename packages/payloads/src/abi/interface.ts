/** Which ABI a module speaks, and whether what it imports and exports fits. */

import { abiVersion } from "../message/json.ts";
import type { PayloadPhase } from "../spec.ts";
import type { ExportEntry, FunctionType, ImportEntry, WasmModule } from "../wasm/module.ts";
import { quoted } from "../wasm/reader.ts";
import { httpWasmFunctions, httpWasmModule } from "./http-wasm-functions.ts";
import { nativeFunctions, nativeModules } from "./native.ts";
import { describeSignature, type Signature, signatureOf } from "./signature.ts";
import { wasiFunctions, wasiModule, wasiStubs } from "./wasi.ts";

/** The ABIs that a payload can speak. */
export type Abi = "native" | "http-wasm";

/** proxy-wasm is recognised so that it can be refused by name. */
export type RecognisedAbi = Abi | "proxy-wasm";

export const entryOf: Readonly<Record<PayloadPhase, string>> = { request: "on_request", response: "on_response" };

/** What a module shows of itself, whether or not it fits. */
export function recogniseAbi({ imports, exports }: WasmModule): RecognisedAbi {
  if (exports.some(({ name }) => name.startsWith("proxy_abi_version_") || name === "proxy_on_context_create")) return "proxy-wasm";
  const speaks = imports.some(({ module }) => module === httpWasmModule) || exports.some(({ name }) => name === "handle_request");
  return speaks ? "http-wasm" : "native";
}

/** What is wrong with an import, in words; undefined for one that is offered. */
export function importProblem(entry: ImportEntry, abi: Abi): string | undefined {
  const name = `import ${quoted(entry.module)} ${quoted(entry.name)}`;
  if (!entry.type) return `${name} is a ${entry.kind}, and only functions are given`;
  const wanted = signatureFor(entry, abi);
  const found = signatureOf(entry.type);
  // A stub takes whatever it is given, and answers with an error number.
  if (entry.module === wasiModule && wasiStubs.has(entry.name) && found.endsWith(":i")) return undefined;
  if (wanted === undefined) return `${name} is not a function of this ABI`;
  if (found === wanted || (mayIgnoreResult(entry, abi) && `${found}i` === wanted)) return undefined;
  return `${name} is of type ${describeSignature(found)}, and should be ${describeSignature(wanted)}`;
}

/** What is missing or of a wrong type among the exports, in words. */
export function exportProblems(module: WasmModule, abi: Abi, phase: PayloadPhase, entry = entryOf[phase]): string[] {
  const problems: string[] = [];
  const check = (name: string, allowed: readonly Signature[], why: string): void => {
    const found = module.exports.find((one) => one.name === name);
    const type = found && typeOf(module, found);
    if (!type) problems.push(`${why}; exported are ${listed(module.exports)}`);
    else if (!allowed.some((one) => one === signatureOf(type))) {
      const [first, ...others] = allowed.map(describeSignature);
      problems.push(
        `export "${name}" is of type ${describeSignature(signatureOf(type))}, and should be ${[first, ...others].join(" or ")}`,
      );
    }
  };
  if (!module.exports.some(({ name, kind }) => name === "memory" && kind === "memory"))
    problems.push('it does not export its memory as "memory"');
  if (abi === "native") check(entry, [":", ":i"], `it does not export the function "${entry}" for the phase ${phase}`);
  else {
    if (phase !== "request") problems.push('a guest of http-wasm sees both requests and responses: its phase has to be "request"');
    check("handle_request", [":I"], 'it does not export the function "handle_request"');
    check("handle_response", ["ii:"], 'it does not export the function "handle_response"');
  }
  for (const { name } of module.exports) {
    const version = /^mothership_abi_(.*)$/.exec(name)?.[1];
    if (version !== undefined && version !== String(abiVersion))
      problems.push(`it is made for version ${quoted(version)} of the ABI, and this is ${abiVersion}`);
  }
  for (const name of ["_initialize", "_start"])
    if (module.exports.some((one) => one.name === name)) check(name, [":"], `its export "${name}" is not a function`);
  return problems;
}

/** Type of an exported function; undefined for other kinds. */
export function typeOf(module: WasmModule, { kind, index }: ExportEntry): FunctionType | undefined {
  return kind === "function" ? module.functions[index] : undefined;
}

function signatureFor({ module, name }: ImportEntry, abi: Abi): string | undefined {
  const functions = functionsOf(module, abi);
  return functions && Object.hasOwn(functions, name) ? functions[name] : undefined;
}

function functionsOf(module: string, abi: Abi): Readonly<Record<string, Signature>> | undefined {
  if (module === wasiModule) return wasiFunctions;
  if (abi === "native") return nativeModules.includes(module) ? nativeFunctions : undefined;
  return module === httpWasmModule ? httpWasmFunctions : undefined;
}

/** Functions that change something answer whether they did; a guest that does not want to know may leave the result out. */
function mayIgnoreResult({ name }: ImportEntry, abi: Abi): boolean {
  return abi === "native" && (/^(?:set|add|remove)_/.test(name) || name === "log" || name === "random");
}

function listed(exports: readonly ExportEntry[]): string {
  const most = 20;
  const names = exports.slice(0, most).map(({ name }) => quoted(name));
  if (exports.length > most) names.push(`${exports.length - most} more`);
  return names.length === 0 ? "nothing" : names.join(", ");
}
