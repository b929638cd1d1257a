import type { Deps } from "@mothership/kernel";
import { openGuests } from "../engine/open-guests.ts";
import type { GuestPorts } from "../engine/ports.ts";
import type { RequestContext, ResponseContext } from "../message/context.ts";
import type { CheckedModule, Payload } from "../payload.ts";
import type { Verdict } from "../verdict.ts";
import { entryOf } from "./interface.ts";
import { NativeHost, nativeModules } from "./native.ts";
import { Services } from "./services.ts";
import { wasiImports, wasiModule } from "./wasi.ts";

/** A guest of the native ABI: one instance, which serves all requests one after the other. */
export function openNative({ spec, module }: CheckedModule, deps: Deps): Payload {
  const settings = { config: spec.config, maxBodyBytes: spec.body ? spec.maxBodyBytes : undefined };
  const makeHost = (ports: GuestPorts) => {
    const services = new Services(ports, deps);
    const native = new NativeHost(ports, services, settings);
    const functions = native.imports();
    const byModule = Object.fromEntries(nativeModules.map((name) => [name, functions]));
    return { native, imports: () => ({ ...byModule, [wasiModule]: wasiImports(ports, services) }) };
  };
  const keeper = openGuests({ ...spec, maxInstances: 1 }, module, makeHost, deps);
  const entry = spec.entry ?? entryOf[spec.phase];

  const ask = (request: RequestContext, response?: ResponseContext): Verdict => {
    const { value: guest, failure } = keeper.take();
    if (failure) return { action: "fail", failure };
    const { native } = guest.host;
    const result = keeper.run(guest, () => {
      native.begin(request, response);
      return native.verdict(guest.function(entry)());
    });
    native.end();
    if (result.failure) return { action: "fail", failure: result.failure };
    keeper.give(guest);
    if (result.value.action === "block") keeper.blocked();
    return result.value;
  };
  return {
    spec,
    abi: "native",
    get stats() {
      return keeper.stats;
    },
    request: spec.phase === "request" ? (context) => ({ verdict: ask(context) }) : undefined,
    response: spec.phase === "response" ? ask : undefined,
  };
}
