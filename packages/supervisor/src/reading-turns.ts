import { scheduler } from "node:timers/promises";
import type { Logger } from "@mothership/kernel";
import { background } from "./background.ts";

/** Bytes that one pipe is read of before it waits for its next turn. */
export const turnBytes = 65_536;
/** Pipes that have their turn in one turn of the event loop: with `turnBytes`, a quarter of a megabyte of lines. */
const pipesPerTurn = 4;

/**
 * Who may go on reading. Node reads a pipe for as long as its writer is faster, megabytes at a time, and everything else of this process
 * would wait meanwhile: here each pipe of a flood has its turn after the others, and the rest of the event loop has its own between them.
 */
export class ReadingTurns {
  readonly #log: Logger;
  readonly #queue: (() => void)[] = [];
  #running = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Calls `run` in a later turn of the event loop, after those that came before. */
  next(run: () => void): void {
    this.#queue.push(run);
    if (this.#running) return;
    this.#running = true;
    background(this.#serve(), this.#log);
  }

  async #serve(): Promise<void> {
    while (this.#queue.length > 0) {
      await scheduler.yield();
      for (const run of this.#queue.splice(0, pipesPerTurn)) run();
    }
    this.#running = false;
  }
}
