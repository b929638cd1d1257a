import { defineProject } from "vitest/config";

/** What the tests of every package have in common; a package that needs more merges it with its own. */
export default defineProject({
  // Generous, because machines are slow and shared; what a test waits for has limits of its own.
  // A test of real processes may be hit by a machine that stalls; it gets one more try, and says so.
  test: { testTimeout: 60_000, hookTimeout: 60_000, retry: process.env["CI"] ? 2 : 0 },
});
