import { dependentsOf } from "./graph.ts";
import { isRunning, unmetNeeds } from "./needs.ts";
import type { ManagedProcess } from "./process.ts";
import type { ProcessRecord } from "./record.ts";

/** Decides which waiting process is started when: its own needs and a free place, no barriers. */
export class Scheduler {
  readonly #maxStarting: number;
  readonly #processes: ReadonlyMap<string, ManagedProcess>;
  /** Told to go, and not beyond `starting` yet. */
  readonly #placed = new Set<ManagedProcess>();
  /** Could be started, but there is no place. */
  readonly #line = new Set<ManagedProcess>();
  #dependents: ReadonlyMap<string, readonly string[]> = new Map();
  #held = false;

  constructor(maxStarting: number, processes: ReadonlyMap<string, ManagedProcess>) {
    this.#maxStarting = maxStarting;
    this.#processes = processes;
  }

  /** The set or its dependencies have changed. */
  rebuild(): void {
    const all = [...this.#processes.values()];
    this.#dependents = dependentsOf(all.map(({ spec }) => spec));
    for (const process of all) {
      const waited = this.#dependentsOf(process).flatMap((one) => one.spec.dependsOn.filter(({ on }) => on === process.name));
      process.watch(waited.flatMap((dependency) => (dependency.condition === "log" ? [dependency.pattern] : [])));
    }
    for (const process of all) this.#consider(process);
  }

  /** For good: nothing is started any more, and nobody follows one that went down. */
  hold(): void {
    this.#held = true;
  }

  changed(process: ManagedProcess, before: ProcessRecord): void {
    const { state } = process.record;
    if (state !== "waiting") this.#line.delete(process);
    if (state !== "waiting" && state !== "starting" && this.#placed.delete(process)) this.#fill();
    this.#consider(process);
    const lost = isRunning(before) && !isRunning(process.record) && state !== "completed";
    for (const dependent of this.#dependentsOf(process)) {
      this.#consider(dependent);
      if (lost) this.#afterLoss(dependent, process);
    }
  }

  /** This process and, among those that wait for it, directly or through others that wait, all. */
  affectedBy(process: ManagedProcess): ReadonlySet<ManagedProcess> {
    const found = new Set([process]);
    for (const one of found) for (const dependent of this.#dependentsOf(one)) if (dependent.state === "waiting") found.add(dependent);
    return found;
  }

  /** Those among `names` that depend on this one directly. */
  dependentsWithin(name: string, names: ReadonlySet<string>): readonly string[] {
    return (this.#dependents.get(name) ?? []).filter((one) => names.has(one));
  }

  #dependentsOf(process: ManagedProcess): readonly ManagedProcess[] {
    return (this.#dependents.get(process.name) ?? []).flatMap((name) => this.#processes.get(name) ?? []);
  }

  #consider(process: ManagedProcess): void {
    if (this.#held || process.state !== "waiting" || this.#placed.has(process)) return;
    if (unmetNeeds(process, (name) => this.#processes.get(name)).length > 0) this.#line.delete(process);
    else if (this.#placed.size < this.#maxStarting) this.#place(process);
    else this.#line.add(process);
  }

  #place(process: ManagedProcess): void {
    this.#line.delete(process);
    this.#placed.add(process);
    process.dispatch({ type: "go" });
  }

  #fill(): void {
    for (const process of this.#line) {
      if (this.#placed.size >= this.#maxStarting) return;
      this.#line.delete(process);
      this.#consider(process);
    }
  }

  #afterLoss(dependent: ManagedProcess, lost: ManagedProcess): void {
    if (this.#held || !isRunning(dependent.record)) return;
    const wishes = dependent.spec.dependsOn.filter(({ on }) => on === lost.name).map(({ onLost }) => onLost);
    if (wishes.includes("stop")) dependent.dispatch({ type: "stop" });
    else if (wishes.includes("restart")) dependent.dispatch({ type: "recycle", reason: `"${lost.name}" went down` });
  }
}
