import type { FunctionType } from "../wasm/module.ts";

/**
 * The type of a host function: parameters, a colon, results. `i` is i32, `I` i64, `F` f64.
 */
export type Signature = `${string}:${"" | "i" | "I" | "F"}`;

const letters: Readonly<Record<number, string>> = { 127: "i", 126: "I", 125: "f", 124: "F", 123: "v", 112: "r", 111: "x" };
const names: Readonly<Record<string, string>> = { i: "i32", I: "i64", f: "f32", F: "f64", v: "v128", r: "funcref", x: "externref" };

export function signatureOf({ params, results }: FunctionType): string {
  return `${params.map((type) => letters[type]).join("")}:${results.map((type) => letters[type]).join("")}`;
}

/** For people: `(i32, i32) -> i32`. */
export function describeSignature(signature: string): string {
  const [params = "", results = ""] = signature.split(":").map((types) => Array.from(types, (type) => names[type]).join(", "));
  return `(${params}) -> ${results === "" ? "()" : results}`;
}
