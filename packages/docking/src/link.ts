/**
 * One link to a bay, as mothership has it.
 *
 * 1. The bay's socket is dialled until it exists. 2. The bay says Dock; we answer Moored. 3. Frames go both ways; Pings are sent and answered.
 * 4. The link ends once: because the bay closed it, broke the protocol or fell silent, or because we close it.
 */
import { randomBytes } from "node:crypto";
import { addAbortListener } from "node:events";
import type { Socket } from "node:net";
import { type AbortOptions, type Closable, type Deps, deadline, Emitter, type Subscribable } from "@mothership/kernel";
import { connectToBay } from "./connect.ts";
import { codeOf, FrameUnexpectedError, LinkClosedError, LinkFaultError, LinkSilentError } from "./errors.ts";
import type { LossKind } from "./events.ts";
import type { DockTerms, Frame } from "./frame.ts";
import { type BayLimits, withDefaults } from "./limits.ts";
import type { BaySpec } from "./spec.ts";
import { FrameStream } from "./stream.ts";

/** The optional features of version 2 that this side knows. */
const knownFeatures: readonly string[] = ["reboard", "drain", "links"];

/** How a link ended. */
export interface LinkLoss {
  readonly kind: LossKind;
  readonly code: string;
  readonly reason: string;
}

/** What happens to a link. */
export interface BayLinkEvents {
  /** It is over. Nothing is received after this. */
  lost: LinkLoss;
}

export interface BayLinkOptions extends AbortOptions {
  /** Called for each frame behind Moored but Ping, Pong and Fault, which the link handles. A throw cuts the link with a Fault. */
  readonly receive?: (frame: Frame) => void;
  /** Called when everything written has left this process. */
  readonly drained?: () => void;
  /** Names this side in Moored; links with one session share the numbers of clients. Default: a new name. */
  readonly session?: string;
}

/** A moored link. */
export interface BayLink extends Closable {
  readonly events: Subscribable<BayLinkEvents>;
  /** Resolves with what `lost` says, also for whoever asks late. */
  readonly ended: Promise<LinkLoss>;
  /** The version that is spoken. */
  readonly version: 1 | 2;
  /** What the bay called itself. */
  readonly ship: string;
  /** What it offered; undefined in version 1. */
  readonly terms: DockTerms | undefined;
  /** Its features that are in effect. */
  readonly features: readonly string[];
  /** Sends a frame; without effect on a link that is over. @throws {FrameTooLargeError} */
  send(frame: Frame): void;
  /** Cuts the link for a reason that the bay is told, if it speaks version 2. */
  fail(error: Error): void;
}

/** The same for the inside of this package, which writes bytes of its own. */
export interface MooredLink extends BayLink {
  readonly stream: FrameStream;
}

/**
 * Dials a bay until its socket exists and docks. Resolves once it is moored.
 *
 * @throws {DeadlineError} when Dock does not come in time; a coded error when something else comes.
 */
export function openBayLink(spec: BaySpec, deps: Deps, options: BayLinkOptions = {}): Promise<BayLink> {
  return openMooredLink(spec, deps, options);
}

export async function openMooredLink(spec: BaySpec, deps: Deps, options: BayLinkOptions): Promise<MooredLink> {
  const limits = withDefaults(spec.limits);
  const socket = await connectToBay(spec.name, spec.address.path, deps, options);
  return dock(socket, spec, limits, deps, options);
}

function dock(socket: Socket, spec: BaySpec, limits: BayLimits, deps: Deps, options: BayLinkOptions): Promise<MooredLink> {
  return new Promise((resolve, reject) => {
    const limit = deadline(`waiting for Dock of bay "${spec.name}"`, limits.dockMs, deps.clock, options.signal);
    const fail = (error: Error): void => {
      limit[Symbol.dispose]();
      limit.signal.removeEventListener("abort", expire);
      stream.destroy();
      reject(error);
    };
    const expire = (): void => fail(limit.signal.reason);
    const stream = new FrameStream(socket, limits, {
      frame: (frame) => {
        if (frame.type !== "dock") throw new FrameUnexpectedError(frame.type, "a bay begins with Dock");
        limit[Symbol.dispose]();
        limit.signal.removeEventListener("abort", expire);
        try {
          resolve(new Link(stream, frame, spec, limits, deps, options));
        } catch (error) {
          // The configuration does not fit a frame.
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      },
      drained: () => undefined,
      ended: () => fail(new LinkClosedError(`Bay "${spec.name}" closed the connection before Dock`)),
      broken: fail,
      closed: (cause) => fail(new LinkClosedError(`The connection to bay "${spec.name}" ended before Dock`, { cause })),
    });
    limit.signal.addEventListener("abort", expire, { once: true });
    if (limit.signal.aborted) expire();
  });
}

class Link implements MooredLink {
  readonly version: 1 | 2;
  readonly ship: string;
  readonly terms: DockTerms | undefined;
  readonly features: readonly string[];
  readonly stream: FrameStream;
  readonly events: Emitter<BayLinkEvents>;
  readonly #deps: Deps;
  readonly #limits: BayLimits;
  readonly #receive: (frame: Frame) => void;
  readonly #ended = Promise.withResolvers<LinkLoss>();
  readonly #closed = Promise.withResolvers<void>();
  #timer: Disposable | undefined;
  #heard = 0;
  #draining = false;
  #over = false;

  constructor(
    stream: FrameStream,
    frame: Extract<Frame, { readonly type: "dock" }>,
    spec: BaySpec,
    limits: BayLimits,
    deps: Deps,
    options: BayLinkOptions,
  ) {
    const { receive = () => undefined, drained = () => undefined, session = randomBytes(8).toString("hex") } = options;
    this.stream = stream;
    this.#deps = deps;
    this.#limits = limits;
    this.#receive = receive;
    this.events = new Emitter((error) => deps.log.error("a listener of a bay link failed", { reason: String(error) }));
    this.ship = frame.ship;
    // A version of 2 or more without terms is a number of another protocol; version 1 is what both speak then.
    this.terms = frame.terms;
    this.version = this.terms ? 2 : 1;
    this.features = knownFeatures.filter((name) => this.terms?.features.includes(name));
    stream.listener = {
      frame: (received) => this.#frame(received),
      drained,
      ended: () => this.#lost(this.#draining ? "drained" : "closed", new LinkClosedError("The bay closed the link")),
      broken: (error) => this.fail(error),
      closed: (cause) => {
        this.#lost("closed", new LinkClosedError("The connection to the bay ended", { cause }));
        this.#timer?.[Symbol.dispose]();
        this.#closed.resolve();
      },
    };
    if (frame.ship !== spec.name) deps.log.warn("a bay docked under another name", { bay: spec.name, ship: frame.ship });
    if (this.terms) {
      const { clientWindowBytes, maxLinkBytes, maxMessageBytes, pingMs } = limits;
      const windows = { window: clientWindowBytes, linkWindow: maxLinkBytes, maxMessage: maxMessageBytes };
      this.send({ type: "moored", version: 2, config: spec.config, terms: { features: this.features, ...windows, session, pingMs } });
      this.#ping(true);
    } else this.send({ type: "moored", version: 1, config: spec.config });
  }

  get ended(): Promise<LinkLoss> {
    return this.#ended.promise;
  }

  send(frame: Frame): void {
    if (this.#over) return;
    if (frame.type === "drain") this.#draining = true;
    this.stream.send(frame);
  }

  fail(error: Error): void {
    if (this.#over) return;
    // Its own Fault is no fault to answer, and a bay of version 1 does not know the frame.
    if (this.version === 2 && !(error instanceof LinkFaultError)) {
      this.stream.send({ type: "fault", code: codeOf(error), message: error.message.slice(0, 500) });
    }
    this.#lost(error instanceof LinkSilentError ? "silent" : "fault", error);
  }

  async close({ signal }: AbortOptions = {}): Promise<void> {
    this.#lost("ours", new LinkClosedError("We closed the link"));
    using _ = signal && addAbortListener(signal, () => this.stream.destroy());
    await this.#closed.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #frame(frame: Frame): void {
    if (this.#over) return;
    this.#heard++;
    if (this.version === 1 && frame.type !== "cargo" && frame.type !== "disembark")
      throw new FrameUnexpectedError(frame.type, "a bay of version 1 sends Cargo and Disembark");
    if (frame.type === "ping") this.send({ type: "pong", token: frame.token });
    else if (frame.type === "fault") this.fail(new LinkFaultError(frame.code, frame.message));
    else if (frame.type === "dock") throw new FrameUnexpectedError("dock", "the bay has docked already");
    else if (frame.type !== "pong") this.#receive(frame);
  }

  /** Every frame counts as a sign of life. Two intervals, because a busy bay may answer late. */
  #ping(first: boolean): void {
    const heard = this.#heard;
    this.#timer = this.#deps.clock.timer(this.#limits.pingMs, () => {
      if (!first && heard === this.#heard) {
        this.fail(new LinkSilentError(this.#limits.pingMs));
        return;
      }
      this.send({ type: "ping", token: randomBytes(8) });
      this.#ping(false);
    });
  }

  #lost(kind: LossKind, error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
    // What was written (a Fault, the last Disembarks) still goes out; a bay that does not read it does not keep the socket open for that.
    this.stream.end();
    this.#timer = this.#deps.clock.timer(this.#limits.closeMs, () => this.stream.destroy());
    const loss = { kind, code: codeOf(error), reason: error.message };
    this.#ended.resolve(loss);
    this.events.emit("lost", loss);
  }
}
