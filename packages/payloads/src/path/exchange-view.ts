/** An exchange in which something is different: the method, the body, what happens to the response. Everything else is the original's. */
import {
  type Body,
  type Client,
  type Exchange,
  type Fields,
  type Incoming,
  messageOf,
  type Outcome,
  type ResponseHead,
  type ResponseHook,
  type Tunnel,
} from "@mothership/kernel";

/** What a request brings in place of its own. */
export interface Replaced {
  readonly method: string;
  readonly body: Body;
  /** The client still waits for 100. */
  readonly expectsContinue: boolean;
}

class IncomingView implements Incoming {
  readonly #original: Incoming;
  readonly method: string;
  readonly body: Body;
  readonly expectsContinue: boolean;

  constructor(original: Incoming, { method, body, expectsContinue }: Replaced) {
    this.#original = original;
    this.method = method;
    this.body = body;
    this.expectsContinue = expectsContinue;
  }

  get target(): string {
    return this.#original.target;
  }
  get authority(): string {
    return this.#original.authority;
  }
  get version(): Incoming["version"] {
    return this.#original.version;
  }
  get fields(): Fields {
    return this.#original.fields;
  }
  get upgrade(): string | undefined {
    return this.#original.upgrade;
  }
  get onFinished(): Incoming["onFinished"] {
    return this.#original.onFinished;
  }
  set onFinished(listener: Incoming["onFinished"]) {
    this.#original.onFinished = listener;
  }
  interim(head: ResponseHead): void {
    this.#original.interim(head);
  }
  respond(head: ResponseHead, body: Body): void {
    this.#original.respond(head, body);
  }
  takeOver(head: ResponseHead): Tunnel {
    return this.#original.takeOver(head);
  }
  abort(reason: Error): void {
    this.#original.abort(reason);
  }
}

/** Takes over the response of a view. One of the two is called, once. */
export interface ResponseTaker {
  /** The response, when the hooks of the view have passed. */
  take(head: ResponseHead, body: Body): void;
  /** A hook threw. */
  failed(error: unknown): void;
}

/** An exchange as handlers further in see it: what payloads have replaced, and the original for all else. */
export class ExchangeView implements Exchange {
  readonly #original: Exchange;
  readonly incoming: Incoming;
  /** Undefined leaves the response to the original. */
  readonly #taker: ResponseTaker | undefined;
  readonly #hooks: ResponseHook[] = [];
  #responded = false;

  constructor(original: Exchange, replaced: Replaced | undefined, taker?: ResponseTaker) {
    this.#original = original;
    this.incoming = replaced ? new IncomingView(original.incoming, replaced) : original.incoming;
    this.#taker = taker;
  }

  get id(): string {
    return this.#original.id;
  }
  get bind(): string {
    return this.#original.bind;
  }
  get client(): Client {
    return this.#original.client;
  }
  get host(): string {
    return this.#original.host;
  }
  get path(): string {
    return this.#original.path;
  }
  set path(path: string) {
    this.#original.path = path;
  }
  get query(): string {
    return this.#original.query;
  }
  set query(query: string) {
    this.#original.query = query;
  }
  get fields(): Fields {
    return this.#original.fields;
  }
  get route(): string {
    return this.#original.route;
  }
  set route(route: string) {
    this.#original.route = route;
  }
  get upstream(): string {
    return this.#original.upstream;
  }
  set upstream(upstream: string) {
    this.#original.upstream = upstream;
  }
  get responded(): boolean {
    return this.#responded || this.#original.responded;
  }

  respond(head: ResponseHead, body: Body): void {
    if (!this.#taker) {
      this.#original.respond(head, body);
      return;
    }
    if (this.responded) {
      body.cancel(new Error("the request was answered already"));
      return;
    }
    this.#responded = true;
    let answer = { head, body };
    try {
      for (const hook of this.#hooks.toReversed()) answer = hook(answer.head, answer.body);
    } catch (error) {
      answer.body.cancel(error instanceof Error ? error : new Error(messageOf(error)));
      this.#taker.failed(error);
      return;
    }
    this.#taker.take(answer.head, answer.body);
  }

  onResponse(hook: ResponseHook): void {
    if (!this.#taker) this.#original.onResponse(hook);
    else if (!this.responded) this.#hooks.push(hook);
  }

  onFinished(listener: (outcome: Outcome) => void): void {
    this.#original.onFinished(listener);
  }
}
