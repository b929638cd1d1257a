import type { Handler } from "@mothership/kernel";
import { type PayloadMiddlewareOptions, payloadMiddleware } from "../../src/path/middleware.ts";
import type { Payload } from "../../src/payload.ts";
import type { PayloadSpec } from "../../src/spec.ts";
import type { Failure } from "../../src/verdict.ts";
import { answering, type ExchangeParts, TestExchange } from "./exchange.ts";
import { bench } from "./guests.ts";

type Given = readonly [bytes: Uint8Array<ArrayBuffer>, spec?: Partial<PayloadSpec>];

/** Payloads on a path that ends in `next`. */
export async function path(guests: readonly Given[], next: Handler = answering(), options: PayloadMiddlewareOptions = {}) {
  const { deps, open, clock, lines } = bench();
  const payloads: Payload[] = [];
  for (const [index, [bytes, spec]] of guests.entries()) payloads.push(await open(bytes, { name: `p${index}`, ...spec }));
  const failures: [string, Failure["kind"]][] = [];
  const onFailure = (payload: Payload, failure: Failure): void => void failures.push([payload.spec.name, failure.kind]);
  const handler = payloadMiddleware(payloads, deps, { onFailure, ...options })(next);
  const send = async (parts: ExchangeParts = {}): Promise<TestExchange> => {
    const exchange = new TestExchange(parts);
    await handler(exchange);
    return exchange;
  };
  return { handler, send, payloads, failures, clock, lines };
}

export const add = (name: string, value: string): string => `(drop (call $add_header {${name}} {${value}}))`;
export const block = (status: number, text = "no"): string => `(drop (call $set_block (i32.const ${status}) {${text}}))`;
export const response = { phase: "response" } as const;
