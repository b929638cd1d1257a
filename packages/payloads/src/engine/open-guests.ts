import { type Clock, messageOf } from "@mothership/kernel";
import { PayloadStartError } from "../errors.ts";
import type { CompleteSpec } from "../spec.ts";
import { Guest, type GuestHost } from "./guest.ts";
import { Keeper } from "./keeper.ts";
import type { GuestPorts } from "./ports.ts";

/**
 * Makes the first instance of a module and runs its start-up code.
 *
 * @throws {PayloadStartError} when that fails.
 */
export function openGuests<Host extends GuestHost>(
  spec: CompleteSpec,
  module: WebAssembly.Module,
  makeHost: (ports: GuestPorts) => Host,
  { clock }: { readonly clock: Clock },
): Keeper<Host> {
  const open = (): Guest<Host> => new Guest(module, makeHost);
  const first = orFail(spec, open);
  const started = first.start(spec.startFuel);
  if (started.failure) throw new PayloadStartError(spec.name, started.failure.reason);
  const used = spec.startFuel - first.ports.fuel;
  // Later ones start while requests wait. What the first start took is known; one that takes far longer is no start like it.
  const startFuel = Math.min(spec.startFuel, Math.max(spec.fuel, used * 2));
  return new Keeper({ ...spec, startFuel }, first, open, clock);
}

function orFail<T>(spec: CompleteSpec, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new PayloadStartError(spec.name, messageOf(error));
  }
}
