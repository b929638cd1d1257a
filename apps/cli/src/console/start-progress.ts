import type { UnitSnapshot } from "@mothership/control";
import type { Manifest } from "@mothership/manifest";
import type { Line, Span } from "@mothership/tui/text";
import { span } from "@mothership/tui/text";

/** A phase of the start that is over. */
export interface DonePhase {
  readonly name: string;
  readonly tookMs: number;
  /** What was done in it. */
  readonly what: string;
}

/** States in which a unit does not come up by itself any more, or only after a while: they are named first. */
const troubled: ReadonlySet<string> = new Set(["backoff", "failed", "unready"]);
/** Names in the line of progress; more are counted. */
const mostNamed = 3;

/** What a start has done and waits for. Told by whoever sees the fleet; reads no clock. */
export class StartProgress {
  readonly #manifest: Manifest;
  readonly #units = new Map<string, UnitSnapshot>();
  readonly #beganAt: number;
  #phase = "preflight";
  #since: number;

  constructor(manifest: Manifest, now: number) {
    this.#manifest = manifest;
    this.#beganAt = now;
    this.#since = now;
  }

  /** Of the lifecycle, as far as it is known here. */
  get phase(): string {
    return this.#phase;
  }

  /** Milliseconds since the start began. */
  elapsed(now: number): number {
    return now - this.#beganAt;
  }

  /** Milliseconds since the phase began. */
  inPhase(now: number): number {
    return now - this.#since;
  }

  unit(unit: UnitSnapshot): void {
    this.#units.set(unit.name, unit);
  }

  /** The fleet went on to `phase`. Gives what ended with it; undefined where the manifest asks for nothing in that phase. */
  moved(phase: string, now: number): DonePhase | undefined {
    const ended = this.#phase;
    const tookMs = now - this.#since;
    if (phase === ended) return undefined;
    this.#phase = phase;
    this.#since = now;
    const what = this.#workOf(ended);
    return what === undefined ? undefined : { name: ended, tookMs, what };
  }

  /** What goes on, in one line: `launching  3 of 12 ready  8s  waits for app (exited with code 1), db`. */
  line(now: number): Line {
    const took = { text: `  ${span(now - this.#since)}`, dim: true };
    const name = { text: this.#phase, bold: true };
    const members = this.#membersOf(this.#phase);
    const units = [...this.#units.values()].filter(({ name, state }) => state !== "disabled" && (members?.has(name) ?? true));
    if (this.#phase === "draining") {
      const left = units.filter(({ pid }) => pid !== undefined);
      return [name, { text: `  ${left.length} left to stop` }, took, ...named("", left, false)];
    }
    if (units.length === 0 || members === undefined) return [name, took, { text: `  ${this.#workOf(this.#phase) ?? ""}` }];
    const waiting = units.filter(({ healthy }) => !healthy);
    const bad = waiting.filter(({ state, crashLoop }) => crashLoop || troubled.has(state));
    const others = waiting.filter((unit) => !bad.includes(unit));
    return [
      name,
      { text: `  ${units.length - waiting.length} of ${units.length} ${this.#phase === "prelaunch" ? "done" : "ready"}` },
      took,
      ...named("waits for", [...bad, ...others], true),
    ];
  }

  /** Names of those that a phase waits for; undefined: not of a part of them. */
  #membersOf(phase: string): ReadonlySet<string> | undefined {
    const { mothership, ships, bays } = this.#manifest;
    const members = { prelaunch: mothership.prelaunch, docking: bays, launching: [...ships, ...bays] };
    if (phase !== "prelaunch" && phase !== "docking" && phase !== "launching") return undefined;
    return new Set(members[phase].map(({ name }) => name));
  }

  /** What the manifest has for a phase, for a person; undefined: nothing. */
  #workOf(phase: string): string | undefined {
    const { mothership, ships, bays } = this.#manifest;
    switch (phase) {
      case "preflight":
        return mothership.uplinks.length === 0
          ? "commands and addresses"
          : `commands, addresses and ${counted(mothership.uplinks.length, "uplink")}`;
      case "electing":
        return mothership.flagship.enabled ? "one server runs the prelaunch jobs" : undefined;
      case "prelaunch":
        return mothership.prelaunch.length === 0 ? undefined : mothership.prelaunch.map(({ name }) => name).join(", ");
      case "docking":
        return countOf(bays, "bay");
      case "launching":
        return countOf(ships, "ship");
      default:
        return undefined;
    }
  }
}

function countOf(members: readonly { readonly disabled: boolean }[], what: string): string | undefined {
  const count = members.filter(({ disabled }) => !disabled).length;
  return count === 0 ? undefined : counted(count, what);
}

function named(words: string, units: readonly UnitSnapshot[], reasons: boolean): Span[] {
  if (units.length === 0) return [];
  const names = units
    .slice(0, mostNamed)
    .map((unit) => (reasons && troubled.has(unit.state) && unit.reason ? `${unit.name} (${unit.reason})` : unit.name));
  const more = units.length > mostNamed ? ` and ${units.length - mostNamed} more` : "";
  return [{ text: `  ${words} ${names.join(", ")}${more}`.replace(/^ {3}/, "  ") }];
}

/** `1 ship`, `2 ships`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** How long something took: `0.4s`, `12s`, `3m`. */
export function took(ms: number): string {
  return ms < 9950 ? `${(Math.max(0, ms) / 1000).toFixed(1)}s` : span(ms);
}
