import { type Exchange, emptyBody, Fields, type Outcome } from "@mothership/kernel";

/** A request as middleware sees it, which a test ends by hand. */
export interface FakeExchange extends Exchange {
  finish(outcome?: Partial<Outcome>): void;
}

export function fakeExchange(bind = "http"): FakeExchange {
  const listeners: ((outcome: Outcome) => void)[] = [];
  return {
    id: "id-1",
    bind,
    client: { address: "198.51.100.9", port: 1, secure: false },
    incoming: {
      method: "GET",
      target: "/",
      authority: "example.test",
      version: "1.1",
      fields: new Fields(),
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
    host: "example.test",
    path: "/",
    query: "",
    fields: new Fields(),
    route: "",
    upstream: "",
    responded: false,
    respond: () => undefined,
    onResponse: () => undefined,
    onFinished: (listener) => listeners.push(listener),
    finish(outcome = {}) {
      for (const listener of listeners.splice(0)) listener({ status: 200, end: "complete", requestBytes: 0, responseBytes: 0, ...outcome });
    },
  };
}
