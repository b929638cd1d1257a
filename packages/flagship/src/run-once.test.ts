import { describe, expect, test } from "vitest";
import type { Coordinator, Tenure } from "./coordinator.ts";
import { runOnce } from "./run-once.ts";

/** A coordinator that gives out one tenure and notes what is done with it. */
function noted(changes: Partial<Tenure>, lost = new AbortController()): { readonly coordinator: Coordinator; readonly notes: string[] } {
  const notes: string[] = [];
  const tenure: Tenure = {
    role: "flagship",
    signal: lost.signal,
    announceReady: async () => void notes.push("ready"),
    announceAbort: async (reason) => void notes.push(`abort: ${reason}`),
    waitUntilReady: async () => "ready",
    [Symbol.asyncDispose]: async () => void notes.push("disposed"),
    ...changes,
  };
  return { coordinator: { elect: async () => tenure }, notes };
}

describe("runOnce", () => {
  test("does no work on an escort", async () => {
    const { coordinator, notes } = noted({ role: "escort" });
    const work = async (): Promise<void> => void notes.push("work");
    expect([await runOnce(work, coordinator), notes]).toEqual(["escort", ["disposed"]]);
  });

  test("does the work on an escort that was promoted", async () => {
    const { coordinator, notes } = noted({ role: "escort", waitUntilReady: async () => "promoted" });
    const work = async (): Promise<void> => void notes.push("work");
    expect([await runOnce(work, coordinator), notes]).toEqual(["flagship", ["work", "ready", "disposed"]]);
  });

  test("announces the abort after the work has stopped, and passes its error on", async () => {
    const { coordinator, notes } = noted({});
    const work = async (): Promise<void> => {
      await Promise.resolve();
      notes.push("stopped");
      throw new Error("exit code 1");
    };
    await expect(runOnce(work, coordinator)).rejects.toThrow("exit code 1");
    expect(notes).toEqual(["stopped", "abort: exit code 1", "disposed"]);
  });

  test("stops the work when the office is lost, and says so rather than how the work ended", async () => {
    const lost = new AbortController();
    const { coordinator } = noted({}, lost);
    const work = ({ signal }: { readonly signal: AbortSignal }): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("killed")));
        lost.abort(new Error("office lost"));
      });
    await expect(runOnce(work, coordinator)).rejects.toThrow("office lost");
  });

  test("does not announce work that ended well after it was told to stop", async () => {
    const outer = new AbortController();
    const { coordinator, notes } = noted({});
    const work = async (): Promise<void> => outer.abort(new Error("shutting down"));
    await expect(runOnce(work, coordinator, { signal: outer.signal })).rejects.toThrow("shutting down");
    expect(notes).toEqual(["abort: shutting down", "disposed"]);
  });
});
