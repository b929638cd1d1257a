import type { Socket } from "node:net";
import { type Deps, emptyBody } from "@mothership/kernel";
import type { Call, CallHost } from "./client-call.ts";
import { ClientPace } from "./client-pace.ts";
import { type ClientSettings, idleTime } from "./client-settings.ts";
import { type DialledSocket, dial } from "./dial.ts";
import type { UpstreamFailure } from "./errors.ts";
import { connectionWish, type Framing, persists, responseFraming, untilClose } from "./framing.ts";
import { type BodySource, InboundBody } from "./inbound-body.ts";
import { Intake } from "./intake.ts";
import { Output } from "./output.ts";
import type { StatusHead } from "./parse-head.ts";
import { refusals } from "./refusals.ts";
import { muteSocket } from "./socket.ts";
import type { Refusal } from "./types.ts";

/** The pool, as a connection sees it. */
export interface ConnectionHost {
  /** It can take another request. */
  free(connection: ClientConnection): void;
  /** It is not the pool's any more: closed, or taken over. Called once. */
  left(connection: ClientConnection): void;
}

const answeredEarly = new Error("the upstream answered before it had the whole request");

type Phase = "dialling" | "idle" | "busy" | "gone";

/**
 * One connection to an upstream: dialled for a call, then free, then busy with the next. It carries one request at a time. Whatever is
 * not exactly as it should be ends it: a connection in doubt never goes back to the pool.
 */
export class ClientConnection implements CallHost, BodySource {
  readonly output: Output;

  readonly #dialled: DialledSocket;
  readonly #socket: Socket;
  readonly #settings: ClientSettings;
  readonly #host: ConnectionHost;
  readonly #intake: Intake;
  readonly #pace: ClientPace;

  #phase: Phase = "dialling";
  #call: Call | undefined;
  /** The body of the response in progress; undefined before its head. */
  #body: InboundBody | undefined;
  #reusable = false;
  #idleMs: number;
  #requests = 0;
  #inputEnded = false;
  #failure: Error | undefined;
  #pumping = false;

  /** Dials for `call`. @throws what cannot even be tried: a certificate that cannot be read, for example. */
  constructor(call: Call, settings: ClientSettings, host: ConnectionHost, deps: Deps) {
    this.#dialled = dial(settings, this.#onData);
    const { socket, ready } = this.#dialled;
    this.#socket = socket;
    this.#settings = settings;
    this.#host = host;
    this.#call = call;
    this.#idleMs = settings.timeouts.idleMs;
    this.output = new Output(socket);
    this.#intake = new Intake(socket, settings.limits);
    this.#pace = new ClientPace(this.output, settings.timeouts, deps.clock, () => this.#overdue());
    this.#pace.dialling();
    socket.once(ready, () => this.#connected());
    socket.on("end", this.#onEnd).on("drain", this.#onDrain).on("error", this.#onError).on("close", this.#onClose);
  }

  /** The call it was dialled for or is busy with. */
  get call(): Call | undefined {
    return this.#call;
  }

  /** Idle, and as far as can be known still open at the other end. */
  get usable(): boolean {
    return this.#phase === "idle" && this.#socket.writable && !this.#inputEnded;
  }

  /** Another call goes out once the connection stands. Only while it is dialled. */
  reassign(call: Call): void {
    this.#call = call;
  }

  /** Sends a request. Only while it is usable. */
  start(call: Call): void {
    this.#phase = "busy";
    this.#call = call;
    this.#begin(call, true);
  }

  /** Ends it at once. A call in progress fails with this code. */
  destroy(code: UpstreamFailure, cause?: unknown): void {
    this.#fail(code, cause);
  }

  writeBlocked(): void {
    this.#pace.moving(this.#body);
  }

  requestSent(call: Call): void {
    if (call !== this.#call) return;
    if (this.#body) this.#settle();
    else this.#pace.answer();
  }

  drop(call: Call, reason: Error): void {
    if (call !== this.#call) return;
    const body = this.#body;
    this.#leave();
    body?.fail(reason);
  }

  bodyWanted(body: InboundBody): void {
    if (!body.feed(this.#intake.inbox)) this.#pace.moving(this.#body);
    // Within the pump the loop around it sees to the rest.
    if (!this.#pumping) this.#pump();
  }

  bodyCancelled(_body: InboundBody, reason: Error): void {
    const call = this.#call;
    if (!call) return;
    call.over = true;
    call.stopBody(reason);
    this.#leave();
  }

  #connected(): void {
    if (this.#phase !== "dialling") return;
    this.#phase = "busy";
    if (this.#call) this.#begin(this.#call, false);
  }

  #begin(call: Call, reused: boolean): void {
    this.#requests++;
    this.#body = undefined;
    this.#reusable = false;
    this.#pace.free();
    call.start(this, reused);
    if (call.held) this.#pace.holding();
  }

  readonly #onData = (chunk: Buffer): void => {
    // Nobody asked for these bytes, so nobody can say which request they would answer (RFC 9112, 9.2).
    if (this.#phase !== "busy") {
      this.#leave();
      return;
    }
    const call = this.#call;
    if (call) call.answered = true;
    this.#intake.push(chunk);
    this.#pump();
  };

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#phase === "busy" && this.#step());
    this.#pumping = false;
    if (this.#phase === "gone") return;
    this.#intake.throttle();
    if (this.#inputEnded && (this.#intake.inbox.length === 0 || this.#intake.waiting)) this.#afterInput();
  }

  /** True when there may be more to do. */
  #step(): boolean {
    const call = this.#call;
    if (!call) return false;
    const body = this.#body;
    if (!body) return this.#intake.inbox.length > 0 && this.#parse(call);
    body.feed(this.#intake.inbox);
    if (body.refusal) this.#refuse(body.refusal);
    else if (this.#body === body) this.#settle();
    return false;
  }

  #parse(call: Call): boolean {
    const head = this.#intake.response();
    if (head) this.#answer(call, head);
    else if (this.#intake.refusal) this.#refuse(this.#intake.refusal);
    return head !== undefined && this.#call === call;
  }

  #answer(call: Call, head: StatusHead): void {
    if (head.status === 101) {
      this.#switch(call, head);
      return;
    }
    const framing = responseFraming(call.outgoing.method, head);
    if (typeof framing === "object") {
      this.#refuse(framing);
      return;
    }
    if (head.status < 200) {
      this.#interim(call, head);
      return;
    }
    const persistent = persists(head.minor, connectionWish(head.wire.connection)) && framing !== untilClose;
    this.#idleMs = idleTime(head.wire.keepAlive, this.#settings.timeouts.idleMs);
    this.#reusable = persistent && this.#requests < this.#settings.limits.maxRequests && this.#idleMs > 0;
    this.#pace.free();
    // Who says no before it has heard all does not want the rest (RFC 9112, 9.5).
    if (head.status >= 400 || call.held) call.stopBody(answeredEarly);
    this.#respond(call, head, framing);
  }

  #respond(call: Call, head: StatusHead, framing: Framing): void {
    if (framing === 0) {
      // Free first: the handler may want to send the next request on this very connection.
      this.#call = undefined;
      call.over = true;
      this.#endExchange(call);
      call.response(head, emptyBody);
      return;
    }
    const body = new InboundBody(framing, this.#settings.limits, Number.POSITIVE_INFINITY, this);
    this.#body = body;
    this.#pace.patient = /^text\/event-stream\b/i.test(head.fields.get("content-type") ?? "");
    call.response(head, body);
  }

  #interim(call: Call, head: StatusHead): void {
    if (++call.interims > this.#settings.limits.maxInterim) {
      this.#refuse(refusals.INTERIM_TOO_MANY);
      return;
    }
    if (call.sent) this.#pace.answer();
    call.interim(head);
    if (head.status === 100 && call.held) {
      this.#pace.free();
      call.sendBody();
    }
  }

  #switch(call: Call, head: StatusHead): void {
    const asked = call.outgoing.upgrade?.toLowerCase();
    const agreed = connectionWish(head.wire.connection).upgrade && head.wire.upgrade.toLowerCase() === asked;
    if (asked === undefined || !agreed || head.wire.lengths + head.wire.encodings > 0) {
      this.#refuse(refusals.UPGRADE_UNASKED);
      return;
    }
    const socket = this.#socket;
    socket.pause();
    const held = this.#intake.inbox.takeAll();
    this.#detach();
    call.upgraded(head, { socket, held });
  }

  /** The response is complete. With the request complete as well the connection is free, otherwise it is of no use. */
  #settle(): void {
    const call = this.#call;
    if (!call || !this.#body?.complete) return;
    this.#call = undefined;
    this.#body = undefined;
    call.over = true;
    this.#endExchange(call);
  }

  #endExchange(call: Call): void {
    call.stopBody(answeredEarly);
    if (call.sent && this.#reusable && this.#intake.inbox.length === 0 && !this.#inputEnded) this.#release();
    else this.#leave();
  }

  #release(): void {
    this.#phase = "idle";
    this.#pace.idle(this.#idleMs);
    this.#host.free(this);
  }

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    if (this.#intake.inbox.length === 0 || this.#intake.waiting) this.#afterInput();
  };

  /** The upstream sends nothing more, and all it sent was used. */
  #afterInput(): void {
    const body = this.#body;
    if (body?.inputEnded()) {
      this.#settle();
      return;
    }
    this.#fail(body ? "MS_HTTP1_TRUNCATED" : "MS_HTTP1_UPSTREAM_CLOSED", this.#failure);
  }

  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  readonly #onClose = (): void => {
    if (this.#phase === "gone") return;
    if (this.#phase === "dialling") {
      this.#fail("MS_HTTP1_CONNECT_FAILED", this.#failure);
      return;
    }
    const body = this.#body;
    // What arrived before the end may still wait for its reader, and may be the whole.
    if (body && !this.#failure && this.#intake.inbox.length > 0) {
      this.#inputEnded = true;
      return;
    }
    if (body && this.#inputEnded && !this.#failure) {
      this.#afterInput();
      return;
    }
    this.#fail(body ? "MS_HTTP1_TRUNCATED" : "MS_HTTP1_UPSTREAM_CLOSED", this.#failure);
  };

  readonly #onDrain = (): void => {
    this.output.flush();
    const call = this.#call;
    if (!call || this.output.full) return;
    call.drained();
    if (call.sent && !this.#body) this.#pace.answer();
  };

  #refuse(refusal: Refusal): void {
    this.#fail("MS_HTTP1_BAD_RESPONSE", undefined, refusal);
  }

  #fail(code: UpstreamFailure, cause?: unknown, refusal?: Refusal): void {
    const call = this.#call;
    const body = this.#body;
    this.#leave();
    if (!call) return;
    if (!body) {
      call.failed(code, cause, refusal);
      return;
    }
    const error = call.error(code, cause, refusal);
    call.over = true;
    call.stopBody(error);
    body.fail(error);
  }

  #leave(): void {
    if (this.#phase === "gone") return;
    this.#detach();
    muteSocket(this.#socket);
    this.#socket.destroy();
  }

  #detach(): void {
    const socket = this.#socket;
    this.#phase = "gone";
    this.#call = undefined;
    this.#body = undefined;
    this.#intake.inbox.clear();
    this.#pace.stop();
    this.#dialled.release();
    socket.off("end", this.#onEnd).off("drain", this.#onDrain).off("error", this.#onError).off("close", this.#onClose);
    this.#host.left(this);
  }

  #overdue(): void {
    const call = this.#call;
    if (this.#phase === "dialling") {
      this.#fail("MS_HTTP1_CONNECT_TIMEOUT");
      return;
    }
    if (!call) {
      this.#leave();
      return;
    }
    if (call.held) {
      call.sendBody();
      return;
    }
    const failure = this.#pace.overdue(call.sent, this.#body);
    if (failure) this.#fail(failure);
  }
}
