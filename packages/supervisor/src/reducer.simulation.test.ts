import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { isGone } from "./needs.ts";
import type { Cause, CauseType, Effect, ProcessRecord, TimerName } from "./record.ts";
import { newRecord } from "./record.ts";
import { reduce } from "./reducer.ts";
import type { CompleteSpec, ProcessSpec } from "./spec.ts";
import { withDefaults } from "./spec.ts";
import { causeTypes } from "./table.ts";

const steps = 100_000;
const stepsPerLife = 500;
const seed = Number(process.env["MS_SIMULATION_SEED"] ?? randomInt(2 ** 32));

/** A small generator whose numbers depend on the seed alone (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A machine on which one process lives: what the effects do to it, and what can happen on it. It checks the invariants at every step. */
class Machine {
  record: ProcessRecord = newRecord(false);
  now = 0;
  spawns = 0;
  ends = 0;
  #alive = false;
  #descendants = 0;
  #timers = new Map<TimerName, number>();
  #checks: "none" | "startup" | "running" = "none";
  #draining = false;
  #sweeping = false;
  /** The last command by hand: what the process is meant to do. */
  #meant: "run" | "stop" = "stop";
  readonly #random: () => number;
  readonly #spec: CompleteSpec;

  constructor(spec: CompleteSpec, random: () => number) {
    this.#spec = spec;
    this.#random = random;
  }

  /** All that could happen now. */
  possible(): Cause[] {
    const { incarnation, state } = this.record;
    const list: Cause[] = [];
    if (state === "waiting") list.push({ type: "go" });
    if (this.#alive) {
      const codes = [0, 1, 3, 143];
      list.push({
        type: "exited",
        incarnation,
        code: codes[Math.floor(this.#random() * codes.length)]!,
        signal: null,
        frozen: this.#random() < 0.1,
      });
      list.push({ type: "exited", incarnation, code: null, signal: "SIGKILL", frozen: false });
    }
    if (this.#checks === "startup")
      list.push({ type: "startupPassed", incarnation }, { type: "startupFailed", incarnation, reason: "late" });
    if (this.#checks === "running") {
      list.push({ type: "readyPassed", incarnation }, { type: "readyFailed", incarnation, reason: "500" });
      list.push({ type: "liveFailed", incarnation, reason: "timeout" });
    }
    if (this.#draining) list.push({ type: "drained", incarnation });
    if (this.#sweeping && this.#descendants === 0 && !this.#alive) list.push({ type: "emptied", incarnation });
    const due = [...this.#timers].sort(([, a], [, b]) => a - b)[0];
    if (due) list.push({ type: `${due[0]}Elapsed`, incarnation });
    return list;
  }

  /** Something that nobody waits for: a command, a stale result, a cause out of place. */
  disturbance(): Cause {
    const commands = ["start", "stop", "restart", "disable", "enable"] as const;
    const pick = this.#random();
    if (pick < 0.6) return { type: commands[Math.floor(this.#random() * commands.length)]! };
    if (pick < 0.7) return { type: "recycle", reason: "memory" };
    const staleTypes = causeTypes.filter(
      (type) => type.endsWith("Elapsed") || type.endsWith("Passed") || type === "drained" || type === "emptied",
    );
    const type = staleTypes[Math.floor(this.#random() * staleTypes.length)]!;
    // These all carry an incarnation.
    return { type, incarnation: this.record.incarnation - 1 - Math.floor(this.#random() * 3) } as Cause;
  }

  take(cause: Cause): void {
    if (cause.type.endsWith("Elapsed") && "incarnation" in cause && cause.incarnation === this.record.incarnation) {
      // Every such type begins with the name of its timer.
      const name = cause.type.slice(0, -"Elapsed".length) as TimerName;
      this.now = Math.max(this.now, this.#timers.get(name) ?? this.now);
      this.#timers.delete(name);
    }
    this.now += this.#random() * 500;
    if (cause.type === "exited") {
      this.#alive = false;
      this.ends++;
    }
    if (cause.type === "emptied" && cause.incarnation === this.record.incarnation) this.#sweeping = false;
    if (cause.type === "drained" && cause.incarnation === this.record.incarnation) this.#draining = false;
    if (cause.type === "start" || cause.type === "restart") this.#meant = this.record.state === "disabled" ? this.#meant : "run";
    if (cause.type === "stop" || cause.type === "disable") this.#meant = "stop";

    const before = this.record;
    const { record, effects } = reduce(before, cause, { spec: this.#spec, now: this.now, random: this.#random });
    this.record = record;
    this.#check(before, cause);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    const { incarnation } = this.record;
    switch (effect.type) {
      case "spawn":
        assert(!this.#alive && this.#descendants === 0, "two incarnations at once");
        assert.equal(this.spawns, this.ends, "a start without an end");
        this.spawns++;
        if (this.#random() < 0.1) {
          this.ends++;
          this.take({ type: "spawnFailed", incarnation, reason: "no such file", permanent: this.#random() < 0.5 });
          return;
        }
        this.#alive = true;
        this.#descendants = Math.floor(this.#random() * 3);
        this.take({ type: "spawned", incarnation });
        return;
      case "check":
        this.#checks = effect.phase;
        return;
      case "stopChecks":
        this.#checks = "none";
        return;
      case "drain":
        if (this.#random() < 0.5) this.take({ type: "drained", incarnation });
        else this.#draining = true;
        return;
      case "endDrain":
        this.#draining = false;
        return;
      case "terminate":
        return;
      case "sweep":
        this.#sweeping = true;
        if (this.#random() < 0.7) this.#descendants = 0;
        return;
      case "kill":
        // Now and then something survives even that.
        if (this.#random() < 0.9) this.#descendants = 0;
        return;
      case "endSweep":
        this.#sweeping = false;
        return;
      case "timer":
        this.#timers.set(effect.name, this.now + effect.ms);
        return;
      case "cancel":
        this.#timers.delete(effect.name);
        return;
      case "lost":
        assert(this.#spec.essential && this.record.state === "failed");
        return;
      case "stuck":
        return;
    }
  }

  #check(before: ProcessRecord, cause: Cause): void {
    const { state, desired, restarting, failures, delayMs } = this.record;
    const { restart } = this.#spec;
    if (isGone(this.record) && !this.record.stuck) {
      assert(!this.#alive && this.#descendants === 0, `${state} with a family`);
    }
    if (state === "starting" && before.state !== "starting") assert.equal(cause.type, "go");
    if (before.desired === "stop" && desired === "run") assert(cause.type === "start" || cause.type === "restart");
    if (state === "waiting" || state === "backoff" || state === "starting") assert.equal(desired, "run", `${state} against the wish`);
    assert.equal(desired, this.#meant, "a manual stop or start was forgotten");
    if (state === "backoff") assert(delayMs <= restart.maxDelayMs * (1 + restart.jitter));
    if (this.#spec.essential) assert(failures <= restart.maxRestarts + 1);
    assert(this.record.incarnation >= before.incarnation);
    if (restarting) {
      assert(["draining", "stopping", "sweeping", "waiting", "starting"].includes(state), `said to be restarting in ${state}`);
      assert(desired === "run" && !this.record.stuck, "said to be restarting against the wish");
    }
    if (restarting && !before.restarting) assert(cause.type === "restart" || cause.type === "recycle");
  }

  /** After the effects of a step: nothing is left running that the state has no use for. */
  checkRest(): void {
    const { state } = this.record;
    const timers = [...this.#timers.keys()];
    const uses: Partial<Record<ProcessRecord["state"], readonly TimerName[]>> = {
      backoff: ["delay"],
      up: ["stable"],
      ready: ["stable"],
      stopping: ["grace", "sweep"],
      sweeping: ["grace", "sweep"],
    };
    for (const timer of timers) assert(uses[state]?.includes(timer), `timer ${timer} in ${state}`);
    const checks = state === "starting" ? ["none", "startup"] : ["up", "ready", "unready"].includes(state) ? ["running"] : ["none"];
    assert(checks.includes(this.#checks), `checks in ${state}`);
    assert(!this.#draining || state === "draining", `a drain in ${state}`);
    assert.equal(this.#sweeping, state === "sweeping", `a sweep in ${state}`);
  }

  /** From here on nobody disturbs, and what was told to end ends. It must come to rest. */
  settle(): void {
    for (let count = 0; count < 60; count++) {
      const { state, incarnation } = this.record;
      if (["disabled", "stopped", "completed", "failed", "up", "ready"].includes(state)) return;
      this.#descendants = 0;
      const possible = this.possible();
      const helpful: readonly CauseType[] = ["go", "startupPassed", "drained", "emptied", "readyPassed", "delayElapsed"];
      const next =
        possible.find(({ type }) => helpful.includes(type)) ??
        // One that survived SIGKILL may still be there while it is swept; it ends like the others.
        (state === "stopping" || (state === "sweeping" && this.#alive)
          ? ({ type: "exited", incarnation, code: 0, signal: null, frozen: false } as const)
          : undefined);
      if (!next) break;
      this.take(next);
    }
    assert.fail(`no rest in ${this.record.state} (${this.record.reason})`);
  }
}

const variants: readonly Partial<ProcessSpec>[] = [
  {},
  { essential: true },
  { essential: true, ready: { probe: { kind: "tcp", host: "127.0.0.1", port: 80 } } },
  { ready: { probe: { kind: "tcp", host: "127.0.0.1", port: 80 } }, restart: { maxRestarts: 3, fatalExitCodes: [3] } },
  { kind: "task", restart: { when: "on-failure", successExitCodes: [0, 143] } },
  { kind: "task", essential: true },
];

test(`keeps its invariants over ${steps} random steps (seed ${seed})`, () => {
  const visited = new Set<string>();
  const random = randomFrom(seed);
  let done = 0;
  let spawns = 0;
  try {
    for (let life = 0; done < steps; life++) {
      const machine = new Machine(withDefaults({ name: "web", command: "web", env: {}, ...variants[life % variants.length]! }), random);
      for (let at = 0; at < stepsPerLife; at++, done++) {
        const possible = machine.possible();
        const cause = possible.length === 0 || random() < 0.15 ? machine.disturbance() : possible[Math.floor(random() * possible.length)]!;
        visited.add(`${machine.record.state} ${cause.type}`);
        machine.take(cause);
        machine.checkRest();
      }
      machine.settle();
      spawns += machine.spawns;
    }
  } catch (error) {
    throw new Error(`seed ${seed}, step ${done}: run again with MS_SIMULATION_SEED=${seed}`, { cause: error });
  }
  // It really went about: commands and timers met processes in all their states.
  expect(spawns).toBeGreaterThan(steps / 50);
  expect(visited.size).toBeGreaterThan(120);
});
