import type { Socket } from "node:net";
import { type AbortOptions, type Deps, messageOf, type Outcome, type Tunnel } from "@mothership/kernel";
import { admit } from "./admit.ts";
import { RequestBodyError } from "./errors.ts";
import { finishWithin } from "./finish-within.ts";
import { httpDate } from "./http-date.ts";
import { type BodySource, InboundBody } from "./inbound-body.ts";
import { Intake } from "./intake.ts";
import { Output } from "./output.ts";
import type { RequestHead } from "./parse-head.ts";
import { refusalAnswer } from "./refusal-answer.ts";
import { refusals } from "./refusals.ts";
import { type ExchangeHost, ServerExchange } from "./server-exchange.ts";
import { ServerPace } from "./server-pace.ts";
import type { ServerSettings } from "./server-settings.ts";
import { muteSocket, resetSocket } from "./socket.ts";
import type { Refusal, ServerConnection } from "./types.ts";

/*
 * The life of a client connection.
 * 1. serving: heads are parsed one at a time; the next one only when the exchange before it is finished. What comes in between waits in
 *    the inbox; when too much waits, reading pauses.
 * 2. lingering: after the last answer our side is closed and what still comes is thrown away, so that a reset does not destroy the
 *    answer on its way (RFC 9112, 9.6).
 * 3. gone: the socket is destroyed, or was handed over to the taker of an upgrade.
 */
type Phase = "serving" | "lingering" | "gone";

const answered = new Error("the request was answered");
const left = new Error("the client left");

/** One client socket. Made by `serveConnection`. */
export class Connection implements ServerConnection, ExchangeHost, BodySource {
  readonly output: Output;
  readonly done: Promise<void>;

  readonly #socket: Socket;
  readonly #settings: ServerSettings;
  readonly #deps: Deps;
  readonly #resolveDone: () => void;
  readonly #intake: Intake;
  readonly #pace: ServerPace;

  #phase: Phase = "serving";
  #exchange: ServerExchange | undefined;
  /** The whole response of the exchange is in the output. */
  #answered = false;
  /** A request body whose exchange is over and that is thrown away for the sake of the next request. */
  #leftover: InboundBody | undefined;
  #requests = 0;
  /** The client would go on after the present exchange; once its answer has a head: and so would we. */
  #persists = true;
  #closing = false;
  #inputEnded = false;
  #pumping = false;
  #failure: Error | undefined;

  constructor(socket: Socket, settings: ServerSettings, deps: Deps) {
    this.#socket = socket;
    this.#settings = settings;
    this.#deps = deps;
    this.output = new Output(socket);
    this.#intake = new Intake(socket, settings.limits, settings.limits.maxTargetBytes);
    this.#pace = new ServerPace(this.output, settings.timeouts, deps.clock, () => this.#overdue());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#resolveDone = resolve;
  }

  /** Begins to serve. */
  open(first: Uint8Array | undefined): void {
    const socket = this.#socket;
    socket.on("data", this.#onData).on("end", this.#onEnd).on("drain", this.#onDrain);
    socket.on("finish", this.#onFinish).on("error", this.#onError).on("close", this.#onClose);
    if (socket.destroyed) {
      this.#onClose();
      return;
    }
    socket.setNoDelay(true);
    this.#pace.head();
    if (first && first.length > 0) this.#onData(Buffer.from(first.buffer, first.byteOffset, first.byteLength));
    if (this.#phase !== "gone" && !socket.isPaused()) socket.resume();
  }

  get idle(): boolean {
    return this.#exchange === undefined;
  }

  close(options: AbortOptions = {}): Promise<void> {
    if (this.#phase === "gone") return this.done;
    this.#closing = true;
    if (!this.#exchange && (this.#leftover || this.#intake.quiet)) this.#linger();
    return finishWithin(this.done, this.#settings.timeouts.closeMs, this.#deps.clock, () => this.#destroy(), options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  date(): string {
    return httpDate(this.#deps.clock.wallTime());
  }

  persists(exchange: ServerExchange): boolean {
    const { maxRequests, maxDrainBytes } = this.#settings.limits;
    this.#persists &&= !this.#closing && this.#requests < maxRequests && exchange.leavesCleanly(maxDrainBytes);
    return this.#persists;
  }

  writeBlocked(): void {
    this.#watchStall();
  }

  responded(exchange: ServerExchange): void {
    if (this.#exchange !== exchange) return;
    this.#answered = true;
    this.#settle();
  }

  cut(exchange: ServerExchange, reason: Error): void {
    if (this.#exchange !== exchange) return;
    this.#end("aborted", reason);
    resetSocket(this.#socket);
  }

  release(exchange: ServerExchange): Tunnel {
    const socket = this.#socket;
    socket.pause();
    this.output.flush();
    const held = this.#intake.inbox.takeAll();
    this.#detach();
    exchange.finished("complete");
    this.#resolveDone();
    return { socket, held };
  }

  invalidResponse(error: unknown): void {
    this.#deps.log.error("a response could not be sent as it was given", { error: messageOf(error) });
  }

  bodyWanted(body: InboundBody): void {
    if (this.#phase !== "serving") return;
    if (!body.feed(this.#intake.inbox)) this.#watchStall();
    // Within the pump the loop around it sees to the rest.
    if (!this.#pumping) this.#pump();
  }

  bodyCancelled(body: InboundBody): void {
    this.bodyWanted(body);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#phase !== "serving") return;
    this.#intake.push(chunk);
    this.#pump();
  };

  /** Uses up the inbox as far as it can be used now. Never nested: an exchange that ends in here is followed by this loop. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#phase === "serving" && this.#step());
    this.#pumping = false;
    if (this.#phase !== "serving") return;
    this.#intake.throttle();
    if (this.#inputEnded) this.#afterInput();
  }

  /** True when there may be more to do. */
  #step(): boolean {
    const exchange = this.#exchange;
    const body = this.#body;
    if (body && !body.complete) {
      if (body.feed(this.#intake.inbox)) return true;
      if (body.refusal) this.#bodyRefused(body.refusal);
      return false;
    }
    if (exchange) {
      if (this.#answered) this.#settle();
      return this.#exchange !== exchange;
    }
    if (body) this.#pace.idle();
    this.#leftover = undefined;
    return this.#intake.inbox.length > 0 && this.#parse();
  }

  #parse(): boolean {
    const began = !this.#intake.waiting;
    const head = this.#intake.request();
    if (head) this.#begin(head);
    else if (this.#intake.refusal) this.#refuse(this.#intake.refusal);
    else if (began && !this.#atRest) this.#pace.head();
    return head !== undefined;
  }

  #begin(head: RequestHead): void {
    const admitted = admit(head, this.#settings.rules);
    if ("code" in admitted) {
      this.#refuse(admitted);
      return;
    }
    const { limits } = this.#settings;
    const { framing, where, upgrade, expectsContinue } = admitted;
    const inbound = framing === 0 ? undefined : new InboundBody(framing, limits, limits.maxBodyBytes, this);
    const exchange = new ServerExchange(this, head, where, inbound, upgrade, expectsContinue);
    this.#persists = admitted.persists;
    this.#answered = false;
    this.#exchange = exchange;
    this.#requests++;
    this.#pace.free();
    try {
      this.#settings.onRequest(exchange);
    } catch (error) {
      this.#deps.log.error("a request handler threw", { error: messageOf(error) });
      if (this.#exchange !== exchange) return;
      if (exchange.open) this.#answer(500, exchange);
      else this.cut(exchange, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Ends the exchange once its answer has left and nobody reads its body any more. */
  #settle(): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    const { inbound } = exchange;
    // What the system has not taken yet stays with the exchange, so that the next one starts with nothing queued; and whoever
    // still reads the request reads it to its end. A socket that is gone takes nothing, and its `close` is on its way.
    if (this.output.full || inbound?.beingRead || !this.#socket.writable) {
      this.#watchStall();
      return;
    }
    // Taken back first, for throwing away what is there of the body comes through here again.
    this.#answered = false;
    inbound?.cancel(answered);
    if (this.#exchange !== exchange) return;
    if (inbound && !inbound.complete) this.#leftover = inbound;
    this.#finish("complete");
    if (!this.#persists || this.#closing || inbound?.left === Number.POSITIVE_INFINITY) {
      this.#linger();
      return;
    }
    if (this.#leftover) this.#watchStall();
    this.#pump();
  }

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    if (this.#phase === "serving") this.#afterInput();
  };

  /** The client sends nothing more, but may well wait for its answers (RFC 9112, 9.6). */
  #afterInput(): void {
    const exchange = this.#exchange;
    if (!exchange) {
      this.#linger();
      return;
    }
    const { inbound } = exchange;
    // A body that nobody takes at present may still be complete in the inbox.
    if (inbound && !inbound.complete && this.#intake.inbox.length === 0) inbound.fail(new RequestBodyError(undefined));
    if (this.#exchange !== exchange) return;
    if (this.#answered) this.#settle();
    else this.#watchStall();
  }

  #refuse(refusal: Refusal): void {
    this.#settings.onRefused?.(refusal);
    this.#answer(refusal.status, undefined);
  }

  #bodyRefused(refusal: Refusal): void {
    const exchange = this.#exchange;
    if (!exchange) {
      this.#destroy();
      return;
    }
    this.#settings.onRefused?.(refusal);
    const error = new RequestBodyError(refusal);
    // An answer that has begun cannot be taken back: it is cut off, so that it does not look complete.
    if (!exchange.open) {
      this.cut(exchange, error);
      return;
    }
    this.#answer(refusal.status, exchange);
    exchange.inbound?.fail(error);
  }

  /** Our own last words on this connection. */
  #answer(status: number, exchange: ServerExchange | undefined): void {
    this.output.push(refusalAnswer(status, this.date()));
    this.output.flush();
    if (exchange) {
      exchange.status = status;
      exchange.drop(new Error("answered by the connection"));
      this.#finish("aborted");
    }
    this.#linger();
  }

  #finish(end: Outcome["end"]): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#pace.idle();
    exchange?.finished(end);
  }

  #linger(): void {
    if (this.#phase !== "serving") return;
    this.#phase = "lingering";
    this.#intake.discard();
    this.output.flush();
    this.#pace.moving(undefined);
    this.#socket.end();
  }

  /** All was written and our side is closed; the client has a moment to read it and close its own. */
  readonly #onFinish = (): void => {
    if (this.#phase === "lingering") this.#pace.linger();
  };

  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  readonly #onClose = (): void => {
    // An error costs more than all else that is left to do, and is of use only to somebody who still works.
    this.#end("clientLeft", this.#exchange ? new Error("the client left", this.#failure && { cause: this.#failure }) : left);
  };

  #destroy(): void {
    this.#end("aborted", new Error("the connection was closed"));
    this.#socket.destroy();
  }

  /** The socket is gone or about to go: whatever was under way ends here. */
  #end(end: Outcome["end"], reason: Error): void {
    if (this.#phase === "gone") return;
    const exchange = this.#exchange;
    this.#detach();
    muteSocket(this.#socket);
    if (exchange) {
      exchange.drop(reason);
      exchange.inbound?.fail(end === "clientLeft" ? new RequestBodyError(undefined, { cause: reason }) : reason);
      exchange.finished(end);
    }
    this.#resolveDone();
  }

  /** No listener stays on a socket that is gone: it is found dead late (docs/decisions/0019-short-lives.md), and would hold all this until then. */
  #detach(): void {
    const socket = this.#socket;
    this.#phase = "gone";
    this.#exchange = undefined;
    this.#intake.inbox.clear();
    this.#pace.stop();
    socket.off("data", this.#onData).off("end", this.#onEnd).off("drain", this.#onDrain);
    socket.off("finish", this.#onFinish).off("error", this.#onError).off("close", this.#onClose);
  }

  /** The request body that may still arrive. */
  get #body(): InboundBody | undefined {
    return this.#exchange ? this.#exchange.inbound : this.#leftover;
  }

  /** Nothing of a request is there. */
  get #atRest(): boolean {
    return this.#exchange === undefined && this.#leftover === undefined && this.#intake.quiet;
  }

  readonly #onDrain = (): void => {
    this.output.flush();
    if (this.output.full) return;
    if (this.#answered) this.#settle();
    else this.#exchange?.drained();
  };

  #watchStall(): void {
    if (this.#phase === "serving") this.#pace.working(this.#body, this.#inputEnded);
  }

  #overdue(): void {
    if (this.#phase === "lingering") {
      if (this.#socket.writableFinished || !this.#pace.wrote) this.#destroy();
      else this.#pace.moving(undefined);
    } else if (!this.#exchange && !this.#leftover) {
      if (this.#atRest) this.#linger();
      else this.#refuse(refusals.HEAD_TIMEOUT);
    } else {
      const wrong = this.#pace.overdue(this.#body, this.#inputEnded);
      if (wrong === "slow") this.#bodyRefused(refusals.BODY_TIMEOUT);
      else if (wrong === "gone") this.#abandon();
    }
  }

  /** Whoever takes nothing for so long has left, or might as well have. */
  #abandon(): void {
    this.#end("clientLeft", new Error("the client took nothing in time"));
    resetSocket(this.#socket);
  }
}
