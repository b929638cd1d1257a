import { defineConfig } from "vitest/config";

/** The whole test run: every package, the program, the workspace's own rules. `vitest.config.ts` hands this file to the runner. */
export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*", { extends: "./vitest.base.ts", test: { name: "workspace", include: ["test/**/*.test.ts"] } }],
    reporters: ["default", "./scripts/count-reporter.ts"],
  },
});
