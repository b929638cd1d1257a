import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { compilePattern } from "@mothership/patterns";
import type { NotifyProbe, Probe } from "./probe.ts";
import { probesOf } from "./probes.ts";
import type { CompleteSpec } from "./spec.ts";

/** What one incarnation has said about itself: lines that somebody waits for, and that it is ready. */
export class Announcements {
  readonly #onNews: () => void;
  readonly #patterns = new Map<string, (line: string) => boolean>();
  readonly #seen = new Set<string>();
  #notified = false;

  constructor(onNews: () => void) {
    this.#onNews = onNews;
  }

  get notified(): boolean {
    return this.#notified;
  }

  /** Patterns to look out for, from now on. */
  watch(patterns: Iterable<string>): void {
    this.#patterns.clear();
    for (const pattern of patterns) {
      // Lines hold what clients send; a pattern that backtracks could be made to hold up everything.
      if (!this.#seen.has(pattern)) this.#patterns.set(pattern, compilePattern(pattern, { anchored: "search" }));
    }
  }

  printed(pattern: string): boolean {
    return this.#seen.has(pattern);
  }

  line(text: string): void {
    let news = false;
    for (const [pattern, matches] of this.#patterns) {
      if (!matches(text)) continue;
      this.#patterns.delete(pattern);
      this.#seen.add(pattern);
      news = true;
    }
    if (news) this.#onNews();
  }

  /** Listens on the channel of a new incarnation. */
  listen(child: ChildProcess, channel: "fd" | "ipc" | undefined): void {
    const notify = (): void => {
      if (this.#notified) return;
      this.#notified = true;
      this.#onNews();
    };
    if (channel === "ipc") {
      child.on("message", (message) => {
        if (message === "ready") notify();
      });
    } else if (channel === "fd") {
      // The third extra entry of `stdio` was asked for as a pipe that the process writes to.
      const pipe = child.stdio[3] as Readable;
      pipe.on("error", () => pipe.destroy()); // it was closed by the process
      pipe.on("data", (chunk: Buffer) => {
        if (chunk.includes(10)) notify();
      });
      child.once("exit", () => pipe.destroy());
    }
  }
}

/** The channel that the startup check of a process listens on. */
export function channelOf(spec: CompleteSpec): "fd" | "ipc" | undefined {
  const probe = startupProbes(spec).find(isNotify);
  return probe && (probe.channel ?? "fd");
}

/** The lines that the startup check of a process waits for. */
export function ownPatterns(spec: CompleteSpec): readonly string[] {
  return startupProbes(spec).flatMap((probe) => (typeof probe !== "function" && probe.kind === "log" ? [probe.pattern] : []));
}

function startupProbes({ startup }: CompleteSpec): readonly Probe[] {
  return startup ? probesOf(startup.probe) : [];
}

function isNotify(probe: Probe): probe is NotifyProbe {
  return typeof probe !== "function" && probe.kind === "notify";
}
