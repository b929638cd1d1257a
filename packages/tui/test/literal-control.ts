import type { ControlLogLine, FleetControl, FleetEvent, FleetSnapshot, ReloadPlan, UnitExplanation } from "@mothership/control";
import { explanationOf } from "./fleet.ts";

/** A source of values that others push into; ends with `end` or the reader's signal. Keeps at most `capacity` and counts the rest. */
export class Pushed<T> {
  readonly #capacity: number;
  #values: T[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;
  #dropped = 0;

  constructor(capacity = Infinity) {
    this.#capacity = capacity;
  }

  push(value: T): void {
    if (this.#values.length >= this.#capacity) this.#dropped++;
    else this.#values.push(value);
    this.#wake.resolve();
  }

  /** How many were too much since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  async *read(signal?: AbortSignal): AsyncIterable<T> {
    const stop = (): void => this.#wake.resolve();
    signal?.addEventListener("abort", stop);
    try {
      while (!signal?.aborted) {
        const values = this.#values;
        this.#values = [];
        yield* values;
        if (this.#ended) return;
        if (this.#values.length === 0) await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
      }
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }
}

/** A fleet of plain values: what it is asked to do it writes down, and it says what it is told to. */
export class LiteralControl implements FleetControl {
  readonly events = new Pushed<FleetEvent>();
  readonly lines = new Pushed<ControlLogLine>(4000);
  readonly asked: string[] = [];
  now: FleetSnapshot;

  constructor(snapshot: FleetSnapshot) {
    this.now = snapshot;
  }

  async snapshot(): Promise<FleetSnapshot> {
    return this.now;
  }

  watch({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<FleetEvent> {
    return this.events.read(signal);
  }

  async *logs({
    units = [],
    signal,
  }: {
    readonly units?: readonly string[];
    readonly signal?: AbortSignal | undefined;
  } = {}): AsyncIterable<ControlLogLine> {
    this.asked.push(`logs ${units.join(" ")}`);
    for await (const line of this.lines.read(signal)) yield { ...line, dropped: this.lines.takeDropped() };
  }

  async explain(name: string): Promise<UnitExplanation> {
    const unit = this.now.units.find((unit) => unit.name === name);
    if (!unit) throw new Error(`there is no ${name}`);
    return explanationOf(unit);
  }

  async start(unit: string): Promise<void> {
    this.asked.push(`start ${unit}`);
  }

  async stop(unit: string): Promise<void> {
    this.asked.push(`stop ${unit}`);
  }

  async restart(unit: string): Promise<void> {
    this.asked.push(`restart ${unit}`);
  }

  async signal(): Promise<void> {
    throw new Error("not asked here");
  }

  async plan(): Promise<ReloadPlan> {
    throw new Error("not asked here");
  }

  async reload(): Promise<ReloadPlan> {
    throw new Error("not asked here");
  }
}
