/**
 * The life of an HTTP/2 connection.
 *
 * 1. serving: each stream becomes one exchange. Only its own client is told about what is wrong with one; the others go on.
 * 2. leaving: GOAWAY has been sent, which names the last stream that is served; what runs ends in its own time. A client may send again what
 *    it sent after that (RFC 9113, 6.8). A first GOAWAY that only announces the second is no option: node:http2 ignores new streams after any.
 * 3. gone: the socket is closed.
 */
import { STATUS_CODES } from "node:http";
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type Refusal, resetSocket, type ServerConnection } from "@mothership/http1";
import { type AbortOptions, bodyOf, type Deps, Fields, messageOf } from "@mothership/kernel";
import { Allowance } from "./allowance.ts";
import { Http2Exchange, type Http2ExchangeHost } from "./http2-exchange.ts";
import { readHttp2Head } from "./http2-head.ts";
import { http2Refusals } from "./http2-refusals.ts";
import { type Http2Settings, type Http2Spec, sessionOptions, withHttp2Defaults } from "./http2-settings.ts";
import { patience } from "./patience.ts";
import { RunningList } from "./running-list.ts";

const plainText = Fields.from([["Content-Type", "text/plain; charset=utf-8"]]);
const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_FLAG_END_STREAM } = constants;

class Http2Connection implements ServerConnection, Http2ExchangeHost {
  readonly settings: Http2Settings;
  readonly done: Promise<void>;
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #deps: Deps;
  readonly #exchanges = new RunningList<Http2Exchange>();
  readonly #resets: Allowance;
  readonly #controls: Allowance;
  #requests = 0;
  #idleSince = 0;
  #timer: Disposable | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #lingering: Disposable | undefined;
  #leaving = false;
  #gone = false;

  constructor(socket: Socket, spec: Http2Spec, deps: Deps) {
    const settings = withHttp2Defaults(spec);
    const { http2 } = settings;
    this.settings = settings;
    this.#socket = socket;
    this.#deps = deps;
    this.#resets = new Allowance(http2.resetBurst, http2.resetsPerSecond, deps.clock);
    this.#controls = new Allowance(http2.controlBurst, http2.controlsPerSecond, deps.clock);
    const session = performServerHandshake(socket, sessionOptions(settings));
    this.#session = session;
    this.done = new Promise((resolve) => {
      session.once("close", () => {
        this.#stop();
        resolve();
      });
    });
    session.on("stream", (stream, _headers, flags, raw) => this.#begin(stream, flags, raw));
    session.on("ping", this.#onControl);
    session.on("remoteSettings", this.#onControl);
    // What is wrong with a session ends it, and `close` follows.
    session.on("error", (error: unknown) => this.#deps.log.debug("an HTTP/2 connection broke", { reason: messageOf(error) }));
    session.setLocalWindowSize(http2.connectionWindowBytes);
    this.#rest();
  }

  get idle(): boolean {
    return this.#exchanges.size === 0;
  }

  async close({ signal }: AbortOptions = {}): Promise<void> {
    using limit = patience("closing an HTTP/2 connection", this.settings.timeouts.closeMs, this.#deps.clock, signal);
    const force = (): void => this.#force(new Error("the connection was closed"));
    if (limit.signal.aborted) force();
    limit.signal.addEventListener("abort", force, { once: true });
    // A tunnel may stay open for days. Waiting for it would only use up the grace of the requests.
    for (const exchange of this.#exchanges) if (exchange.isTunnel) exchange.force(new Error("the connection is closing"));
    this.#leave();
    await this.done;
    limit.signal.removeEventListener("abort", force);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  date(): string {
    return new Date(this.#deps.clock.wallTime()).toUTCString();
  }

  now(): number {
    return this.#deps.clock.now();
  }

  waiting(): void {
    this.#lookIn(this.settings.timeouts.stallMs / 4);
  }

  refused(refusal: Refusal): void {
    this.settings.onRefused?.(refusal);
  }

  invalidResponse(error: unknown): void {
    this.#deps.log.error("a response could not be sent as it was given", { error: messageOf(error) });
  }

  resetByClient(): void {
    // When the connection breaks, all its streams do.
    if (!this.#session.destroyed && !this.#resets.take()) this.#punish(http2Refusals.MS_HTTP2_RESETS);
  }

  left(exchange: Http2Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.idle) this.#rest();
  }

  #begin(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    if (this.#gone) return;
    const { limits, upgrades, onRequest, onRefused } = this.settings;
    const bodyless = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    const head = readHttp2Head(raw, bodyless, { ...limits, upgrades });
    const refused = "code" in head;
    const exchange = new Http2Exchange(stream, refused ? unread : head, this);
    this.#exchanges.add(exchange);
    if (++this.#requests >= limits.maxRequests) this.#leave();
    if (refused) {
      onRefused?.(head);
      const content = `${head.status} ${STATUS_CODES[head.status] ?? "Error"}\n`;
      // Content in an answer to HEAD would break the stream, and the head that says so was not taken. 405 has its own fields.
      const bare = raw[raw.indexOf(":method") + 1] === "HEAD" || head.status === 405;
      if (bare) exchange.answer(head.status);
      else exchange.respond({ status: head.status, fields: plainText }, bodyOf(content));
      return;
    }
    try {
      onRequest(exchange);
    } catch (error) {
      this.#deps.log.error("a request handler threw", { error: messageOf(error) });
      if (exchange.open) exchange.answer(500);
      else exchange.abort(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  readonly #onControl = (): void => {
    if (!this.#controls.take()) this.#punish(http2Refusals.MS_HTTP2_CONTROL_FRAMES);
  };

  /** The client costs more than it may. */
  #punish(refusal: Refusal): void {
    if (this.#gone) return;
    this.settings.onRefused?.(refusal);
    this.#cut(new Error(refusal.reason), NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** Takes in nothing more, and ends when nothing is left. */
  #leave(): void {
    if (this.#leaving || this.#gone) return;
    this.#leaving = true;
    if (this.idle) this.#rest();
    this.#session.close();
  }

  #force(reason: Error): void {
    this.#cut(reason, NGHTTP2_NO_ERROR);
    resetSocket(this.#socket);
  }

  #cut(reason: Error, code: number): void {
    if (this.#gone) return;
    this.#stop();
    for (const exchange of this.#exchanges) exchange.force(reason);
    if (code === NGHTTP2_NO_ERROR) this.#session.destroy();
    else this.#session.destroy(reason, code);
    // A client that does not read would keep the socket open for ever.
    this.#lingering = this.#deps.clock.timer(this.settings.timeouts.lingerMs, () => resetSocket(this.#socket));
  }

  #stop(): void {
    this.#gone = true;
    this.#timer?.[Symbol.dispose]();
    this.#lingering?.[Symbol.dispose]();
  }

  /** Looks after the connection in `ms` at the latest. One timer, set anew only if it would come too late. */
  #lookIn(ms: number): void {
    if (this.#gone) return;
    const due = this.now() + ms;
    if (this.#timerDue <= due) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerDue = due;
    this.#timer = this.#deps.clock.timer(ms, () => this.#look());
  }

  #look(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = this.now();
    let waiting = false;
    for (const exchange of this.#exchanges) if (exchange.look(now)) waiting = true;
    if (waiting) this.waiting();
    if (!this.idle) return;
    const left = this.#idleSince + this.#idleMs - now;
    if (left > 0) this.#lookIn(left);
    else if (this.#leaving) this.#force(new Error("the client did not close its connection"));
    else this.#leave();
  }

  /** Nothing runs from now on. */
  #rest(): void {
    this.#idleSince = this.now();
    this.#lookIn(this.#idleMs);
  }

  /** How long nothing may run before something is done about it. */
  get #idleMs(): number {
    const { headMs, idleMs, lingerMs } = this.settings.timeouts;
    if (this.#leaving) return lingerMs;
    return this.#requests === 0 ? headMs : idleMs;
  }
}

/** What stands for the head of a request that is refused for its head. */
const unread = {
  method: "",
  target: "/",
  authority: "",
  fields: new Fields(),
  upgrade: undefined,
  length: 0,
  expectsContinue: false,
  takesTrailers: false,
} as const;

/**
 * Serves HTTP/2 on one socket on which both sides agreed to it. Takes ownership of it. It must not allow to be half open: who closes one side
 * of such a connection leaves.
 *
 * `close()` sends GOAWAY, ends tunnels and lets what runs finish; the signal, or `closeMs`, cuts it.
 */
export function serveHttp2(socket: Socket, spec: Http2Spec, deps: Deps): ServerConnection {
  return new Http2Connection(socket, spec, deps);
}
