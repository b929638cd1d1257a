import { fuelExport, meter } from "../../src/wasm/meter.ts";

export const memoryBytes = 16 * 65_536;

export function metered(bytes: Uint8Array<ArrayBuffer>, bytesOfMemory = memoryBytes) {
  const { bytes: code, stats } = meter(bytes, { memoryBytes: bytesOfMemory });
  const module = new WebAssembly.Module(code);
  const open = (imports: WebAssembly.Imports = {}) => {
    const { exports } = new WebAssembly.Instance(module, imports);
    const fuel = exports[fuelExport] as WebAssembly.Global;
    /** What a call of `f` costs; the result stands beside it. */
    const cost = (...args: unknown[]): { readonly used: number; readonly result: unknown } => {
      fuel.value = 1_000_000_000;
      const result = (exports["f"] as (...args: unknown[]) => unknown)(...args);
      return { used: 1_000_000_000 - fuel.value, result };
    };
    return { exports, fuel, cost };
  };
  return { module, stats, open };
}
