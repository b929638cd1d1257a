import {
  type Body,
  type Exchange,
  emptyBody,
  Fields,
  type Handler,
  type Middleware,
  type Outcome,
  type ResponseHead,
} from "@mothership/kernel";
import { readBody } from "@mothership/testkit";

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly bind?: string;
  readonly upgrade?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** A request as middleware sees it, and what was answered. */
export interface FakeExchange extends Exchange {
  readonly answer: { readonly head: ResponseHead; readonly body: Body } | undefined;
}

export function fakeExchange({ method = "GET", path, query = "", bind = "http", upgrade, fields = {} }: Asked): FakeExchange {
  const list = Fields.from(Object.entries(fields));
  let answer: FakeExchange["answer"];
  return {
    id: "id-1",
    bind,
    client: { address: "198.51.100.9", port: 1, secure: false },
    incoming: {
      method,
      target: path + query,
      authority: "example.test",
      version: "1.1",
      fields: list,
      body: emptyBody,
      upgrade,
      expectsContinue: false,
      interim: () => undefined,
      respond: () => undefined,
      takeOver: () => {
        throw new Error("not in this test");
      },
      abort: () => undefined,
      onFinished: undefined,
    },
    host: "example.test",
    path,
    query,
    fields: list,
    route: "",
    upstream: "",
    get responded() {
      return answer !== undefined;
    },
    get answer() {
      return answer;
    },
    respond: (head, body) => {
      answer = { head, body };
    },
    onResponse: () => undefined,
    onFinished: (_: (outcome: Outcome) => void) => undefined,
  };
}

export interface Answered {
  /** 0 when the request went on to the next handler. */
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
  readonly length: number | undefined;
  readonly route: string;
}

/** Sends one request through `middleware` and reads the whole answer. */
export async function ask(middleware: Middleware, asked: Asked): Promise<Answered> {
  const exchange = fakeExchange(asked);
  let passedOn = false;
  const next: Handler = () => {
    passedOn = true;
  };
  await middleware(next)(exchange);
  const { answer } = exchange;
  if (!answer) {
    if (!passedOn) throw new Error("neither answered nor passed on");
    return { status: 0, fields: {}, text: "", length: undefined, route: exchange.route };
  }
  const { head, body } = answer;
  const bare = asked.method === "HEAD" || head.status === 304;
  if (bare) body.cancel(new Error("no content"));
  return {
    status: head.status,
    fields: Object.fromEntries([...head.fields].map(([name, value]) => [name.toLowerCase(), value])),
    text: bare ? "" : (await readBody(body)).bytes.toString(),
    length: body.length,
    route: exchange.route,
  };
}
