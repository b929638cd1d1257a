import { type Deps, Fields } from "@mothership/kernel";
import type { PayloadStats } from "./engine/keeper.ts";
import { PayloadSpecError } from "./errors.ts";
import { RequestContext, ResponseContext } from "./message/context.ts";
import { applyEdits } from "./message/fields-draft.ts";
import { isTarget, splitTarget } from "./message/target.ts";
import { openPayload } from "./payload.ts";
import type { PayloadSpec } from "./spec.ts";
import type { Verdict } from "./verdict.ts";

/** A request to try a payload on, and for a payload that sees responses, the response. Plain data. */
export interface TrialInput {
  /** Default GET. */
  readonly method?: string;
  /** With a query or without. Default "/". */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Default 127.0.0.1. */
  readonly clientIp?: string;
  readonly response?: {
    /** Default 200. */
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string;
  };
}

export interface TrialResult {
  /** What it said to the request; undefined where it only sees responses. */
  readonly request: Verdict | undefined;
  /** What it said to the response; undefined where it sees none, or blocked the request. */
  readonly response: Verdict | undefined;
  readonly stats: PayloadStats;
}

/**
 * Loads a payload, asks it about one request, and forgets it.
 *
 * @throws what `openPayload` throws.
 * @throws {PayloadSpecError} for an input that could not be a request.
 */
export async function runOnce(spec: PayloadSpec, bytes: Uint8Array<ArrayBuffer>, input: TrialInput, deps: Deps): Promise<TrialResult> {
  const payload = await openPayload(spec, bytes, deps);
  const request = requestOf(spec, input);
  const given = input.response ?? {};
  const response = new ResponseContext(
    { status: given.status ?? 200, fields: fieldsOf(given.headers) },
    held(payload.spec.body, given.body),
  );
  const asked = payload.request?.(request);
  if (asked?.verdict.action === "continue") applyEdits(request.facts.fields, asked.verdict.changes.edits);
  const answered = payload.response?.(request, response) ?? asked?.later?.respond(response);
  return { request: asked?.verdict, response: answered, stats: payload.stats };
}

function requestOf(
  spec: PayloadSpec,
  { method = "GET", path: target = "/", headers, body, clientIp = "127.0.0.1" }: TrialInput,
): RequestContext {
  if (!isTarget(target)) throw new PayloadSpecError(spec.name, `"${target.slice(0, 80)}" is not a path to try it on`);
  const { path, query = "" } = splitTarget(target);
  const fields = fieldsOf(headers);
  const facts = {
    id: "trial",
    bind: "trial",
    method,
    path,
    query,
    scheme: "http" as const,
    host: fields.get("host") ?? "",
    httpVersion: "1.1",
    clientIp,
    clientPort: 0,
    tls: null,
    uaKind: null,
    shield: null,
    fields,
  };
  return new RequestContext(facts, held(spec.body ?? false, body));
}

function held(wanted: boolean, text = ""): Uint8Array | undefined {
  return wanted || text === "" ? Buffer.from(text) : undefined;
}

function fieldsOf(headers: TrialInput["headers"] = {}): Fields {
  return Fields.from(Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const)));
}
