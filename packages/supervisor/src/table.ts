import type { CauseType } from "./record.ts";
import type { ProcessState } from "./state.ts";
import { processStates } from "./state.ts";

/**
 * What a cause leads to. The functions of these names in `reducer.ts` do it.
 *
 * - `none`: the cause means nothing in this state.
 * - `mark`: only the wish is noted. `forget`: noted, and the failures are forgotten.
 * - `queue`: to waiting. `rest`: to stopped. `off`: to disabled.
 * - `launch`: the command is started. `run`: it has been. `unborn`: it could not be.
 * - `pass`: the startup check passed. `good`, `bad`: the readiness check passed, failed. `calm`: stable for long enough.
 * - `leave`: a starting process is stopped. `drain`: a running one is, after the drain hook. `tell`: drained, now the signal.
 * - `divert`: it is ending already; what follows is changed.
 * - `die`: it ended by itself. `gone`: it ended because it was told to. `bury`: it ended after all.
 * - `kill`: the grace is over. `settle`: the family is empty. `stick`: it does not get empty.
 */
export type Transition =
  | "none"
  | "mark"
  | "forget"
  | "queue"
  | "rest"
  | "off"
  | "launch"
  | "run"
  | "unborn"
  | "pass"
  | "good"
  | "bad"
  | "calm"
  | "leave"
  | "drain"
  | "tell"
  | "divert"
  | "die"
  | "gone"
  | "bury"
  | "kill"
  | "settle"
  | "stick";

type Row = readonly [
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
  Transition,
];

// biome-ignore format: a grid is read by column
const table: Readonly<Record<CauseType, Row>> = {
  //               disabled  waiting   backoff   starting  up        ready     unready   draining  stopping  sweeping  stopped   completed failed
  start:         ["none",   "forget", "queue",  "forget", "forget", "forget", "forget", "divert", "divert", "divert", "queue",  "queue",  "queue"],
  stop:          ["none",   "rest",   "rest",   "leave",  "drain",  "drain",  "drain",  "divert", "divert", "divert", "none",   "mark",   "rest"],
  restart:       ["none",   "forget", "queue",  "leave",  "drain",  "drain",  "drain",  "divert", "divert", "divert", "queue",  "queue",  "queue"],
  disable:       ["none",   "off",    "off",    "leave",  "drain",  "drain",  "drain",  "divert", "divert", "divert", "off",    "off",    "off"],
  enable:        ["rest",   "none",   "none",   "none",   "none",   "none",   "none",   "divert", "divert", "divert", "none",   "none",   "none"],
  recycle:       ["none",   "none",   "none",   "leave",  "drain",  "drain",  "drain",  "none",   "none",   "none",   "none",   "none",   "none"],
  go:            ["none",   "launch", "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  spawned:       ["none",   "none",   "none",   "run",    "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  spawnFailed:   ["none",   "none",   "none",   "unborn", "none",   "none",   "none",   "none",   "gone",   "none",   "none",   "none",   "none"],
  exited:        ["none",   "none",   "none",   "die",    "die",    "die",    "die",    "gone",   "gone",   "bury",   "none",   "none",   "bury"],
  startupPassed: ["none",   "none",   "none",   "pass",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  startupFailed: ["none",   "none",   "none",   "leave",  "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  readyPassed:   ["none",   "none",   "none",   "none",   "none",   "none",   "good",   "none",   "none",   "none",   "none",   "none",   "none"],
  readyFailed:   ["none",   "none",   "none",   "none",   "none",   "bad",    "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  liveFailed:    ["none",   "none",   "none",   "none",   "drain",  "drain",  "drain",  "none",   "none",   "none",   "none",   "none",   "none"],
  delayElapsed:  ["none",   "none",   "queue",  "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  stableElapsed: ["none",   "none",   "none",   "none",   "calm",   "calm",   "none",   "none",   "none",   "none",   "none",   "none",   "none"],
  drained:       ["none",   "none",   "none",   "none",   "none",   "none",   "none",   "tell",   "none",   "none",   "none",   "none",   "none"],
  graceElapsed:  ["none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "kill",   "kill",   "none",   "none",   "none"],
  sweepElapsed:  ["none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "stick",  "stick",  "none",   "none",   "none"],
  emptied:       ["none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "none",   "settle", "none",   "none",   "none"],
};

const column = Object.fromEntries(processStates.map((state, index) => [state, index])) as Record<ProcessState, number>; // one entry per state

/** Every cause there is. */
export const causeTypes = Object.keys(table) as readonly CauseType[]; // the table is a Record of exactly these

/** What this cause leads to in this state. */
export function transition(state: ProcessState, cause: CauseType): Transition {
  return table[cause][column[state]]!;
}
