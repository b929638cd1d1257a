import { messageOf } from "@mothership/kernel";
import { GuestExitError, GuestFaultError, TooLargeError } from "../errors.ts";
import type { Failure } from "../verdict.ts";
import { fuelExport, startExport } from "../wasm/meter.ts";
import { GuestPorts } from "./ports.ts";

/** The host's side of an ABI, made anew for each instance. */
export interface GuestHost {
  /** The functions, by import module and name. */
  imports(): WebAssembly.Imports;
}

/** How a run ended. */
export type RunResult<T> = { readonly value: T; readonly failure?: undefined } | { readonly value?: undefined; readonly failure: Failure };

/** One instance of a module, with its host functions. Calls are synchronous; after one that failed it must not be used again. */
export class Guest<Host extends GuestHost> {
  readonly host: Host;
  readonly ports = new GuestPorts();
  readonly exports: WebAssembly.Exports;

  /** The module has been metered, and its interface checked: it exports its memory. No code of it runs here. */
  constructor(module: WebAssembly.Module, makeHost: (ports: GuestPorts) => Host) {
    this.host = makeHost(this.ports);
    const { exports } = new WebAssembly.Instance(module, this.host.imports());
    this.exports = exports;
    // The checks at load have seen to both.
    this.ports.attach(exports["memory"] as WebAssembly.Memory, exports[fuelExport] as WebAssembly.Global);
  }

  /** Runs the guest's own start-up code: its start function, then `_initialize`, or else `_start`. */
  start(fuel: number): RunResult<undefined> {
    return this.run(fuel, () => {
      this.#callIfThere(startExport);
      if (this.exports["_initialize"]) this.#callIfThere("_initialize");
      else this.#start();
      return undefined;
    });
  }

  /** The export of this name as a function. The checks at load have seen that it is one. */
  function(name: string): (...args: never[]) => unknown {
    return this.exports[name] as (...args: never[]) => unknown;
  }

  /** Runs code of the guest with so much fuel. Whatever is thrown becomes a failure. */
  run<T>(fuel: number, body: () => T): RunResult<T> {
    this.ports.fuel = fuel;
    try {
      return { value: body() };
    } catch (error) {
      return { failure: this.#failure(error) };
    }
  }

  #start(): void {
    try {
      this.#callIfThere("_start");
    } catch (error) {
      if (!(error instanceof GuestExitError) || error.exitCode !== 0) throw error;
    }
  }

  #callIfThere(name: string): void {
    if (this.exports[name]) (this.function(name) as () => unknown)();
  }

  #failure(error: unknown): Failure {
    if (this.ports.fuel < 0) return { kind: "fuel", reason: "its fuel is used up" };
    if (error instanceof TooLargeError) return { kind: "tooLarge", reason: error.message };
    if (error instanceof GuestFaultError) return { kind: "fault", reason: error.message };
    // A RangeError is a stack that overflowed; anything unknown is no verdict either.
    return { kind: "trap", reason: messageOf(error) };
  }
}
