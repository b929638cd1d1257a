import { type Deps, Fields } from "@mothership/kernel";
import type { Guest } from "../engine/guest.ts";
import { openGuests } from "../engine/open-guests.ts";
import type { GuestPorts } from "../engine/ports.ts";
import { type RequestContext, ResponseContext } from "../message/context.ts";
import type { CheckedModule, Payload, RequestOutcome } from "../payload.ts";
import type { Verdict } from "../verdict.ts";
import { HttpWasmHost } from "./http-wasm.ts";
import { httpWasmModule } from "./http-wasm-functions.ts";
import { Services } from "./services.ts";
import { wasiImports, wasiModule } from "./wasi.ts";

interface Host {
  readonly http: HttpWasmHost;
  imports(): WebAssembly.Imports;
}

/** A guest of http-wasm: an instance serves one request from `handle_request` to `handle_response`, since guests keep state between them. */
export function openHttpWasm({ spec, module }: CheckedModule, deps: Deps): Payload {
  const settings = { config: spec.config, maxBodyBytes: spec.body ? spec.maxBodyBytes : undefined };
  const makeHost = (ports: GuestPorts): Host => {
    const services = new Services(ports, deps);
    const http = new HttpWasmHost(ports, services, settings);
    return { http, imports: () => ({ [httpWasmModule]: http.imports(), [wasiModule]: wasiImports(ports, services) }) };
  };
  const keeper = openGuests(spec, module, makeHost, deps);

  const request = (context: RequestContext): RequestOutcome => {
    const { value: guest, failure } = keeper.take();
    if (failure) return { verdict: { action: "fail", failure } };
    const { http } = guest.host;
    const result = keeper.run(guest, () => {
      http.beginRequest(context);
      // The type was checked at load: () -> i64.
      return http.requestVerdict(guest.function("handle_request")() as bigint);
    });
    if (result.failure) {
      http.end();
      return { verdict: { action: "fail", failure: result.failure } };
    }
    const { verdict, context: own } = result.value;
    if (verdict.action === "continue") return { verdict, later: responsePart(guest, own) };
    http.end();
    keeper.give(guest);
    keeper.blocked();
    return { verdict };
  };

  const responsePart = (guest: Guest<Host>, own: number) => {
    const { http } = guest.host;
    const finish = (response: ResponseContext, failed: boolean): Verdict => {
      const refusal = keeper.stillAdmitted(guest);
      if (refusal) {
        http.end();
        return { action: "fail", failure: refusal };
      }
      const handle = guest.function("handle_response") as (context: number, failed: number) => void;
      const result = keeper.run(guest, () => {
        http.beginResponse(response);
        handle(own, failed ? 1 : 0);
        return http.responseVerdict();
      });
      http.end();
      if (result.failure) return { action: "fail", failure: result.failure };
      keeper.give(guest);
      return result.value;
    };
    return {
      wantsBody: http.wantsResponseBody,
      respond: (response: ResponseContext) => finish(response, false),
      over: (failed: boolean) => void finish(new ResponseContext({ status: 500, fields: new Fields() }), failed),
    };
  };

  return {
    spec,
    abi: "http-wasm",
    get stats() {
      return keeper.stats;
    },
    request,
    response: undefined,
  };
}
