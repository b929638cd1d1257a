/**
 * Bays are docked to the main thread alone: those that are in use accept one link. Another thread hands what is for a bay to it, over a Unix
 * socket that nobody but this user can open.
 *
 * 1. The thread has done all that comes before routing: who the client is, limits, counting, payloads. None of that happens again.
 * 2. It forwards the request as to a ship, a WebSocket as a tunnel, and says for which bay it is and who the client is in two fields that a
 *    client cannot set there, with a secret of this start that no other program has.
 * 3. The main thread believes them, takes them out, and lets the bay answer.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";

import type { Bay, BayEvents, BaySpec } from "@mothership/docking";
import {
  type Client,
  type Closable,
  type Deps,
  Emitter,
  type Exchange,
  type Fields,
  type Handler,
  type ResponseHead,
} from "@mothership/kernel";
import { answers, forwardTo, openProxy, openUpstream, reply } from "@mothership/proxy";

const bayField = "x-mothership-bay";
const clientField = "x-mothership-client";
/** The reason of mothership's own answers, under a name that the way back lets through. */
const reasonField = "x-mothership-bay-error";

/** What a thread may hand over is bounded by its own limits; these only must not be below any of them. */
const limits = { maxHeadBytes: 16 * 1024 * 1024, maxFields: 100_000, maxTargetBytes: 8 * 1024 * 1024 };
/** A bay has a limit of clients of its own. */
const maxConnections = 1_000_000;
/** A bay answers a handshake, or refuses it, long before. */
const answerMs = 600_000;

/** Where bays are handed over, and what proves that a thread of ours does it. */
export interface RelayPlace {
  readonly path: string;
  readonly secret: string;
}

/** A place that is used for one start. */
export function relayAt(path: string): RelayPlace {
  return { path, secret: randomBytes(24).toString("hex") };
}

/** Takes what threads hand over until it is closed. @throws what `openProxy` throws */
export async function openRelay(
  { path, secret }: RelayPlace,
  handlerOf: (bay: string) => Handler | undefined,
  deps: Deps,
): Promise<Closable> {
  const expected = Buffer.from(secret);
  const handler: Handler = (exchange) => {
    const [given = "", bay = ""] = (exchange.fields.get(bayField) ?? "").split(" ");
    const proof = Buffer.from(given);
    // Another program of this user may open the socket too; it has no business at bays past all limits and checks.
    if (proof.length !== expected.length || !timingSafeEqual(proof, expected)) return reply(exchange, answers.noRoute);
    const answer = handlerOf(bay);
    const relayed = fromThread(exchange);
    return answer ? answer(relayed) : reply(relayed, answers.unavailable);
  };
  const listener = {
    name: "bays",
    address: { kind: "unix", path },
    mode: 0o600,
    trustedProxies: ["unix"],
    limits,
    maxConnections,
  } as const;
  return await openProxy({ listeners: [listener], graceMs: 1000 }, handler, deps);
}

/** A bay of the main thread as another thread sees it: it answers, and knows nothing else. */
export function relayedBay({ name }: BaySpec, { path, secret }: RelayPlace, deps: Deps): Bay {
  const address = { kind: "unix", path } as const;
  const upstream = openUpstream({ name, address, maxConnections, timeouts: { firstByteMs: answerMs } }, deps);
  const forward = forwardTo(upstream, deps, { tunnelIdleMs: 0 });
  const bay: Bay = {
    name,
    events: new Emitter<BayEvents>((error) => deps.log.error("a listener of a bay failed", { error })),
    handler: (exchange) => forward(toMain(exchange, `${secret} ${name}`)),
    ready: async () => undefined,
    handOver: async () => undefined,
    snapshot: () => nothingKnown,
    close: (options) => upstream.close(options),
    [Symbol.asyncDispose]: () => upstream.close(),
  };
  return bay;
}

const nothingKnown: ReturnType<Bay["snapshot"]> = {
  version: undefined,
  links: 0,
  accepting: true,
  clients: 0,
  waiting: 0,
  boardings: 0,
  reboardings: 0,
  framesIn: 0,
  framesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  queuedForBay: 0,
  queuedForClients: 0,
};

/** On the side of the thread. `bay`: the secret and the name. */
function toMain(exchange: Exchange, bay: string): Exchange {
  const { client } = exchange;
  // A copy: payloads see the fields of the request again when its answer comes, and the secret is not for them.
  const fields = exchange.fields.copy();
  fields.set(bayField, bay).set(clientField, `${client.secure ? "https" : "http"} ${client.port} ${client.address}`);
  return viewOf(exchange, client, fields, (head) => renamed(head, reasonField, "X-Mothership-Error"));
}

/** On the side of the main thread. */
function fromThread(exchange: Exchange): Exchange {
  const [scheme, port, address = ""] = (exchange.fields.get(clientField) ?? "").split(" ");
  const client = { address, port: Number(port), secure: scheme === "https" };
  const fields = exchange.fields.copy().delete(bayField).delete(clientField).delete("via");
  // It has not passed another proxy: what stands there is what the thread has said.
  for (const via of exchange.incoming.fields.all("via")) fields.append("Via", via);
  return viewOf(exchange, client, fields, (head) => renamed(head, "x-mothership-error", reasonField));
}

function renamed({ status, fields }: ResponseHead, from: string, to: string): ResponseHead {
  const reason = fields.get(from);
  if (reason === undefined) return { status, fields };
  return { status, fields: fields.copy().delete(from).append(to, reason) };
}

/** The same exchange with another client, other fields, and heads of answers that are changed on their way. */
function viewOf(exchange: Exchange, client: Client, fields: Fields, headOf: (head: ResponseHead) => ResponseHead): Exchange {
  return {
    id: exchange.id,
    bind: exchange.bind,
    client,
    incoming: exchange.incoming,
    host: exchange.host,
    fields,
    get path() {
      return exchange.path;
    },
    set path(path) {
      exchange.path = path;
    },
    get query() {
      return exchange.query;
    },
    set query(query) {
      exchange.query = query;
    },
    get route() {
      return exchange.route;
    },
    set route(route) {
      exchange.route = route;
    },
    get upstream() {
      return exchange.upstream;
    },
    set upstream(upstream) {
      exchange.upstream = upstream;
    },
    get responded() {
      return exchange.responded;
    },
    respond: (head, body) => exchange.respond(headOf(head), body),
    onResponse: (hook) => exchange.onResponse(hook),
    onFinished: (listener) => exchange.onFinished(listener),
  };
}
