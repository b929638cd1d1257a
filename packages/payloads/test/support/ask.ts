import { expect } from "vitest";
import type { PayloadSpec } from "../../src/spec.ts";
import type { Verdict } from "../../src/verdict.ts";
import { bench, nativeGuest, type RequestParts, requestContext, responseContext } from "./guests.ts";

export async function ask(bytes: Uint8Array<ArrayBuffer>, request: RequestParts = {}, spec: Partial<PayloadSpec> = {}): Promise<Verdict> {
  const payload = await bench().open(bytes, spec);
  return payload.request!(requestContext(request)).verdict;
}

export async function answer(
  bytes: Uint8Array<ArrayBuffer>,
  response = responseContext(),
  spec: Partial<PayloadSpec> = {},
): Promise<Verdict> {
  const payload = await bench().open(bytes, { phase: "response", ...spec });
  return payload.response!(requestContext({ method: "POST", path: "/p" }), response);
}

export function bodyOf(verdict: Verdict): string {
  return verdict.action === "block" ? Buffer.from(verdict.block.body).toString() : `${verdict.action}: ${JSON.stringify(verdict)}`;
}

/** What a function answered, as a guest sees it: blocked with 299 plus the negative of it. */
export const answering = (call: string): Uint8Array<ArrayBuffer> =>
  nativeGuest(`(local.set $n ${call}) (drop (call $set_block (i32.sub (i32.const 299) (local.get $n)) (i32.const 0) (i32.const 0)))`);

export async function code(call: string, request: RequestParts = {}, spec: Partial<PayloadSpec> = {}): Promise<number | string> {
  const verdict = await ask(answering(call), request, spec);
  return verdict.action === "block" ? 299 - verdict.block.status : verdict.action === "fail" ? verdict.failure.reason : "continue";
}

export const fault = (reason: string | RegExp) => ({ action: "fail", failure: { kind: "fault", reason: expect.stringMatching(reason) } });
