import { defineProject } from "vitest/config";

/** What the tests of every package have in common; a package that needs more merges it with its own. */
export default defineProject({
  // Generous, because machines are slow and shared; what a test waits for has limits of its own.
  test: { testTimeout: 60_000, hookTimeout: 60_000 },
});
