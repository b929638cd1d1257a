import type { RequestFacts, ResponseFacts } from "./facts.ts";
import { requestJson, responseJson } from "./json.ts";

/** One request on its way through payloads: what they share of it. */
export class RequestContext {
  readonly facts: RequestFacts;
  /** The whole body where a payload may read it. */
  body: Uint8Array | undefined;
  #json: Buffer | undefined;

  constructor(facts: RequestFacts, body?: Uint8Array) {
    this.facts = facts;
    this.body = body;
  }

  /** The description as JSON, made at the first look and kept for the next payload until something changed. */
  json(): Buffer {
    this.#json ??= Buffer.from(requestJson(this.facts));
    return this.#json;
  }

  /** A payload changed the request. */
  changed(): void {
    this.#json = undefined;
  }
}

/** The response to it, for the payloads that see it. */
export class ResponseContext {
  readonly facts: ResponseFacts;
  body: Uint8Array | undefined;
  #json: Buffer | undefined;

  constructor(facts: ResponseFacts, body?: Uint8Array) {
    this.facts = facts;
    this.body = body;
  }

  json(request: RequestContext): Buffer {
    this.#json ??= Buffer.from(responseJson(this.facts, request.facts));
    return this.#json;
  }

  changed(): void {
    this.#json = undefined;
  }
}
