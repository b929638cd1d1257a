import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Logger } from "@mothership/kernel";
import { background } from "./background.ts";
import type { LogSink } from "./contract.ts";
import type { SupervisorEvents } from "./events.ts";
import type { Piece } from "./line-splitter.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { LogLine } from "./lines.ts";
import { LogBuffer } from "./log-buffer.ts";
import type { LogFile } from "./log-file.ts";
import { openLogFile } from "./log-file.ts";
import type { ReadingTurns } from "./reading-turns.ts";
import { turnBytes } from "./reading-turns.ts";
import { SinkFeed } from "./sink-feed.ts";
import type { LogFileSpec, LogPolicy } from "./spec.ts";

/** A line without its newline is given on after this time. */
const partialMs = 200;
/** The pipes of a process that has ended are read for so long: something that it left behind may hold them open. */
const afterExitMs = 500;
/** What is still being read then goes on for so many times that: a flood of many processes may take so long to get through. */
const afterExitMore = 20;

export interface OutputDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Shared by all who read. */
  readonly turns: ReadingTurns;
  readonly sinks: readonly LogSink[];
  readonly onLine: (line: LogLine) => void;
  readonly onDropped: (event: SupervisorEvents["linesDropped"]) => void;
}

/** The output of one process over all its incarnations: from the pipes to memory, listeners and sinks. */
export class ProcessOutput {
  readonly buffer: LogBuffer;
  readonly #name: string;
  readonly #deps: OutputDeps;
  #file: LogFile | undefined;
  #feeds: readonly SinkFeed[];
  readonly #open = new Set<Readable>();
  /** Those that have had their turn. */
  readonly #waiting = new Set<Readable>();
  #policy: LogPolicy;
  #retiring: Promise<unknown> = Promise.resolve();
  #seq = 0;
  /** Bytes. */
  #read = 0;
  #lost = 0;

  constructor(name: string, policy: LogPolicy, deps: OutputDeps) {
    this.buffer = new LogBuffer(policy);
    this.#name = name;
    this.#policy = policy;
    this.#deps = deps;
    this.#feeds = deps.sinks.map((sink) => this.#feed(sink));
    this.#useFile(policy.file);
  }

  /** Lines that did not reach a sink or follower. */
  get dropped(): number {
    return this.#lost + this.buffer.dropped;
  }

  set policy(policy: LogPolicy) {
    const { file } = this.#policy;
    this.#policy = policy;
    this.buffer.resize(policy);
    if (!isDeepStrictEqual(file, policy.file)) this.#useFile(policy.file);
  }

  /** Reads the output of a new incarnation. Resolves when it is closed: soon after the process ended, whoever else holds the pipes. */
  attach(child: ChildProcess, pid: number): Promise<void> {
    // One that has a terminal has no second output.
    const pipes = [child.stdout, child.stderr].filter((stream) => stream !== null);
    const ends = pipes.map((stream) => this.#listen(stream, stream === child.stdout ? "stdout" : "stderr", pid));
    const all = Promise.all(ends).then(() => undefined);
    child.once("exit", () => {
      let timer: Disposable;
      let more = afterExitMore;
      let read = this.#read;
      const giveUp = (): void => {
        // While a sink holds it up, or it is in the middle of a flood, there may be more to read that must not be lost.
        const flooding = this.#read - read >= turnBytes || pipes.some((stream) => this.#waiting.has(stream));
        read = this.#read;
        if (this.#blocked || (flooding && more-- > 0)) timer = this.#deps.clock.timer(afterExitMs, giveUp);
        else for (const stream of pipes) stream.destroy();
      };
      timer = this.#deps.clock.timer(afterExitMs, giveUp);
      background(
        all.then(() => timer[Symbol.dispose]()),
        this.#deps.log,
      );
    });
    return all;
  }

  /** Opens the log file anew. */
  reopen(): void {
    this.#file?.reopen();
  }

  /** Stops reading, though a sink may hold something up. */
  cut(): void {
    if (this.#open.size === 0) return;
    this.#deps.log.warn("output was cut off because a sink stayed full", { ship: this.#name });
    for (const stream of this.#open) stream.destroy();
  }

  /** For a process that is down: the last lines are written, and the readers have an end. */
  async close(): Promise<void> {
    await this.#file?.close();
    await this.#retiring;
    for (const feed of this.#feeds) feed.close();
    this.buffer.close();
  }

  #feed(sink: LogSink): SinkFeed {
    return new SinkFeed(sink, this.#deps.clock, {
      onRoom: () => this.#resume(),
      onDropped: (count, reason) => this.#dropped(sink.name, count, reason),
    });
  }

  #useFile(file: LogFileSpec | undefined): void {
    if (this.#file) {
      const old = this.#file;
      this.#feeds = this.#feeds.slice(0, this.#deps.sinks.length);
      this.#retiring = Promise.all([this.#retiring, old.close()]);
      this.#file = undefined;
    }
    if (!file) return;
    this.#file = openLogFile(file, this.#deps, (count, reason) => this.#dropped(file.path, count, reason));
    this.#feeds = [...this.#feeds, this.#feed(this.#file)];
  }

  #dropped(sink: string, count: number, reason: string): void {
    this.#lost += count;
    this.#deps.onDropped({ name: this.#name, sink, count, reason });
  }

  #listen(stream: Readable, name: LogLine["stream"], pid: number): Promise<void> {
    const { clock } = this.#deps;
    const splitter = new LineSplitter(this.#policy.maxLineBytes);
    let partial: Disposable | undefined;
    let taken = 0;
    const flush = (): void => {
      // While it is us who do not read on, the rest of the line may be waiting already.
      partial = this.#blocked || this.#waiting.has(stream) ? clock.timer(partialMs, flush) : undefined;
      const piece = partial ? undefined : splitter.flush(false);
      if (piece) this.#line(piece, name, pid, clock.wallTime());
    };
    this.#open.add(stream);
    stream.on("data", (chunk: Buffer) => {
      const pieces = splitter.push(chunk);
      // All of it came now; asking for the time once a line would cost as much as finding the line.
      const at = clock.wallTime();
      for (const piece of pieces) this.#line(piece, name, pid, at);
      // The time runs from the first byte of a line, so that dots printed one by one are seen.
      if (pieces.length > 0) {
        partial?.[Symbol.dispose]();
        partial = undefined;
      }
      if (splitter.pending) partial ??= clock.timer(partialMs, flush);
      this.#press();
      this.#read += chunk.length;
      taken += chunk.length;
      if (taken < turnBytes) return;
      taken = 0;
      this.#endTurn(stream);
    });
    return new Promise((resolve) => {
      stream.on("error", () => stream.destroy()); // the other end is gone; "close" follows
      stream.once("close", () => {
        partial?.[Symbol.dispose]();
        this.#open.delete(stream);
        const piece = splitter.flush(true);
        if (piece) this.#line(piece, name, pid, clock.wallTime());
        resolve();
      });
    });
  }

  #line({ text, bytes, continued }: Piece, stream: LogLine["stream"], pid: number, at: number): void {
    const line: LogLine = { name: this.#name, stream, pid, seq: ++this.#seq, at, text, continued, dropped: 0 };
    this.buffer.add(line, bytes.length);
    for (const feed of this.#feeds) feed.write(line, bytes);
    this.#deps.onLine(line);
  }

  get #blocked(): boolean {
    return this.#feeds.some((feed) => feed.full);
  }

  /** Lets the process wait while a sink is full. */
  #press(): void {
    if (!this.#blocked) return;
    for (const stream of this.#open) stream.pause();
    if (this.#policy.onFull === "drop") for (const feed of this.#feeds) feed.dropSoon();
  }

  #resume(): void {
    if (this.#blocked) return;
    for (const stream of this.#open) if (!this.#waiting.has(stream)) stream.resume();
  }

  /** Lets the others have theirs. */
  #endTurn(stream: Readable): void {
    stream.pause();
    this.#waiting.add(stream);
    this.#deps.turns.next(() => {
      this.#waiting.delete(stream);
      if (!this.#blocked) stream.resume();
    });
  }
}
