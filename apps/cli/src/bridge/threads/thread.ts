import { Worker } from "node:worker_threads";
import { type AbortOptions, type Deps, type Logger, messageOf } from "@mothership/kernel";
import type { Availability } from "../availability.ts";
import { EdgeThreadError } from "../errors.ts";
import type { FromThread, PlainError, ThreadReport, ThreadRequest, ThreadStart, ToThread } from "./messages.ts";

/** Where the build puts `worker.ts`, beside the file that this one becomes part of. */
const entry = new URL("./edge-thread.js", import.meta.url);
/** A thread that was told to hurry gets so long before it is waited for no longer. */
const forceMs = 1000;

interface AskOptions extends AbortOptions {
  readonly withinMs?: number;
}

/** What a thread tells without being asked. */
export interface ThreadListener {
  readonly onReport: (report: ThreadReport) => void;
  readonly onAccess?: ((line: string) => void) | undefined;
  /** So many lines of it were left out, for the main thread did not take them as fast as they came. */
  readonly onAccessDropped?: ((lines: number) => void) | undefined;
  /** A request to an upstream failed, or the first after such a failure was answered. */
  readonly onJudged: (upstream: string, failure: string | undefined) => void;
}

/** One further thread of the edge, from its start to its end. */
export class EdgeThread {
  readonly number: number;
  /** Resolves when its listeners are open; rejects with `EdgeThreadError` when they cannot be, or it ended before. */
  readonly opened: Promise<void>;
  /** Resolves with the reason when it is gone, for whatever reason. */
  readonly ended: Promise<string>;
  readonly #worker: Worker;
  readonly #deps: Deps;
  readonly #log: Logger;
  readonly #hears: ThreadListener;
  readonly #asked = new Map<number, PromiseWithResolvers<void>>();
  readonly #opening = Promise.withResolvers<void>();
  #lastId = 0;
  #isOpen = false;
  #reason: string | undefined;

  constructor(start: ThreadStart, deps: Deps, hears: ThreadListener) {
    this.number = start.thread;
    this.#deps = deps;
    this.#log = deps.log.child({ thread: start.thread });
    this.#hears = hears;
    this.opened = this.#opening.promise;
    // Whoever waits for it hears of it; nobody has to.
    this.opened.catch(() => undefined);
    this.#worker = new Worker(entry, { workerData: start, name: `edge ${start.thread}` });
    this.#worker.on("message", (message: FromThread) => this.#heard(message));
    this.#worker.on("error", (error) => {
      this.#reason ??= messageOf(error);
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        const reason = this.#reason ?? `it ended with code ${code}`;
        this.#isOpen = false;
        const error = new EdgeThreadError(this.number, { message: reason });
        this.#opening.reject(error);
        for (const { reject } of this.#asked.values()) reject(error);
        resolve(reason);
      });
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  setAvailable(upstream: string, available: Availability): void {
    this.#post({ type: "available", upstream, available });
  }

  /**
   * Asks for something, and resolves when it is done. When the signal fires the thread does it without patience, in a second at most.
   *
   * @throws {EdgeThreadError} when it cannot be done, is not done within `withinMs`, or the thread ends meanwhile.
   */
  async ask(request: ThreadRequest, { signal, withinMs }: AskOptions = {}): Promise<void> {
    if (this.#reason !== undefined) throw new EdgeThreadError(this.number, { message: this.#reason });
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<void>();
    const { clock } = this.#deps;
    const late = (): void => answer.reject(new EdgeThreadError(this.number, { message: `it did not answer to "${request.type}" in time` }));
    const timers = withinMs === undefined ? [] : [clock.timer(withinMs, late)];
    const hurry = (): void => {
      this.#post({ type: "abort", id });
      timers.push(clock.timer(forceMs, late));
    };
    this.#asked.set(id, answer);
    this.#post({ ...request, id });
    signal?.addEventListener("abort", hurry, { once: true });
    if (signal?.aborted) hurry();
    try {
      await answer.promise;
    } finally {
      this.#asked.delete(id);
      signal?.removeEventListener("abort", hurry);
      for (const timer of timers) timer[Symbol.dispose]();
    }
  }

  /** Lets its requests finish until the signal fires; resolves when nothing of it is left. */
  async close(options: AbortOptions = {}): Promise<void> {
    try {
      if (this.#isOpen) await this.ask({ type: "close" }, options);
    } catch (error) {
      this.#log.debug("A thread did not close by itself", { reason: messageOf(error) });
    }
    await this.end("it was closed");
  }

  /** Ends it at once, and with it its connections. */
  async end(reason: string): Promise<void> {
    this.#reason ??= reason;
    await this.#worker.terminate();
    await this.ended;
  }

  #post(message: ToThread): void {
    // To a thread that has ended nothing is sent, and nothing happens.
    this.#worker.postMessage(message);
  }

  #heard(message: FromThread): void {
    switch (message.type) {
      case "opened":
        this.#isOpen = true;
        this.#opening.resolve();
        return;
      case "failed":
        this.#opening.reject(new EdgeThreadError(this.number, message.error));
        this.#reason ??= message.error.message;
        return;
      case "answer":
        this.#answered(message.id, message.report, message.error);
        return;
      case "report":
        this.#hears.onReport(message.report);
        return;
      case "access":
        for (const line of message.lines) this.#hears.onAccess?.(line);
        if (message.dropped > 0) this.#hears.onAccessDropped?.(message.dropped);
        this.#post({
          type: "accessTaken",
          lines: message.lines.length,
          characters: message.lines.reduce((sum, line) => sum + line.length, 0),
        });
        return;
      case "judged":
        this.#hears.onJudged(message.upstream, message.failure);
        return;
      case "log":
        this.#log[message.level](message.message, message.fields);
        return;
    }
  }

  #answered(id: number, report: ThreadReport | undefined, error: PlainError | undefined): void {
    // Counted also where nobody waits for it any more: it is handed over once.
    if (report) this.#hears.onReport(report);
    const answer = this.#asked.get(id);
    if (error) answer?.reject(new EdgeThreadError(this.number, error));
    else answer?.resolve();
  }
}
