import { TaskFailedError } from "@mothership/supervisor";
import { expect, test } from "vitest";
import { inOwnTerms, jobFailure } from "./terms.ts";

test("messages of parts begin with a capital and use the words of the manifest", () => {
  expect(inOwnTerms("an essential process is lost")).toBe("A critical process is lost");
  expect(inOwnTerms("a certificate expires soon")).toBe("A certificate expires soon");
  expect(["Listening", "", "constructor"].map(inOwnTerms)).toEqual(["Listening", "", "Constructor"]);
});

test("a task that failed is a job for users, with all that is known of it", () => {
  const failure = jobFailure(new TaskFailedError("migrate", "exited with code 7", 7, ["no such table"]));
  expect(failure).toMatchObject({
    code: "MS_JOB_FAILED",
    message: 'the job "migrate" failed: exited with code 7',
    job: "migrate",
    exitCode: 7,
    lines: ["no such table"],
  });
  const other = new Error("x");
  expect(jobFailure(other)).toBe(other);
});
