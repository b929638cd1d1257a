import {
  type Body,
  type BodyReader,
  bodyOf,
  type Exchange,
  emptyBody,
  Fields,
  type Incoming,
  type Outcome,
  type ResponseHead,
  type ResponseHook,
  type Tunnel,
} from "@mothership/kernel";
import { readBody } from "@mothership/testkit";

/** A body whose pieces the test gives when it likes. */
export class ScriptedBody implements Body {
  readonly length: number | undefined;
  #reader: BodyReader | undefined;
  cancelled: Error | undefined;

  constructor(length?: number) {
    this.length = length;
  }

  get isRead(): boolean {
    return this.#reader !== undefined;
  }
  read(reader: BodyReader): void {
    this.#reader = reader;
  }
  resume(): void {}
  cancel(reason: Error): void {
    this.cancelled ??= reason;
  }
  give(...pieces: string[]): this {
    for (const piece of pieces) if (!this.cancelled) this.#reader?.data(Buffer.from(piece));
    return this;
  }
  end(trailers?: Fields): void {
    if (!this.cancelled) this.#reader?.end(trailers);
  }
  fail(error: Error): void {
    if (!this.cancelled) this.#reader?.fail(error);
  }
}

export interface ExchangeParts {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Body;
  readonly upgrade?: string;
  readonly expectsContinue?: boolean;
}

/** One exchange without a wire: what was sent is there to be looked at. */
export class TestExchange implements Exchange {
  readonly id = "r1";
  readonly bind = "http";
  readonly client = { address: "192.0.2.1", port: 4711, secure: false };
  readonly host = "example.com";
  readonly fields: Fields;
  readonly incoming: Incoming;
  query: string;
  route = "";
  upstream = "";
  responded = false;
  sent: { readonly head: ResponseHead; readonly body: Body } | undefined;
  readonly interims: number[] = [];
  aborted: Error | undefined;
  #path: string;
  readonly #hooks: ResponseHook[] = [];
  readonly #listeners: ((outcome: Outcome) => void)[] = [];

  constructor({ method = "GET", target = "/", fields = [], body = emptyBody, upgrade, expectsContinue = false }: ExchangeParts = {}) {
    const mark = target.indexOf("?");
    this.#path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark);
    this.fields = Fields.from([["Host", "example.com"], ...fields]);
    this.incoming = {
      method,
      target,
      authority: "example.com",
      version: "1.1",
      fields: this.fields,
      body,
      upgrade,
      expectsContinue,
      interim: ({ status }) => void this.interims.push(status),
      respond: (head, sent) => {
        this.sent = { head, body: sent };
      },
      takeOver: (): Tunnel => {
        throw new Error("no test takes over");
      },
      abort: (reason) => {
        this.aborted = reason;
      },
      onFinished: undefined,
    };
  }

  get path(): string {
    return this.#path;
  }
  set path(path: string) {
    if (path.includes("%zz")) throw new Error(`"${path}" has no canonical form`);
    this.#path = path.replace("/./", "/");
  }

  respond(head: ResponseHead, body: Body): void {
    if (this.responded) {
      body.cancel(new Error("answered already"));
      return;
    }
    this.responded = true;
    let answer = { head, body };
    for (const hook of this.#hooks.toReversed()) answer = hook(answer.head, answer.body);
    this.incoming.respond(answer.head, answer.body);
  }
  onResponse(hook: ResponseHook): void {
    this.#hooks.push(hook);
  }
  onFinished(listener: (outcome: Outcome) => void): void {
    this.#listeners.push(listener);
  }
  finish(end: Outcome["end"] = "complete"): void {
    for (const listener of this.#listeners) listener({ status: this.sent?.head.status ?? 0, end, requestBytes: 0, responseBytes: 0 });
  }

  /** Status, fields and text of what was sent. */
  async seen(): Promise<
    { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } | undefined
  > {
    if (!this.sent) return undefined;
    const { head, body } = this.sent;
    const headers = Object.fromEntries(
      Array.from({ length: head.fields.size }, (_, index) => [head.fields.key(index), head.fields.value(index)]),
    );
    return { status: head.status, headers, body: (await readBody(body)).bytes.toString() };
  }
}

/** Answers 200 with these fields and this text. */
export function answering(text = "upstream", fields: readonly (readonly [string, string])[] = [], status = 200) {
  const handler = (exchange: Exchange): void => {
    handler.exchanges.push(exchange);
    exchange.respond({ status, fields: Fields.from(fields) }, bodyOf(text));
  };
  handler.exchanges = [] as Exchange[];
  return handler;
}
