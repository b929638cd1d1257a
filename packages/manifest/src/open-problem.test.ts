import { describe, expect, test } from "vitest";
import { openProblem } from "./open-problem.ts";

describe("openProblem", () => {
  test.each([
    ["ENOENT", "does not exist"],
    ["ENOTDIR", "does not exist: a part of the path is no folder"],
    ["EACCES", "may not be read by this user"],
    ["EPERM", "may not be read by this user"],
    ["ELOOP", "is a symbolic link that leads in a circle"],
    ["EMFILE", "cannot be opened: too many files are open"],
    ["EIO", "cannot be read (EIO)"],
  ])("puts %s into words", (code, reason) => {
    expect(openProblem(Object.assign(new Error("open failed"), { code }))[0]).toBe(reason);
  });

  test("has words for an error without a code, and for what is no error", () => {
    expect(openProblem(new Error("odd"))[0]).toBe("cannot be read (unknown error)");
    expect(openProblem("odd")[0]).toBe("cannot be read (unknown error)");
  });
});
