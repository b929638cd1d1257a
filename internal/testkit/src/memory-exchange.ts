import {
  type Body,
  type Exchange,
  emptyBody,
  Fields,
  type Handler,
  type Outcome,
  type ResponseHead,
  type ResponseHook,
} from "@mothership/kernel";

/** What a test asks for; everything may be left out. */
export interface MemoryRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly bind?: string;
  readonly authority?: string;
  readonly version?: "1.0" | "1.1" | "2.0";
  readonly address?: string;
  readonly secure?: boolean;
  readonly upgrade?: string;
  readonly body?: Body;
  readonly fields?: Iterable<readonly [string, string]>;
}

/** An exchange in memory that runs its hooks as a proxy does: the one added last first. A test ends it by hand. */
export class MemoryExchange implements Exchange {
  readonly id = "id-1";
  readonly bind: string;
  readonly client: Exchange["client"];
  readonly incoming: Exchange["incoming"];
  readonly host: string;
  path: string;
  query: string;
  /** A copy of those that were received, as with a proxy. */
  readonly fields: Fields;
  route = "";
  upstream = "";
  /** What reached the client. */
  answer: { readonly head: ResponseHead; readonly body: Body } | undefined;
  readonly #hooks: ResponseHook[] = [];
  readonly #listeners: ((outcome: Outcome) => void)[] = [];

  constructor(request: MemoryRequest = {}) {
    const { method = "GET", path = "/", query = "", bind = "http", authority = "example.test", address = "198.51.100.9" } = request;
    const received = Fields.from(request.fields ?? []);
    this.bind = bind;
    this.client = { address, port: 1, secure: request.secure ?? false };
    this.host = authority.replace(/:\d+$/, "");
    this.path = path;
    this.query = query;
    this.fields = received.copy();
    this.incoming = {
      method,
      target: path + query,
      authority,
      version: request.version ?? "1.1",
      fields: received,
      body: request.body ?? emptyBody,
      upgrade: request.upgrade,
      expectsContinue: false,
      interim: () => undefined,
      respond: () => undefined,
      takeOver: () => {
        throw new Error("not in this test");
      },
      abort: () => undefined,
      onFinished: undefined,
    };
  }

  get responded(): boolean {
    return this.answer !== undefined;
  }

  /** All values of a field of the answer, as one. */
  field(key: string): string | undefined {
    const values = this.answer?.head.fields.all(key) ?? [];
    return values.length === 0 ? undefined : values.join(", ");
  }

  respond(head: ResponseHead, body: Body): void {
    if (this.answer) {
      body.cancel(new Error("answered already"));
      return;
    }
    let answer = { head, body };
    for (const hook of this.#hooks.toReversed()) answer = hook(answer.head, answer.body);
    this.answer = answer;
  }

  onResponse(hook: ResponseHook): void {
    this.#hooks.push(hook);
  }

  onFinished(listener: (outcome: Outcome) => void): void {
    this.#listeners.push(listener);
  }

  /** The request is over. */
  finish(outcome: Partial<Outcome> = {}): void {
    for (const listener of this.#listeners.splice(0))
      listener({ status: 200, end: "complete", requestBytes: 0, responseBytes: 0, ...outcome });
  }
}

/** A handler that answers with these. */
export function answering(status: number, fields: Iterable<readonly [string, string]>, body: () => Body = () => emptyBody): Handler {
  return (exchange) => exchange.respond({ status, fields: Fields.from(fields) }, body());
}
