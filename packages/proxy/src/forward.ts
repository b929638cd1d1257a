import { randomBytes } from "node:crypto";
import type { ClientError, ClientExchange, ResponseHandler } from "@mothership/http1";
import {
  type Body,
  type Deps,
  type Exchange,
  emptyBody,
  type Handler,
  messageOf,
  type Outcome,
  type ResponseHead,
  type Tunnel,
} from "@mothership/kernel";
import { answerFor } from "./failure.ts";
import { responseFields } from "./headers.ts";
import { type HoldContext, waitOrRefuse } from "./hold.ts";
import { type Answer, answers, reply } from "./reply.ts";
import { mayRetry, retryAfterMs } from "./retry.ts";
import { openTunnel } from "./tunnel.ts";
import type { Running, Upstream } from "./upstream.ts";
import type { HoldOutcome } from "./waiting-room.ts";
import { acceptOf, handshakeProblem } from "./websocket.ts";

export interface ForwardOptions {
  /** A tunnel in which nothing was sent for so long ends. Default one hour; 0 for never. */
  readonly tunnelIdleMs?: number;
  /** Hears what becomes of each request. Default: nobody does. */
  readonly watch?: ForwardWatch | undefined;
}

/** For whoever judges an upstream by what it does, or counts that. Must not throw. */
export interface ForwardWatch {
  /** It gave an answer, whatever its status. */
  answered(): void;
  /** It gave none; `reason` as the client is told: `upstream-unreachable`, `upstream-closed` and the like. */
  failed(reason: string): void;
  /** A request that came while it was restarted has been sent, refused or given up; one that is sent is heard of again. */
  held?(outcome: HoldOutcome): void;
}

/**
 * A handler that forwards each exchange to `upstream` and streams the answer back, both ways with back-pressure.
 *
 * A client that leaves cancels the request; an upstream that fails becomes 502, 503 or 504 with a reason, or, once the answer has begun, a
 * cut connection, so that half an answer never looks whole. A request is sent a second time only when it cannot have been processed.
 * One that comes while the upstream is restarted (`Upstream.hold`) waits until it is back.
 */
export function forwardTo(upstream: Upstream, deps: Deps, { tunnelIdleMs = 3_600_000, watch }: ForwardOptions = {}): Handler {
  const log = deps.log.child({ upstream: upstream.name });
  const context: ForwardContext = { upstream, tunnelIdleMs, watch, deps: { ...deps, log } };
  const pass = (exchange: Exchange): void => {
    const webSocket = exchange.incoming.upgrade === "websocket";
    // Over HTTP/2 there is no key (RFC 8441, 5); the upstream, which is asked over HTTP/1.1, needs one, and has to prove that it read it.
    if (webSocket && exchange.incoming.version === "2.0") exchange.fields.set("Sec-WebSocket-Key", randomBytes(16).toString("base64"));
    const problem = webSocket ? handshakeProblem(exchange.fields) : undefined;
    if (problem) {
      reply(exchange, problem === "version" ? answers.webSocketVersion : answers.badHandshake);
      return;
    }
    const { breaker } = upstream;
    if (breaker?.admit() === false) {
      const retryAfterSeconds = Math.ceil(breaker.retryInMs / 1000) || upstream.retryAfterSeconds;
      reply(exchange, { ...answers.breakerOpen, retryAfterSeconds });
      return;
    }
    new Forward(exchange, context).begin();
  };
  const holding: HoldContext = { upstream, pass, onHeld: watch?.held && ((outcome) => watch.held?.(outcome)) };
  return (exchange) => {
    exchange.upstream = upstream.name;
    if (!upstream.available) return waitOrRefuse(exchange, holding);
    pass(exchange);
  };
}

const clientLeft = new Error("the client left");

interface ForwardContext {
  readonly upstream: Upstream;
  readonly tunnelIdleMs: number;
  readonly watch: ForwardWatch | undefined;
  readonly deps: Deps;
}

/** One exchange on its way through an upstream, until its response or its tunnel has ended. */
class Forward implements ResponseHandler, Running {
  isTunnel = false;
  place = -1;
  readonly #exchange: Exchange;
  readonly #context: ForwardContext;
  #sent: ClientExchange | undefined;
  #tunnel: { abort(): void } | undefined;
  #tries = 0;
  /** It has a place among the second tries. */
  #retrying = false;
  #over = false;
  /** The breaker has heard of it. */
  #judged = false;

  constructor(exchange: Exchange, context: ForwardContext) {
    this.#exchange = exchange;
    this.#context = context;
  }

  begin(): void {
    this.#context.upstream.enter(this);
    this.#exchange.onFinished((outcome) => this.#finished(outcome));
    if (!this.#over) this.#send();
  }

  interim(head: ResponseHead): void {
    this.#exchange.incoming.interim({ status: head.status, fields: responseFields(head.fields) });
  }

  response(head: ResponseHead, body: Body): void {
    this.#context.watch?.answered();
    if (head.status < 502 || head.status > 504) this.#judge("succeeded");
    else this.#judge("failed", head.status === 503 ? head.fields.get("retry-after") : undefined);
    this.#exchange.respond({ status: head.status, fields: responseFields(head.fields) }, body);
  }

  upgraded(head: ResponseHead, tunnel: Tunnel): void {
    const { upstream, deps, tunnelIdleMs } = this.#context;
    const client = this.#takeOver(head);
    if (!client) {
      // It has no one to talk to, and what it still says or fails of has no one to hear it.
      tunnel.socket.on("error", () => undefined).destroy();
      return;
    }
    this.#tunnel = openTunnel(client, tunnel, tunnelIdleMs, deps.clock, (outcome) => {
      upstream.leave(this);
      deps.log.debug("a tunnel ended", { requestId: this.#exchange.id, route: this.#exchange.route, ...outcome });
    });
  }

  failed(error: ClientError): void {
    const { method, body } = this.#exchange.incoming;
    const again = this.#tries === 1 && mayRetry(error, method, body.length === 0);
    if (again && this.#context.upstream.retries.enter(this.#context.upstream.inFlight)) {
      this.#retrying = true;
      this.#send();
    } else this.#refuse(answerFor(error), `${messageOf(error)}${again ? "; too many requests are sent again already" : ""}`, error.code);
  }

  /** The upstream is drained and the time of this request or tunnel is over. */
  abort(reason: Error): void {
    if (this.#tunnel) {
      this.#tunnel.abort();
      return;
    }
    this.#sent?.cancel(reason);
    this.#judge("abandoned");
    if (this.#exchange.responded) this.#exchange.incoming.abort(reason);
    else reply(this.#exchange, this.#unavailable());
    this.#context.upstream.leave(this);
  }

  #send(): void {
    const { incoming, fields, path, query } = this.#exchange;
    this.#tries++;
    this.#sent = this.#context.upstream.pool.request(
      {
        method: incoming.method,
        target: path + query,
        authority: fields.get("host") ?? "",
        fields,
        body: incoming.upgrade === undefined ? incoming.body : emptyBody,
        upgrade: incoming.upgrade,
        expectsContinue: incoming.expectsContinue,
        fresh: this.#retrying,
      },
      this,
    );
  }

  /** What this request says about the upstream; only the first word counts. `retryAfter`: what the upstream asks for with a failure. */
  #judge(verdict: "succeeded" | "failed" | "abandoned", retryAfter?: string): void {
    if (this.#judged) return;
    this.#judged = true;
    const { upstream, deps } = this.#context;
    if (this.#retrying) upstream.retries.leave();
    if (verdict === "failed") upstream.breaker?.failed(retryAfterMs(retryAfter, deps.clock.wallTime()));
    else upstream.breaker?.[verdict]();
  }

  #finished(outcome: Outcome): void {
    this.#over = true;
    this.#judge("abandoned");
    if (outcome.end !== "complete") this.#sent?.cancel(clientLeft);
    if (!this.isTunnel) this.#context.upstream.leave(this);
  }

  #refuse(answer: Answer, detail: string, code?: string): void {
    const { upstream, deps, watch } = this.#context;
    const { id, route } = this.#exchange;
    const facts = { requestId: id, route, status: answer.status, reason: answer.reason, code, detail };
    this.#judge(answer.status === 502 || answer.status === 504 ? "failed" : "abandoned");
    // A client's own mistake is nothing that an operator could change.
    if (answer.status < 500) deps.log.debug("a request was cut off by its client", facts);
    else upstream.warn("a request could not be forwarded", facts);
    if (answer.status >= 500) watch?.failed(answer.reason);
    upstream.leave(this);
    reply(this.#exchange, answer);
  }

  #unavailable(): Answer {
    return { ...answers.unavailable, retryAfterSeconds: this.#context.upstream.retryAfterSeconds };
  }

  /** The client's side of a tunnel. Undefined when there is to be none; then the client has been answered. */
  #takeOver(head: ResponseHead): Tunnel | undefined {
    const { incoming, fields } = this.#exchange;
    if (this.#context.upstream.draining) {
      reply(this.#exchange, this.#unavailable());
      return undefined;
    }
    const accepts = head.fields.all("sec-websocket-accept");
    if (incoming.upgrade === "websocket" && (accepts.length !== 1 || accepts[0] !== acceptOf(fields.get("sec-websocket-key") ?? ""))) {
      this.#refuse(answers.invalid, "Sec-WebSocket-Accept does not belong to the key of the request");
      return undefined;
    }
    try {
      // Before it is handed over: that ends the request, which must not be taken for the end of the work.
      this.isTunnel = true;
      this.#context.watch?.answered();
      this.#judge("succeeded");
      return incoming.takeOver({ status: 101, fields: responseFields(head.fields) });
    } catch (error) {
      this.isTunnel = false;
      this.#refuse(answers.invalid, messageOf(error));
      return undefined;
    }
  }
}
