import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("where there is no terminal to guard the log says so, and nothing is left running", async () => {
  const started = promisify(execFile)(process.execPath, [fileURLToPath(new URL("guard-alone.ts", import.meta.url))]);
  started.child.stdin?.end();
  expect((await started).stdout).toBe("nothing would restore the terminal if this process were killed\nended\n");
});
