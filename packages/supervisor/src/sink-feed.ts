import type { Clock } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";
import type { LogSink } from "./contract.ts";
import type { LogLine } from "./lines.ts";

/** So long a full sink holds a process up before its lines are dropped. */
const patienceMs = 1_000;
/** Between two reports of drops. */
const reportMs = 1_000;

export interface FeedListener {
  /** The sink takes lines again, or they are being dropped: go on. */
  readonly onRoom: () => void;
  readonly onDropped: (count: number, reason: string) => void;
}

/** The way of one process to one sink. Never keeps a line: it is written, or dropped and counted. */
export class SinkFeed {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #listener: FeedListener;
  #state: "open" | "full" | "dropping" = "open";
  #dropped = 0;
  #reason = "";
  #patience: Disposable | undefined;
  #report: Disposable | undefined;

  constructor(sink: LogSink, clock: Clock, listener: FeedListener) {
    this.#sink = sink;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Whoever writes should wait. */
  get full(): boolean {
    return this.#state === "full";
  }

  write(line: LogLine, bytes: Buffer): void {
    if (this.#state === "dropping") {
      this.#drop("the sink is full");
      return;
    }
    let room: boolean;
    try {
      room = this.#sink.write(line, bytes);
    } catch (error) {
      // It must not throw; but one that does must not take all processes down.
      this.#drop(messageOf(error));
      return;
    }
    if (room || this.#state === "full") return;
    this.#state = "full";
    this.#sink.onDrain(() => {
      this.#state = "open";
      this.#patience?.[Symbol.dispose]();
      this.#patience = undefined;
      this.#listener.onRoom();
    });
  }

  /** A full sink has a second; then its lines are dropped until it has room. */
  dropSoon(): void {
    if (this.#state !== "full") return;
    this.#patience ??= this.#clock.timer(patienceMs, () => {
      this.#patience = undefined;
      if (this.#state !== "full") return;
      this.#state = "dropping";
      this.#listener.onRoom();
    });
  }

  close(): void {
    this.#patience?.[Symbol.dispose]();
    this.#report?.[Symbol.dispose]();
    this.#tell();
  }

  #drop(reason: string): void {
    this.#dropped++;
    this.#reason = reason;
    this.#report ??= this.#clock.timer(reportMs, () => this.#tell());
  }

  #tell(): void {
    this.#report = undefined;
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.#listener.onDropped(count, this.#reason);
  }
}
