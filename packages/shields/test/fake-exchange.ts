import { type Body, type Exchange, emptyBody, Fields, type ResponseHead } from "@mothership/kernel";

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly address?: string;
  readonly version?: "1.0" | "1.1" | "2.0";
  readonly fields?: readonly (readonly [string, string])[];
}

/** A request as middleware sees it, and what was answered. */
export interface FakeExchange extends Exchange {
  readonly answer: { readonly head: ResponseHead; readonly body: Body } | undefined;
}

export function fakeExchange(asked: Asked = {}): FakeExchange {
  const { method = "GET", path = "/", host = "example.test", address = "198.51.100.9", version = "1.1", fields = [] } = asked;
  let answer: FakeExchange["answer"];
  return {
    id: "id-1",
    bind: "http",
    client: { address, port: 1, secure: false },
    incoming: {
      method,
      target: path,
      authority: host,
      version,
      fields: Fields.from(fields),
      body: emptyBody,
      upgrade: undefined,
      expectsContinue: false,
      interim: () => undefined,
      respond: () => undefined,
      takeOver: () => {
        throw new Error("not in this test");
      },
      abort: () => undefined,
      onFinished: undefined,
    },
    host,
    path,
    query: "",
    fields: Fields.from(fields),
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
    onFinished: () => undefined,
  };
}
