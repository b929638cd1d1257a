/**
 * A bay on mothership's side: its clients, over as many links and processes as it takes.
 *
 * 1. `openBay` dials until the bay's process has docked, and dials anew whenever a link is lost, until `close`.
 * 2. `handler` takes WebSocket handshakes. A client boards the link with the fewest clients; without a link it waits a while for one.
 * 3. When a link is lost its clients stay connected where that makes sense, and board the next link.
 */
import { randomBytes } from "node:crypto";
import {
  type AbortOptions,
  type Closable,
  type Deps,
  deadline,
  Emitter,
  type Exchange,
  type Handler,
  type Subscribable,
} from "@mothership/kernel";
import { refusals, refuse } from "./arrival.ts";
import { Assignment } from "./assignment.ts";
import { Client, type ClientHost } from "./client.ts";
import { closeCodes } from "./close-codes.ts";
import { Dialler } from "./dialler.ts";
import { BayClosedError } from "./errors.ts";
import type { BayEvents } from "./events.ts";
import { addTraffic, type BaySnapshot, noTraffic, type Traffic } from "./figures.ts";
import { readHandshake } from "./handshake.ts";
import type { LinkLoss, MooredLink } from "./link.ts";
import { Budget } from "./outbox.ts";
import { Port } from "./port.ts";
import { Pressure } from "./pressure.ts";
import { Sentinel } from "./sentinel.ts";
import { type BaySpec, type CompleteBaySpec, completeSpec } from "./spec.ts";
import { unlessAborted } from "./wait.ts";

export interface Bay extends Closable {
  readonly name: string;
  readonly events: Subscribable<BayEvents>;
  /** Takes WebSocket handshakes; everything else is answered with an error status. */
  readonly handler: Handler;
  /** Resolves when the bay takes clients: at once if it does. What a readiness probe awaits. @throws the signal's reason; BayClosedError. */
  ready(options?: AbortOptions): Promise<void>;
  /**
   * Moves the clients from the process that is docked now to one that listens on the same socket by now: docks with that first, then drains the
   * old links. Resolves when these are gone. Without loss where the bay speaks version 2 with `drain`.
   */
  handOver(options?: AbortOptions): Promise<void>;
  snapshot(): BaySnapshot;
}

/** Opens a bay; dialling begins at once. The process behind the socket is somebody else's to start, and to restart when a link is lost. */
export function openBay(spec: BaySpec, deps: Deps): Bay {
  return new DockedBay(completeSpec(spec), { ...deps, log: deps.log.child({ bay: spec.name }) });
}

class DockedBay implements Bay, ClientHost {
  readonly spec: CompleteBaySpec;
  readonly events: Emitter<BayEvents>;
  readonly handler: Handler;
  readonly clock: Deps["clock"];
  readonly budget: Budget;
  readonly pressure: Pressure<Client>;
  readonly #deps: Deps;
  readonly #dialler: Dialler;
  readonly #ports = new Set<Port>();
  readonly #clients = new Map<number, Client>();
  readonly #assignment: Assignment;
  readonly #sentinel: Sentinel<Client>;
  #past: Traffic = noTraffic;
  #boardings = 0;
  #reboardings = 0;
  #changed = Promise.withResolvers<void>();
  #empty: (() => void) | undefined;
  #lastId = 0;
  #closing: Promise<void> | undefined;

  constructor(spec: CompleteBaySpec, deps: Deps) {
    const { limits } = spec;
    this.spec = spec;
    this.clock = deps.clock;
    this.#deps = deps;
    this.events = new Emitter((error) => deps.log.error("a listener of a bay failed", { reason: String(error) }));
    this.handler = (exchange) => this.#arrive(exchange);
    // All stop when much waits for the bay: each of them may be in the middle of a long message.
    this.budget = new Budget(limits.maxLinkBytes, (open) => {
      for (const client of this.#clients.values()) client.read(open);
    });
    this.pressure = new Pressure(limits.maxLinkBytes, limits.stallMs, deps.clock, (open) => {
      for (const port of this.#ports) port.read(open);
    });
    this.#assignment = new Assignment(spec, deps.clock, this.#ports);
    this.#sentinel = new Sentinel(limits.clientPingMs, deps.clock);
    const session = randomBytes(8).toString("hex");
    this.#dialler = new Dialler(spec, session, deps, { up: (link) => this.#up(link), down: (link, loss) => this.#down(link, loss) });
    this.#dialler.want(1);
  }

  get name(): string {
    return this.spec.name;
  }

  async ready({ signal }: AbortOptions = {}): Promise<void> {
    while (!this.#accepting) await this.#change({ signal });
  }

  async handOver({ signal }: AbortOptions = {}): Promise<void> {
    const old = [...this.#ports];
    this.#dialler.dialExtra();
    while (![...this.#ports].some((port) => port.open && !old.includes(port))) await this.#change({ signal });
    for (const port of old) this.#drain(port);
    await unlessAborted(Promise.all(old.map((port) => port.link.ended)), signal);
  }

  snapshot(): BaySnapshot {
    const ports = [...this.#ports];
    return {
      ...ports.reduce((sum, { link }) => addTraffic(sum, link.stream), this.#past),
      version: ports[0]?.version,
      links: ports.length,
      accepting: this.#accepting,
      clients: this.#clients.size,
      waiting: this.#assignment.size,
      boardings: this.#boardings,
      reboardings: this.#reboardings,
      queuedForBay: this.budget.used + ports.reduce((sum, { link }) => sum + link.stream.backlog, 0),
      queuedForClients: this.pressure.waiting,
    };
  }

  close(options: AbortOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // What follows is for clients.

  unassigned(client: Client): void {
    this.#assignment.add(client);
  }

  gone(client: Client): void {
    this.#clients.delete(client.connId);
    this.#assignment.remove(client);
    this.#sentinel.remove(client);
    if (this.#clients.size === 0) this.#empty?.();
  }

  emit<K extends "boarded" | "reboarded" | "left">(type: K, event: BayEvents[K]): void {
    if (type === "boarded") this.#boardings++;
    if (type === "reboarded") this.#reboardings++;
    this.events.emit(type, event);
  }

  #arrive(exchange: Exchange): void {
    const { spec } = this;
    const handshake = readHandshake(exchange, spec.origins);
    exchange.upstream = spec.name;
    if ("status" in handshake) {
      refuse(exchange, { ...handshake, reason: "bad-handshake", message: `${capital(handshake.reason)}.` });
      return;
    }
    const refusal = this.#closing ? refusals.noLink : this.#clients.size >= spec.limits.maxClients ? refusals.full : undefined;
    if (refusal) {
      refuse(exchange, refusal);
      return;
    }
    const client = new Client(this.#nextId(), exchange, handshake, this);
    // It may have left before it got here.
    if (client.state === "gone") return;
    this.#clients.set(client.connId, client);
    this.#sentinel.add(client);
    this.unassigned(client);
  }

  #nextId(): number {
    do this.#lastId = this.#lastId >= 0xffff_ffff ? 1 : this.#lastId + 1;
    while (this.#clients.has(this.#lastId));
    return this.#lastId;
  }

  #up(link: MooredLink): Port {
    const { limits } = this.spec;
    const port = new Port(link, limits, this.clock, {
      opened: () => this.#opened(),
      drainAsked: (asking) => this.#drain(asking),
      drained: () => this.#assignment.run(),
    });
    this.#ports.add(port);
    this.#resize();
    if (link.features.includes("links")) this.#dialler.want(Math.min(link.terms?.links ?? 1, limits.maxLinks));
    this.#deps.log.info("a bay is moored", { version: link.version, ship: link.ship, features: link.features });
    this.events.emit("moored", { version: link.version, links: this.#ports.size });
    if (link.version === 1) this.#settle(port);
    return port;
  }

  #settle(port: Port): void {
    const timer = this.clock.timer(this.spec.limits.settleMs, () => port.receive({ type: "ready", accepting: true }));
    port.link.events.on("lost", () => timer[Symbol.dispose]());
  }

  #opened(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    this.#assignment.run();
  }

  get #accepting(): boolean {
    return [...this.#ports].some((port) => port.open);
  }

  /** Waits until a link takes clients that took none before. */
  async #change({ signal }: AbortOptions): Promise<void> {
    if (this.#closing) throw new BayClosedError(this.name);
    await unlessAborted(this.#changed.promise, signal);
  }

  #down(link: MooredLink, loss: LinkLoss): void {
    const port = [...this.#ports].find((one) => one.link === link);
    if (!port) return;
    this.#ports.delete(port);
    this.#past = addTraffic(this.#past, link.stream);
    this.#resize();
    // The next process says anew how many it wants.
    if (this.#ports.size === 0) this.#dialler.want(1);
    const level = loss.kind === "ours" || loss.kind === "drained" ? "info" : "warn";
    this.#deps.log[level]("a link to a bay is lost", { kind: loss.kind, code: loss.code, reason: loss.reason });
    port.lost(!this.#closing);
    this.events.emit("lost", { ...loss, links: this.#ports.size });
  }

  #resize(): void {
    const links = Math.max(1, this.#ports.size);
    this.budget.limit = this.pressure.limit = this.spec.limits.maxLinkBytes * links;
  }

  #drain(port: Port): void {
    if (port.draining) return;
    const { drainMs } = this.spec.limits;
    if (!port.link.features.includes("drain")) {
      port.link.close().catch(() => undefined);
      return;
    }
    port.drain(drainMs);
    const timer = this.clock.timer(drainMs, () => void port.link.close().catch(() => undefined));
    port.link.events.on("lost", () => timer[Symbol.dispose]());
  }

  async #close({ signal }: AbortOptions): Promise<void> {
    const { limits } = this.spec;
    using limit = deadline(`closing bay "${this.name}"`, limits.closeMs + limits.drainMs, this.clock, signal);
    const stopped = this.#dialler.close();
    this.#changed.resolve();
    await this.#dismiss(limit.signal);
    await Promise.all([...this.#ports].map((port) => this.#finish(port, limit.signal)));
    await stopped;
    this.#assignment.close();
    this.#sentinel.close();
    this.pressure.close();
  }

  /** Lets the bay finish what it has taken, then closes the link. */
  async #finish(port: Port, signal: AbortSignal): Promise<void> {
    this.#drain(port);
    // Rejects when the time is over; closing is what is left then.
    await unlessAborted(port.link.ended, signal).catch(() => undefined);
    await port.link.close({ signal });
  }

  /** Closes the clients, and cuts those that have not answered when the signal fires. */
  async #dismiss(signal: AbortSignal): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#empty = resolve;
    });
    for (const client of [...this.#clients.values()]) {
      client.turnAway(refusals.noLink);
      client.close(closeCodes.goingAway, "the service shuts down", "mothership");
    }
    const cut = (): void => {
      for (const client of [...this.#clients.values()]) client.terminate();
    };
    signal.addEventListener("abort", cut, { once: true });
    if (signal.aborted) cut();
    if (this.#clients.size > 0) await empty;
    signal.removeEventListener("abort", cut);
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
