import { PassThrough } from "node:stream";
import { type Body, emptyBody, Fields, type Incoming, type Outcome, type ResponseHead } from "@mothership/kernel";

/** A request as a wire would hand it over, which remembers how it was answered. */
export interface FakeIncoming extends Incoming {
  readonly answer: { readonly head: ResponseHead; readonly body: Body } | undefined;
  readonly interims: readonly number[];
  readonly aborted: Error | undefined;
  readonly takenOver: ResponseHead | undefined;
  finish(end?: Outcome["end"]): void;
}

export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly authority?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Body;
  readonly upgrade?: string;
}

export function fakeIncoming(parts: RequestParts = {}): FakeIncoming {
  const state: { answer?: FakeIncoming["answer"]; aborted?: Error; takenOver?: ResponseHead; interims: number[] } = { interims: [] };
  return {
    method: parts.method ?? "GET",
    target: parts.target ?? "/",
    authority: parts.authority ?? "example.test",
    version: "1.1",
    fields: Fields.from(parts.fields ?? []),
    body: parts.body ?? emptyBody,
    upgrade: parts.upgrade,
    expectsContinue: false,
    onFinished: undefined,
    interim: (head) => void state.interims.push(head.status),
    respond: (head, body) => {
      state.answer ??= { head, body };
    },
    takeOver: (head) => {
      state.takenOver = head;
      return { socket: new PassThrough(), held: new Uint8Array() };
    },
    abort: (reason) => {
      state.aborted ??= reason;
    },
    finish(end = "complete") {
      this.onFinished?.({ status: state.answer?.head.status ?? 0, end, requestBytes: 0, responseBytes: 0 });
    },
    get answer() {
      return state.answer;
    },
    get interims() {
      return state.interims;
    },
    get aborted() {
      return state.aborted;
    },
    get takenOver() {
      return state.takenOver;
    },
  };
}
