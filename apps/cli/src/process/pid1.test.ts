import { describe, expect, test } from "vitest";
import { initFor } from "./pid1.ts";

const first = { pid: 1, platform: "linux", env: { PATH: "/a:/b" } } as const;
const command = ["/node", "mothership.cjs", "run"];

describe("process 1", () => {
  test("gives its place to an init that is installed", () => {
    expect(initFor(first, command, (path) => path === "/b/tini" || path === "/a/sh")).toEqual(["/b/tini", "--", ...command]);
    expect(initFor(first, command, (path) => path === "/a/dumb-init")).toEqual(["/a/dumb-init", "--", ...command]);
  });

  test("falls back on the shell, and on nothing where there is none", () => {
    expect(initFor(first, command, (path) => path === "/a/sh")?.slice(-4)).toEqual(["mothership-init", ...command]);
    expect(initFor(first, command, () => false)).toBeUndefined();
  });

  test.each([
    ["another pid", { ...first, pid: 2 }],
    ["another system", { ...first, platform: "freebsd" as const }],
    ["an init already", { ...first, env: { ...first.env, MOTHERSHIP_INIT: "1" } }],
  ])("is not needed with %s", (_, birth) => {
    expect(initFor(birth, command, () => true)).toBeUndefined();
  });
});
