import { type AbortOptions, backoffDelay, type Deps, messageOf } from "@mothership/kernel";
import { codeOf } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { type LinkLoss, type MooredLink, openMooredLink } from "./link.ts";
import type { CompleteBaySpec } from "./spec.ts";

/** What comes of dialling. */
export interface DiallerHost {
  /** A link is moored. Returns what its frames go to. */
  up(link: MooredLink): { receive(frame: Frame): void; drained(): void };
  /** Called once for each link that was up. */
  down(link: MooredLink, loss: LinkLoss): void;
}

/** A bay that keeps breaking the protocol, or that cannot be reached, is not dialled in a tight loop. */
const backoff = { minDelayMs: 100, maxDelayMs: 5_000 };
/** A link that lived so long shows that the bay is well. */
const wellMs = 10_000;

function replay(frames: readonly Frame[], target: { receive(frame: Frame): void }, link: MooredLink): void {
  try {
    for (const frame of frames) target.receive(frame);
  } catch (error) {
    link.fail(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

/** Keeps as many links to a bay as are wanted, dialling anew what is lost, until it is closed. */
export class Dialler {
  readonly #spec: CompleteBaySpec;
  readonly #deps: Deps;
  readonly #session: string;
  readonly #host: DiallerHost;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #wanted = 1;
  #failures = 0;

  constructor(spec: CompleteBaySpec, session: string, deps: Deps, host: DiallerHost) {
    this.#spec = spec;
    this.#session = session;
    this.#deps = deps;
    this.#host = host;
  }

  /** From now on so many links are kept; further ones are dialled at once. Less than there are changes nothing until they are lost. */
  want(links: number): void {
    this.#wanted = links;
    while (this.#running.size < this.#wanted && !this.#closing.signal.aborted) this.#run();
  }

  /** Dials one link more than is wanted: to a process that takes over. It is the loss of an older one that ends the surplus. */
  dialExtra(): void {
    this.#run(true);
  }

  /** Stops dialling at once. Resolves when the links that are up are lost: whoever has them closes them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  #run(extra = false): void {
    const run = this.#keep(extra).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** One berth: dials, waits for the loss, dials again. Ends when there are more of them than are wanted; an extra one not before it had a link. */
  async #keep(extra: boolean): Promise<void> {
    const { signal } = this.#closing;
    const pause = (): Promise<void> => this.#deps.clock.sleep(backoffDelay(this.#failures, backoff, Math.random), { signal });
    while (!signal.aborted) {
      const lived = await this.#dial({ signal });
      if (lived !== undefined && lived >= wellMs) this.#failures = 0;
      if (this.#running.size > this.#wanted && !(extra && lived === undefined)) return;
      // Rejects only when dialling is over, which the loop sees.
      if (this.#failures > 0) await pause().catch(() => undefined);
    }
  }

  /** How long the link lived that came of it; undefined when none did. */
  async #dial({ signal }: AbortOptions): Promise<number | undefined> {
    const { clock, log } = this.#deps;
    let target: ReturnType<DiallerHost["up"]> | undefined;
    // Frames that come in the same turn as Moored wait for their receiver.
    const early: Frame[] = [];
    try {
      const receive = (frame: Frame): void => (target ? target.receive(frame) : void early.push(frame));
      const link = await openMooredLink(this.#spec, this.#deps, {
        signal,
        session: this.#session,
        receive,
        drained: () => target?.drained(),
      });
      const since = clock.now();
      target = this.#host.up(link);
      replay(early, target, link);
      const loss = await link.ended;
      if (loss.kind === "fault" || loss.kind === "silent") this.#failures++;
      this.#host.down(link, loss);
      return clock.now() - since;
    } catch (error) {
      if (signal?.aborted) return undefined;
      this.#failures++;
      log.warn("a bay could not be docked with", { reason: messageOf(error), code: codeOf(error) });
      return undefined;
    }
  }
}
