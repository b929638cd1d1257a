import type { AbortOptions } from "@mothership/kernel";
import type { LogLine } from "./lines.ts";

/** What a follower may be behind, in bytes, before it loses lines. */
const followerBytes = 2 ** 20;
/** What an empty line costs: without it a flood of newlines would have no limit. */
const lineBytes = 128;

interface Kept {
  readonly line: LogLine;
  readonly bytes: number;
}

/** The last lines of a process, and those who read on. Bounded in lines and in bytes. */
export class LogBuffer {
  #maxLines: number;
  #maxBytes: number;
  // A ring: `#first` is the oldest of `#kept`; the array is compacted when half of it is behind.
  #kept: Kept[] = [];
  #first = 0;
  #bytes = 0;
  #dropped = 0;
  #closed = false;
  readonly #followers = new Set<Follower>();

  constructor(limits: { readonly maxLines: number; readonly maxBytes: number }) {
    this.#maxLines = limits.maxLines;
    this.#maxBytes = limits.maxBytes;
  }

  /** Lines that followers lost. */
  get dropped(): number {
    return this.#dropped;
  }

  resize({ maxLines, maxBytes }: { readonly maxLines: number; readonly maxBytes: number }): void {
    this.#maxLines = maxLines;
    this.#maxBytes = maxBytes;
    this.#trim();
  }

  add(line: LogLine, bytes: number): void {
    const kept = { line, bytes };
    this.#kept.push(kept);
    this.#bytes += bytes;
    this.#trim();
    for (const follower of this.#followers) if (!follower.add(kept)) this.#dropped++;
  }

  /** The last `count` lines, oldest first. */
  tail(count: number): readonly LogLine[] {
    const from = Math.max(this.#first, this.#kept.length - Math.max(0, count));
    return this.#kept.slice(from).map(({ line }) => line);
  }

  async *read({
    tail = Infinity,
    follow = true,
    signal,
  }: AbortOptions & { readonly tail?: number; readonly follow?: boolean }): AsyncGenerator<LogLine> {
    // Both in one turn, so that no line is missed or seen twice between them.
    const kept = this.tail(tail);
    const follower = follow && !this.#closed ? new Follower() : undefined;
    const stop = (): void => follower?.end();
    if (follower) this.#followers.add(follower);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for (const line of kept) {
        if (signal?.aborted) return;
        yield line;
      }
      if (follower && !signal?.aborted) yield* follower.lines();
    } finally {
      signal?.removeEventListener("abort", stop);
      if (follower) this.#followers.delete(follower);
    }
  }

  /** Ends all followers once they have read what is there. */
  close(): void {
    this.#closed = true;
    for (const follower of this.#followers) follower.end();
  }

  #trim(): void {
    while (this.#kept.length - this.#first > this.#maxLines || (this.#bytes > this.#maxBytes && this.#first < this.#kept.length)) {
      this.#bytes -= this.#kept[this.#first]!.bytes;
      this.#first++;
    }
    if (this.#first * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first);
      this.#first = 0;
    }
  }
}

/** The queue of one reader. */
class Follower {
  #queue: Kept[] = [];
  #bytes = 0;
  #lost = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  add(kept: Kept): boolean {
    if (this.#bytes + kept.bytes + lineBytes > followerBytes) {
      this.#lost++;
      return false;
    }
    this.#queue.push(this.#lost === 0 ? kept : { ...kept, line: { ...kept.line, dropped: this.#lost } });
    this.#lost = 0;
    this.#bytes += kept.bytes + lineBytes;
    this.#wake?.();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *lines(): AsyncGenerator<LogLine> {
    for (;;) {
      const queue = this.#queue;
      this.#queue = [];
      for (const { line, bytes } of queue) {
        this.#bytes -= bytes + lineBytes;
        yield line;
      }
      if (this.#queue.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
