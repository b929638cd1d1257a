import type { FleetControl, FleetSnapshot } from "@mothership/control";
import { type Deps, messageOf } from "@mothership/kernel";
import type { Size } from "./layout.ts";
import { LogBuffer } from "./log-buffer.ts";
import { LogFeed } from "./log-feed.ts";
import { type Effect, type Input, initialModel, logTarget, type Model } from "./model.ts";
import { Pacer } from "./pacer.ts";
import type { Line } from "./text.ts";
import { update } from "./update.ts";
import { view } from "./view.ts";

/** Lines of logs that are kept to look at. */
export const maxLogLines = 5000;
/** How often the whole state is asked for: memory, clients and requests have no events. */
const snapshotMs = 2000;
/** How often the screen is drawn when nothing happens, for the times that it shows. */
const tickMs = 1000;

export interface SessionOutput {
  draw(lines: readonly Line[]): void;
  quit(): void;
  /** Something threw that should not have. Nothing is drawn after it. */
  broken(error: unknown): void;
}

/** Joins a fleet to the model and the model to a screen: the only place where the model changes. */
export class Session {
  readonly #control: FleetControl;
  readonly #deps: Deps;
  readonly #output: SessionOutput;
  readonly #log = new LogBuffer(maxLogLines);
  readonly #stop = new AbortController();
  readonly #pacer: Pacer;
  readonly #feed: LogFeed;
  readonly #tasks = new Set<Promise<void>>();
  #model: Model | undefined;
  #refreshing = false;
  #refreshAgain = false;

  constructor(control: FleetControl, deps: Deps, output: SessionOutput) {
    this.#control = control;
    this.#deps = deps;
    this.#output = output;
    this.#pacer = new Pacer(deps.clock, () => this.#guarded(() => this.#draw()));
    this.#feed = new LogFeed(control, deps.clock, this.#log, {
      changed: () => this.#pacer.soon(),
      failed: (error) => this.hear({ type: "noticed", text: `no logs: ${messageOf(error)}` }),
    });
  }

  begin(snapshot: FleetSnapshot, size: Size): void {
    this.#model = initialModel(snapshot, size, this.#deps.clock.now());
    this.#pacer.now();
    this.#run(() => this.#watch(snapshot.seq));
    this.#run(() => this.#poll());
    this.#run(() => this.#tick());
  }

  /** Takes in what happened. What was pressed is shown at once, everything else a little later together with what else happens. */
  hear(input: Input): void {
    if (this.#stop.signal.aborted) return;
    this.#guarded(() => {
      if (!this.#model) return;
      const { model, effects } = update(this.#model, input, this.#log);
      this.#model = model;
      this.#feed.follow(logTarget(model), model.lost !== undefined);
      for (const effect of effects) this.#perform(effect);
      if (input.type === "key" || input.type === "resized") this.#pacer.now();
      else this.#pacer.soon();
    });
  }

  /** Ends everything; resolves when all that was asked of the fleet has ended too. */
  async end(): Promise<void> {
    this.#halt();
    await Promise.all([...this.#tasks, this.#feed.ended()]);
  }

  #halt(): void {
    this.#stop.abort();
    this.#pacer.stop();
    this.#feed.stop();
  }

  #draw(): void {
    if (this.#model) this.#output.draw(view(this.#model, this.#log, this.#deps.clock.wallTime()));
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "quit":
        this.#output.quit();
        break;
      case "refresh":
        this.#run(() => this.#refresh());
        break;
      case "explain":
        this.#run(() => this.#explain(effect.unit));
        break;
      case "act":
        this.#run(() => this.#act(effect));
    }
  }

  async #act({ unit, action }: Extract<Effect, { readonly type: "act" }>): Promise<void> {
    let failure: string | undefined;
    try {
      await this.#control[action](unit, { signal: this.#stop.signal });
    } catch (error) {
      failure = messageOf(error);
    }
    this.hear({ type: "acted", unit, action, failure });
  }

  async #explain(unit: string): Promise<void> {
    try {
      this.hear({ type: "explained", unit, known: await this.#control.explain(unit, { signal: this.#stop.signal }) });
    } catch (error) {
      this.hear({ type: "explained", unit, failure: messageOf(error) });
    }
  }

  async #watch(after: number): Promise<void> {
    let reason = "it has ended";
    try {
      for await (const event of this.#control.watch({ after, signal: this.#stop.signal })) this.hear({ type: "event", event });
    } catch (error) {
      reason = messageOf(error);
    }
    this.hear({ type: "lost", reason });
  }

  async #poll(): Promise<void> {
    while (this.#model?.lost === undefined) {
      await this.#deps.clock.sleep(snapshotMs, { signal: this.#stop.signal });
      await this.#refresh();
    }
  }

  /** One question at a time; those asked meanwhile become one. */
  async #refresh(): Promise<void> {
    this.#refreshAgain = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    try {
      while (this.#refreshAgain && this.#model?.lost === undefined) {
        this.#refreshAgain = false;
        const snapshot = await this.#control.snapshot({ signal: this.#stop.signal });
        this.hear({ type: "snapshot", snapshot, at: this.#deps.clock.now() });
      }
    } catch (error) {
      // When the fleet has gone, the end of `watch` says so; else the next question may be answered.
      this.#deps.log.debug("the fleet did not answer", { error });
    } finally {
      this.#refreshing = false;
    }
  }

  async #tick(): Promise<void> {
    for (;;) {
      await this.#deps.clock.sleep(tickMs, { signal: this.#stop.signal });
      this.#pacer.soon();
    }
  }

  #run(task: () => Promise<void>): void {
    const running = task()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#break(error);
      })
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#break(error);
    }
  }

  #break(error: unknown): void {
    this.#halt();
    this.#output.broken(error);
    this.#deps.log.error("the terminal user interface broke", { error });
  }
}
