import { describe, expect, test } from "vitest";
import { after, type Cause, isFinal, type Status } from "./lifecycle.ts";

const causes = ["advance", "fail", "stop", "distress", "recover", "crash", "drained"] as const satisfies Cause[];

// One row per state, one cell per cause in the order above; "-" is "ignored". Drawn from the diagram of the reference.
const expected: Record<Status, string> = {
  initializing: "preflight failed draining - - - -",
  preflight: "electing failed draining - - - -",
  electing: "prelaunch failed draining - - - -",
  prelaunch: "docking failed draining - - - -",
  docking: "launching failed draining - - - -",
  launching: "running failed draining - - - -",
  running: "- - draining mayday - crashed -",
  mayday: "- - draining - running crashed -",
  draining: "- - - - - - landed",
  landed: "- - - - - - -",
  failed: "- - - - - - -",
  crashed: "- - - - - - -",
};
const statuses = Object.keys(expected) as Status[];

describe.each(statuses)("in %s", (status) => {
  test.each(causes.map((cause, at) => [cause, expected[status].split(" ")[at]] as const))("%s leads to %s", (cause, to) => {
    expect(after(status, cause) ?? "-").toBe(to);
  });
});

describe("the lifecycle", () => {
  test("ends in exactly three states", () => {
    expect(statuses.filter(isFinal)).toEqual(["landed", "failed", "crashed"]);
  });

  test("can be stopped from every state before the end", () => {
    const deaf = statuses.filter((status) => after(status, "stop") === undefined);
    expect(deaf).toEqual(["draining", "landed", "failed", "crashed"]);
  });
});
