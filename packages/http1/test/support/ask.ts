import { type Body, emptyBody, Fields, type ResponseHead, type Tunnel } from "@mothership/kernel";
import type { ClientError, ClientExchange, ClientPool, Outgoing } from "../../src/index.ts";
import { until } from "./wire.ts";

export const get: Outgoing = { method: "GET", target: "/", authority: "a", fields: new Fields(), body: emptyBody };
export const post = (body: Body): Outgoing => ({ ...get, method: "POST", body });

export interface Answer {
  readonly exchange: ClientExchange;
  readonly interims: number[];
  head: ResponseHead | undefined;
  body: Body | undefined;
  text: string;
  ended: boolean;
  trailers: Fields | undefined;
  cut: Error | undefined;
  error: ClientError | undefined;
  tunnel: Tunnel | undefined;
}

/** Sends a request and notes what comes of it; reads the body unless told not to. */
export function ask(upstream: ClientPool, outgoing: Outgoing, { read = true } = {}): Answer {
  const answer: { -readonly [K in keyof Answer]: Answer[K] } = {
    exchange: undefined as never, // set below; nothing is called before
    interims: [],
    head: undefined,
    body: undefined,
    text: "",
    ended: false,
    trailers: undefined,
    cut: undefined,
    error: undefined,
    tunnel: undefined,
  };
  answer.exchange = upstream.request(outgoing, {
    interim: ({ status }) => answer.interims.push(status),
    response: (head, body) => {
      answer.head = head;
      answer.body = body;
      if (!read) return;
      body.read({
        data: (piece) => {
          answer.text += Buffer.from(piece).toString("latin1");
          return true;
        },
        end: (trailers) => {
          answer.ended = true;
          answer.trailers = trailers;
        },
        fail: (error) => {
          answer.cut = error;
        },
      });
    },
    upgraded: (_, tunnel) => {
      answer.tunnel = tunnel;
      tunnel.socket.on("error", () => undefined);
    },
    failed: (error) => {
      answer.error = error;
    },
  });
  return answer;
}

export const settled = (answer: Answer): Promise<void> =>
  until(() => answer.ended || answer.cut !== undefined || answer.error !== undefined);

/** Answers each complete head without a body with the same bytes. */
export const always =
  (bytes: string) =>
  (text: string, socket: { write(bytes: Buffer): void }): void => {
    if (text.endsWith("\r\n\r\n")) socket.write(Buffer.from(bytes, "latin1"));
  };
