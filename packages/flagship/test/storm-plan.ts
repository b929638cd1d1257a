import { randomFrom } from "./random.ts";
import type { WorkSpec } from "./work.ts";

/** What happens to a launch, and when. Everything follows from the seed. */
export interface Plan {
  readonly seed: number;
  /** When each server comes, in milliseconds from the start. */
  readonly arrivals: readonly number[];
  readonly onFlagshipLoss: "abort" | "takeover";
  readonly explicit: boolean;
  readonly work: WorkSpec & { readonly kind: "pass time" };
  readonly disasters: readonly Disaster[];
}

export interface Disaster {
  readonly kind: "kill" | "cut" | "freeze" | "terminate" | "restart" | "crash";
  /** flagship: whoever works at that time; if nobody does, as soon as somebody begins. A number: this server. Restarts hit all. */
  readonly whom: "flagship" | number;
  readonly atMs: number;
  /** How long a cut or frozen connection stays so. */
  readonly forMs: number;
}

/** Timings of the elections of a storm. Short, and still long enough for a busy machine. */
export const timings = {
  electionTimeoutMs: 10_000,
  prelaunchTimeoutMs: 10_000,
  heartbeatMs: 100,
  answerTimeoutMs: 900,
  stopGraceMs: 300,
  pollMs: 50,
} as const;

export function planOf(seed: number): Plan {
  const random = randomFrom(seed);
  const servers = random.between(3, 8);
  const spread = random.pick([0, 50, 200, 400]);
  const disasters = Array.from({ length: random.pick([0, 1, 1, 2, 2]) }, (): Disaster => {
    const kind = random.pick<Disaster["kind"]>(["kill", "kill", "kill", "kill", "cut", "cut", "freeze", "terminate", "restart", "crash"]);
    return {
      kind: (kind === "restart" || kind === "crash") && random.chance(0.6) ? "terminate" : kind,
      whom: random.chance(0.75) ? "flagship" : random.between(0, servers - 1),
      atMs: random.between(0, 400),
      forMs: random.pick([0, 30, 300, 1500]),
    };
  });
  return {
    seed,
    arrivals: Array.from({ length: servers }, () => random.between(0, spread)),
    onFlagshipLoss: random.chance(0.3) ? "takeover" : "abort",
    explicit: random.chance(0.7),
    work: { kind: "pass time", workMs: random.between(0, 250), stopMs: random.pick([0, 20, 150]), fails: random.chance(0.1) },
    disasters,
  };
}
