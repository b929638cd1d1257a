import type { TestModule } from "vitest/node";

/** Ends the run with one plain line that any machine can read: `N passed, N failed, N skipped`. */
export default class CountReporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      const before = count.failed;
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file that could not be loaded has no tests to fail, and must not look like a success.
      if (module.state() === "failed" && count.failed === before) count.failed++;
    }
    const failed = count.failed + errors.length;
    process.stdout.write(`\n${count.passed} passed, ${failed} failed, ${count.skipped + count.pending} skipped\n`);
  }
}
