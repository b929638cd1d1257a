import type { Body, Client, Exchange, Fields, Incoming, Logger, Outcome, ResponseHead, ResponseHook } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";
import { hostOf } from "./authority.ts";
import { clientOf, type Peer, type TrustedProxies } from "./client.ts";
import type { ErrorPages } from "./error-pages.ts";
import { TargetError } from "./errors.ts";
import { type ForwardingSpec, requestFields } from "./headers.ts";
import { givenId } from "./ids.ts";
import { answers, render, reply } from "./reply.ts";
import { canonicalPath } from "./target.ts";

/** What the exchanges of one listener have in common. */
export interface ExchangeContext {
  readonly bind: string;
  readonly trusted: TrustedProxies;
  readonly forwarding: ForwardingSpec;
  readonly log: Logger;
  /** Undefined where the proxy's own words are sent. */
  readonly errorPages?: ErrorPages | undefined;
  nextId(): string;
}

/** Visible ASCII: what may stand in a request line. */
const visible = /^[\x21-\x7e]*$/;

/** One request on its way through a listener: an `Exchange` over what a wire read. */
export class ProxyExchange implements Exchange {
  readonly id: string;
  readonly client: Client;
  readonly incoming: Incoming;
  readonly host: string;
  route = "";
  upstream = "";
  readonly #context: ExchangeContext;
  readonly #peer: Peer;
  #path: string;
  #query: string;
  #fields: Fields | undefined;
  #hooks: ResponseHook[] | undefined;
  #listeners: ((outcome: Outcome) => void)[] | undefined;
  #outcome: Outcome | undefined;
  #responded = false;

  /** `path` is canonical. The caller has admitted the request. */
  constructor(incoming: Incoming, path: string, query: string, peer: Peer, context: ExchangeContext) {
    this.incoming = incoming;
    this.#path = path;
    this.#query = query;
    this.#peer = peer;
    this.#context = context;
    this.id = (peer.trusted ? givenId(incoming.fields) : undefined) ?? context.nextId();
    this.client = clientOf(peer, incoming.fields, context.trusted);
    this.host = hostOf(incoming.authority);
    incoming.onFinished = (outcome) => this.#finish(outcome);
  }

  get bind(): string {
    return this.#context.bind;
  }

  get path(): string {
    return this.#path;
  }

  /** @throws {TargetError} for a path without a canonical form; another one is stored in that form. */
  set path(path: string) {
    const canonical = canonicalPath(path);
    if (typeof canonical !== "string") throw new TargetError("path", path, canonical.reason);
    if (!visible.test(canonical) || /[?#\\]/.test(canonical))
      throw new TargetError("path", path, "it holds a character that needs an escape");
    this.#path = canonical;
  }

  get query(): string {
    return this.#query;
  }

  /** @throws {TargetError} for what is neither empty nor `?` with visible characters behind it. */
  set query(query: string) {
    if (query !== "" && !query.startsWith("?")) throw new TargetError("query", query, 'it does not begin with "?"');
    if (!visible.test(query) || query.includes("#")) throw new TargetError("query", query, "it holds a character that needs an escape");
    this.#query = query;
  }

  /** Built at the first look: what a filter answers from the path alone does not pay for it. */
  get fields(): Fields {
    this.#fields ??= requestFields(
      this.incoming.fields,
      { peer: this.#peer, id: this.id, authority: this.incoming.authority, version: this.incoming.version },
      this.#context.forwarding,
    );
    return this.#fields;
  }

  get responded(): boolean {
    return this.#responded;
  }

  respond(head: ResponseHead, body: Body): void {
    if (this.#responded || this.#outcome) {
      body.cancel(new Error("the request was answered already, or nobody waits for it any more"));
      return;
    }
    this.#responded = true;
    let answer = this.#dress(head, body);
    try {
      for (let index = (this.#hooks?.length ?? 0) - 1; index >= 0; index--) answer = this.#hooks![index]!(answer.head, answer.body);
    } catch (error) {
      answer.body.cancel(error instanceof Error ? error : new Error(messageOf(error)));
      this.#context.log.error("a response hook failed", { requestId: this.id, route: this.route, reason: messageOf(error) });
      const { head, body } = render(this, answers.internal);
      answer = this.#dress(head, body);
    }
    this.incoming.respond(answer.head, answer.body);
  }

  onResponse(hook: ResponseHook): void {
    if (this.#responded) return;
    this.#hooks ??= [];
    this.#hooks.push(hook);
  }

  onFinished(listener: (outcome: Outcome) => void): void {
    if (this.#outcome) {
      listener(this.#outcome);
      return;
    }
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  /** A handler threw or rejected. Before an answer the client gets 500, after it the connection is cut, so that nothing half-done looks whole. */
  fail(error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    const facts = { requestId: this.id, bind: this.bind, route: this.route, reason: messageOf(error), stack };
    this.#context.log.error("a request handler failed", facts);
    if (this.#responded) this.incoming.abort(error instanceof Error ? error : new Error(messageOf(error)));
    else reply(this, answers.internal);
  }

  #dress(head: ResponseHead, body: Body): { readonly head: ResponseHead; readonly body: Body } {
    return this.#context.errorPages?.dress(this, head, body) ?? { head, body };
  }

  #finish(outcome: Outcome): void {
    this.#outcome = outcome;
    for (const listener of this.#listeners ?? []) {
      try {
        listener(outcome);
      } catch (error) {
        this.#context.log.error("a listener for the end of a request failed", { requestId: this.id, reason: messageOf(error) });
      }
    }
    this.#listeners = undefined;
  }
}
