import { isDeepStrictEqual } from "node:util";
import type { Clock, Closable, Logger } from "@mothership/kernel";
import type { AccessLog } from "@mothership/manifest";
import { type LogFile, openLogFile } from "@mothership/supervisor";

/** Takes text for one of the streams of the program; false when it has no room, and then it has taken nothing. */
export type StreamOutput = (stream: "stdout" | "stderr", text: string) => boolean;

export interface AccessSinkParts {
  /** Where lines go now; undefined: nowhere. Asked for each line. */
  readonly target: () => AccessLog["to"] | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: the streams of this process. */
  readonly output?: StreamOutput | undefined;
  /** Lines that were not written, when they are told of. */
  readonly onDropped?: ((count: number) => void) | undefined;
}

/** What a stream may hold that nobody has read yet. */
const heldBytes = 2 ** 20;
/** Dropped lines are told of so often. */
const reportMs = 60_000;

/** Where lines of the access log go. What cannot be written as fast as it comes is dropped and counted; requests never wait for it. */
export class AccessSink implements Closable {
  readonly #parts: AccessSinkParts;
  #to: AccessLog["to"] | undefined;
  #write: (line: string) => boolean = () => true;
  #file: LogFile | undefined;
  /** Files of earlier settings, on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  #dropped = 0;
  #reportedAt = -Infinity;

  constructor(parts: AccessSinkParts) {
    this.#parts = parts;
  }

  /** One line, without its newline. */
  write(line: string): void {
    const to = this.#parts.target();
    if (to !== this.#to) this.#use(to);
    if (!this.#write(line)) this.#drop(1);
  }

  /** So many lines were lost on their way here. */
  lost(lines: number): void {
    this.#drop(lines);
  }

  async close(): Promise<void> {
    this.#retire();
    await Promise.all(this.#leaving);
    this.#report(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** From now on lines go there. */
  #use(to: AccessLog["to"] | undefined): void {
    const same = isDeepStrictEqual(to, this.#to);
    this.#to = to;
    if (same) return;
    this.#retire();
    if (to === undefined) this.#write = () => true;
    else if (to.kind === "file") this.#write = this.#toFile(to);
    else this.#write = this.#toStream(to.stream);
  }

  #toStream(stream: "stdout" | "stderr"): (line: string) => boolean {
    const { output = processOutput } = this.#parts;
    return (line) => output(stream, `${line}\n`);
  }

  #toFile({ kind: _, ...spec }: Extract<AccessLog["to"], { readonly kind: "file" }>): (line: string) => boolean {
    const { clock, log } = this.#parts;
    const file = openLogFile(spec, { clock, log }, (count, reason) => {
      log.warn("The access log cannot be written", { file: spec.path, reason });
      this.#drop(count);
    });
    this.#file = file;
    let full = false;
    return (line) => {
      if (full) return false;
      full = !file.write(asLine, Buffer.from(line));
      if (full)
        file.onDrain(() => {
          full = false;
        });
      return true;
    };
  }

  #retire(): void {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    const closed = file.close().finally(() => this.#leaving.delete(closed));
    this.#leaving.add(closed);
  }

  #drop(count: number): void {
    this.#dropped += count;
    this.#report(false);
  }

  #report(last: boolean): void {
    const { clock, log, onDropped } = this.#parts;
    const now = clock.now();
    if (this.#dropped === 0 || (!last && now - this.#reportedAt < reportMs)) return;
    this.#reportedAt = now;
    log.warn("Lines of the access log were dropped", { lines: this.#dropped });
    onDropped?.(this.#dropped);
    this.#dropped = 0;
  }
}

/** A log file takes lines of processes, and looks at nothing of them but whether they go on. */
const asLine = { name: "access_log", stream: "stdout", pid: 0, seq: 0, at: 0, text: "", continued: false, dropped: 0 } as const;

/** The streams of this process, as long as they hold little that nobody has read yet. */
export function processOutput(stream: "stdout" | "stderr", text: string): boolean {
  const target = process[stream];
  if (target.writableLength > heldBytes) return false;
  target.write(text);
  return true;
}
