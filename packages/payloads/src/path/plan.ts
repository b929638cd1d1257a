import { PatternSet } from "@mothership/patterns";
import type { Payload } from "../payload.ts";

/** The payloads that see requests of one kind of path, in the order of the manifest. */
export interface Plan {
  readonly payloads: readonly Payload[];
  /** Bytes of a request body that all of them that read it can take; undefined where none does. */
  readonly mostRequestBytes: number | undefined;
}

/** Finds the payloads for a path: all patterns are tried in one pass, and what was worked out once is kept. */
export class Plans {
  readonly #patterns: PatternSet;
  /** For each pattern the payload that it belongs to. */
  readonly #owners: readonly Payload[];
  readonly #payloads: readonly Payload[];
  // The set gives the same frozen array for the same matches.
  readonly #known = new WeakMap<readonly number[], Plan>();

  /** @throws {PatternError} for a pattern that cannot be used. */
  constructor(payloads: readonly Payload[]) {
    this.#payloads = payloads;
    this.#owners = payloads.flatMap((payload) => payload.spec.routes.map(() => payload));
    this.#patterns = new PatternSet(payloads.flatMap((payload) => payload.spec.routes));
  }

  /** The plan for a path; its list is empty where no payload is meant. */
  for(path: string): Plan {
    const matches = this.#patterns.match(path);
    const known = this.#known.get(matches);
    if (known) return known;
    const meant = new Set(matches.map((index) => this.#owners[index]));
    const payloads = this.#payloads.filter((payload) => meant.has(payload));
    const holding = payloads.filter((payload) => payload.request && payload.spec.body);
    const plan: Plan = {
      payloads,
      mostRequestBytes: holding.length === 0 ? undefined : Math.min(...holding.map((payload) => payload.spec.maxBodyBytes)),
    };
    this.#known.set(matches, plan);
    return plan;
  }
}
