import { dirname } from "node:path";
import { ensurePrivateFolder } from "@mothership/control";
import type { AbortOptions, Closable, Deps } from "@mothership/kernel";
import { version } from "../../version.ts";
import type { Availability } from "../availability.ts";
import {
  type Edge,
  type EdgeOptions,
  openEdge,
  type PayloadFigures,
  type PreparedPlan,
  type ThreadEdge,
  type ThreadState,
} from "../edge.ts";
import { availabilityAfter } from "../edge-parts.ts";
import { PassiveHealth, type ShipWatch } from "../passive-health.ts";
import type { EdgePlan } from "../plan/edge.ts";
import { clockOrigin } from "./clock.ts";
import { addFigures } from "./figures.ts";
import type { ThreadStart } from "./messages.ts";
import { openRelay, type RelayPlace, relayAt } from "./relay.ts";
import { furtherPlan, SharedMemory } from "./share.ts";
import type { EdgeThread } from "./thread.ts";
import { openThreads, type ThreadSet } from "./thread-set.ts";

export interface ThreadedEdgeOptions extends Pick<EdgeOptions, "onBayFault" | "metrics" | "onAccess" | "onSuspect"> {
  /** Lines of the access log that a thread left out. */
  readonly onAccessDropped?: ((lines: number) => void) | undefined;
  /** In all, the main one included. */
  readonly threads: number;
  /** Path of the socket through which further threads reach bays, in a folder of this user alone. Made where there are bays. */
  readonly relay: string;
}

/** A thread gets so long to make ready for another plan, which is mostly compiling payloads. */
const prepareMs = 30_000;
const commitMs = 5_000;
/** What a page of metrics waits for. */
const refreshMs = 500;

/**
 * The same edge in several threads: the main one, which is thread 1 and has the bays and the Unix sockets, and further ones. Each has its own
 * listener on each TCP port, and the system spreads connections over them.
 *
 * @throws what `openEdge` throws; {EdgeThreadError} when a further thread cannot be opened. Then nothing is open.
 */
export async function openThreadedEdge(plan: EdgePlan, deps: Deps, options: ThreadedEdgeOptions): Promise<Edge> {
  const memory = new SharedMemory();
  const first = memory.planFor(plan, options.threads);
  await using opened = new AsyncDisposableStack();
  const health = new PassiveHealth(deps.clock, options.onSuspect ?? (() => undefined));
  const main = opened.use(await openEdge(first, deps, { ...options, health }));
  const edge = new ThreadedEdge(first, { main, memory, health }, deps, options);
  opened.use(edge);
  await edge.begin();
  opened.move();
  return edge;
}

/** What the main thread has for itself and the others. */
interface MainParts {
  readonly main: ThreadEdge;
  readonly memory: SharedMemory;
  readonly health: ShipWatch;
}

class ThreadedEdge implements Edge {
  readonly #main: ThreadEdge;
  readonly #memory: SharedMemory;
  readonly #deps: Deps;
  readonly #options: ThreadedEdgeOptions;
  /** Failures in all threads make one row. */
  readonly #health: ShipWatch;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #clockOrigin: bigint;
  /** What upstreams a thread that begins now may use. */
  readonly #available = new Map<string, Availability>();
  /** In force, as a further thread has it. */
  #plan: EdgePlan;
  #set: ThreadSet | undefined;
  readonly #relayPlace: RelayPlace;
  #relay: Closable | undefined;

  constructor(plan: EdgePlan, { main, memory, health }: MainParts, deps: Deps, options: ThreadedEdgeOptions) {
    this.#main = main;
    this.#memory = memory;
    this.#health = health;
    this.#deps = deps;
    this.#options = options;
    this.#relayPlace = relayAt(options.relay);
    this.#ports = chosenPorts(plan, main.listening);
    this.#clockOrigin = clockOrigin(deps.clock);
    this.#plan = furtherPlan(plan, this.#ports);
  }

  /** Opens the further threads. */
  async begin(): Promise<void> {
    await this.#openRelay(this.#plan);
    const { threads } = this.#options;
    this.#set = await openThreads(threads, this.#deps, {
      ...this.#options,
      startOf: (thread) => this.#startOf(thread),
      onJudged: (upstream, failure) => this.#judged(upstream, failure),
      onEnded: (thread) => this.#memory.threadEnded(thread),
    });
  }

  get listening(): Edge["listening"] {
    return this.#main.listening;
  }

  get upstreams(): Edge["upstreams"] {
    return this.#main.upstreams.map((one) => ({ ...one, held: one.held + (this.#set?.heldFor(one.name) ?? 0) }));
  }

  get payloads(): readonly PayloadFigures[] {
    return addFigures(this.#main.payloads, this.#set?.payloads ?? []);
  }

  get bays(): Edge["bays"] {
    return this.#main.bays;
  }

  get threads(): readonly ThreadState[] {
    return this.#set?.states ?? [];
  }

  setAvailable(upstream: string, available: Availability): void {
    if (available) this.#available.set(upstream, available);
    else this.#available.delete(upstream);
    this.#main.setAvailable(upstream, available);
    for (const thread of this.#all) thread.setAvailable(upstream, available);
  }

  /** One memory holds the breaker of all threads. */
  renewed(upstream: string): void {
    this.#main.renewed(upstream);
  }

  async drain(upstream: string, options: AbortOptions): Promise<void> {
    if (this.#available.get(upstream) !== "soon") this.setAvailable(upstream, false);
    // A thread that dies meanwhile has nothing left that runs.
    const drained = (thread: EdgeThread): Promise<void> => thread.ask({ type: "drain", upstream }, options).catch(() => undefined);
    await Promise.all([this.#main.drain(upstream, options), ...this.#open.map(drained)]);
  }

  bayReady(bay: string, options: AbortOptions): Promise<void> {
    return this.#main.bayReady(bay, options);
  }

  clients(bay: string): number | undefined {
    return this.#main.clients(bay);
  }

  async refresh(): Promise<void> {
    // What comes late is counted when it comes.
    await Promise.all(this.#open.map((thread) => thread.ask({ type: "report" }, { withinMs: refreshMs }).catch(() => undefined)));
  }

  /** In two steps, so that a thread that cannot make ready leaves all of them as they were. */
  async replace(next: EdgePlan): Promise<void> {
    const undo = this.#memory.mark();
    const shared = this.#memory.planFor(next, this.#options.threads);
    const plan = furtherPlan(shared, this.#ports);
    const ready = this.#open;
    let prepared: PreparedPlan;
    try {
      await this.#openRelay(plan);
      prepared = await this.#prepare(shared, plan, ready);
    } catch (error) {
      undo();
      throw error;
    }
    const before = new Map(this.#plan.upstreams.map((upstream) => [upstream.name, upstream]));
    // As every thread does by itself with what it has.
    for (const upstream of plan.upstreams) {
      const { name } = upstream;
      const availability = availabilityAfter(before.get(name), this.#available.get(name) ?? false, upstream);
      if (availability) this.#available.set(name, availability);
    }
    this.#plan = plan;
    prepared.commit();
    await Promise.all(ready.map((thread) => thread.ask({ type: "commit" }, { withinMs: commitMs }).catch(() => this.#renew(thread))));
    this.#set?.forgetPayloads();
    // Those that were just starting have begun with the plan of before.
    const late = this.#all.filter((thread) => !ready.includes(thread));
    await Promise.all(late.map((thread) => this.#catchUp(thread, plan)));
  }

  async close(options: AbortOptions = {}): Promise<void> {
    // Bays first: what they say to clients of further threads goes through these.
    await this.#main.goodbye(options);
    await Promise.all([this.#main.close(options), this.#set?.close(options)]);
    await this.#relay?.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #all(): readonly EdgeThread[] {
    return this.#set?.threads ?? [];
  }

  get #open(): readonly EdgeThread[] {
    return this.#all.filter(({ isOpen }) => isOpen);
  }

  #judged(upstream: string, failure: string | undefined): void {
    // A word that comes late is about an upstream that there is no more.
    if (!this.#plan.upstreams.some(({ name }) => name === upstream)) return;
    const watch = this.#health.watch(upstream);
    if (failure === undefined) watch.answered();
    else watch.failed(failure);
  }

  #startOf(thread: number): ThreadStart {
    const available = new Map(this.#available);
    const counts = this.#options.metrics !== undefined;
    const shared = { clockOrigin: this.#clockOrigin, relay: this.#relayPlace };
    return { version, thread, plan: this.#plan, available, counts, ...shared };
  }

  /** The main thread first: the others share the ports that it has. */
  async #prepare(shared: EdgePlan, plan: EdgePlan, threads: readonly EdgeThread[]): Promise<PreparedPlan> {
    const main = await this.#main.prepare(shared);
    const asked = await Promise.allSettled(threads.map((thread) => thread.ask({ type: "prepare", plan }, { withinMs: prepareMs })));
    const failed = asked.find((one) => one.status === "rejected");
    if (!failed) return main;
    const abandoned = threads.map((thread) => thread.ask({ type: "abandon" }, { withinMs: commitMs }).catch(() => this.#renew(thread)));
    await Promise.all([main.abandon(), ...abandoned]);
    throw failed.reason;
  }

  /** A thread that is not in step with the others is of no use. */
  async #renew(thread: EdgeThread): Promise<void> {
    await thread.end("it did not take the new plan");
  }

  async #catchUp(thread: EdgeThread, plan: EdgePlan): Promise<void> {
    try {
      await thread.ask({ type: "prepare", plan }, { withinMs: prepareMs });
      await thread.ask({ type: "commit" }, { withinMs: commitMs });
      // What became known meanwhile was said of the upstreams of before.
      for (const { name } of plan.upstreams) thread.setAvailable(name, this.#available.get(name) ?? false);
    } catch {
      await this.#renew(thread);
    }
  }

  async #openRelay({ bays }: EdgePlan): Promise<void> {
    if (bays.length === 0 || this.#relay) return;
    // Requests with their cookies go to whoever listens there.
    ensurePrivateFolder(dirname(this.#options.relay));
    this.#relay = await openRelay(this.#relayPlace, (bay) => this.#main.bayHandler(bay), this.#deps);
  }
}

/** By bind, the ports that the system chose at the start. */
function chosenPorts({ listeners }: EdgePlan, listening: Edge["listening"]): ReadonlyMap<string, number> {
  const chosen = new Set(listeners.filter(({ address }) => address.kind === "tcp" && address.port === 0).map(({ name }) => name));
  return new Map(listening.filter(({ bind }) => chosen.has(bind)).map(({ bind, address }) => [bind, Number(new URL(address).port)]));
}
