import { once } from "node:events";
import type { FleetEvent, UnitSnapshot } from "@mothership/control";
import type { AbortOptions, Clock } from "@mothership/kernel";

/** What happened, before it has its number and time. */
export type NewEvent =
  | { readonly type: "status"; readonly status: string; readonly reason?: string }
  | { readonly type: "unit"; readonly unit: UnitSnapshot };

/** Events kept for readers that come back, and events that a slow reader may be behind. */
const keptEvents = 1000;

/** Numbers what happens, keeps the latest, and hands it to readers, none of whom can hold up the others or the fleet. */
export class EventLog {
  readonly #clock: Clock;
  readonly #kept: FleetEvent[] = [];
  #seq = 0;
  #wake = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of the latest event; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  add(event: NewEvent): void {
    this.#kept.push({ seq: ++this.#seq, at: this.#clock.wallTime(), ...event });
    if (this.#kept.length > keptEvents) this.#kept.shift();
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  /** Events after number `after` (default: from now on), until the signal fires. What a reader is too slow for becomes one `dropped`. */
  async *read({ after = this.#seq, signal }: AbortOptions & { readonly after?: number } = {}): AsyncIterable<FleetEvent> {
    let last = after;
    while (!signal?.aborted) {
      const first = this.#kept[0]?.seq ?? this.#seq + 1;
      if (last + 1 < first) {
        yield { seq: first - 1, at: this.#clock.wallTime(), type: "dropped", count: first - 1 - last };
        last = first - 1;
      }
      const fresh = this.#kept.filter((event) => event.seq > last);
      for (const event of fresh) {
        last = event.seq;
        yield event;
      }
      if (fresh.length === 0) await next(this.#wake.signal, signal);
    }
  }
}

async function next(wake: AbortSignal, signal: AbortSignal | undefined): Promise<void> {
  const either = signal ? AbortSignal.any([wake, signal]) : wake;
  if (!either.aborted) await once(either, "abort");
}
