import { defineConfig } from "vitest/config";

/** The tests run against a real PostgreSQL, which the run itself starts. */
export default defineConfig({
  test: { name: "@mothership/flagship", globalSetup: "./test/setup.ts", testTimeout: 30_000, hookTimeout: 30_000 },
});
