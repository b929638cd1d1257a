import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalPath, stripPrefix } from "./target.ts";

describe("canonicalPath", () => {
  test.each([
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["/a/b/", "/a/b/"],
    // 1. escapes
    ["/%41%2d%5F%7e", "/A-_~"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/a%20b", "/a%20b"],
    ["/%2541", "/%2541"],
    ["/%25%34%31", "/%2541"],
    ["/%3Fq", "/%3Fq"],
    ["/%23f", "/%23f"],
    // 2. dot segments
    ["/a/./b", "/a/b"],
    ["/a/../b", "/b"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/.%2e/b", "/b"],
    ["/../../etc", "/etc"],
    ["/a/.", "/a/"],
    ["/a/b/..", "/a/"],
    ["/..", "/"],
    ["/.", "/"],
    ["/a/.../b", "/a/.../b"],
    ["/.well-known/x", "/.well-known/x"],
    ["/a/.b", "/a/.b"],
    // 3. slashes
    ["//evil.test/x", "/evil.test/x"],
    ["///", "/"],
    ["/a//b", "/a//b"],
    ["/a//../b", "/a/b"],
    ["/a/..//b", "/b"],
    ["/.//evil.test", "/evil.test"],
    ["/fetch/https://example.test/x", "/fetch/https://example.test/x"],
    // 4. encoded separators
    ["/a%2fb", "/a%2Fb"],
    ["/a%5cb", "/a%5Cb"],
    ["/@scope%2fname", "/@scope%2Fname"],
    ["/a;v=1/b", "/a;v=1/b"],
    ["/a%2F.b", "/a%2F.b"],
  ])("writes %s as %s", (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
  });

  test.each([
    ["", "does not begin"],
    ["a", "does not begin"],
    ["*", "does not begin"],
    ["/%", "hexadecimal"],
    ["/%4", "hexadecimal"],
    ["/%zz", "hexadecimal"],
    ["/a%2", "hexadecimal"],
    ["/%%341", "hexadecimal"],
    ["/a%00b", "NUL"],
    ["/a/..%2fb", "hides"],
    ["/a%2F..%2Fb", "hides"],
    ["/a%2F..", "hides"],
    ["/a%2f%2e%2e", "hides"],
    ["/a%5c..%5cb", "hides"],
    ["/..;/admin", "hides"],
    ["/a/..;x=1", "hides"],
    ["/a/.%2Fb", "hides"],
    ["/.;/b", "hides"],
  ])("refuses %s", (path, reason) => {
    expect(canonicalPath(path)).toMatchObject({ reason: expect.stringContaining(reason) });
  });

  const part = fc.constantFrom("/", ".", "..", "a", "%2e", "%2E", "%2f", "%5C", "%41", "%25", "%", "%00", ";", "b", "//", "é", "%e9", "~");
  const paths = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join("")}`);

  test("has one canonical form for each path: applying it twice changes nothing", () => {
    fc.assert(
      fc.property(paths, (path) => {
        const once = canonicalPath(path);
        if (typeof once === "string") expect(canonicalPath(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  test("leaves nothing that a reader could resolve to another path", () => {
    fc.assert(
      fc.property(paths, (path) => {
        const canonical = canonicalPath(path);
        if (typeof canonical !== "string") return;
        expect(canonical).not.toMatch(/^\/\//);
        // What a program sees that splits at every kind of slash after decoding, and one that cuts parameters off.
        const climbing = decodeURIComponent(canonical.replaceAll(/%[89A-F].|é/gi, "x"))
          .split(/[/\\]/)
          .map((segment) => segment.replace(/;.*/, ""));
        expect(climbing).not.toContain("..");
        expect(climbing).not.toContain(".");
      }),
      { numRuns: 3000 },
    );
  });

  test("returns the same string for a path that is canonical already", () => {
    const path = ["/assets", "app.js"].join("/");
    expect(canonicalPath(path)).toBe(path);
  });

  test("takes time in proportion to the path", () => {
    expect(canonicalPath(`/${"../".repeat(500_000)}`)).toBe("/");
    expect(canonicalPath(`/${"%2e".repeat(500_000)}`)).toBe(`/${".".repeat(500_000)}`);
    expect(canonicalPath(`/${"a/".repeat(500_000)}..`)).toHaveLength(1 + 2 * 499_999);
  });
});

describe("stripPrefix", () => {
  test.each([
    ["/api/users", "/api", "/users"],
    ["/api", "/api", "/"],
    ["/api/", "/api", "/"],
    ["/api/users", "/api/", "/users"],
    ["/api", "/api/", "/api"],
    ["/apix", "/api", "/apix"],
    ["/other", "/api", "/other"],
    ["/api//evil.test", "/api", "/evil.test"],
    ["/api/users", "", "/api/users"],
    ["/api/users", "/", "/api/users"],
  ])("takes from %s the prefix %s: %s", (path, prefix, rest) => {
    expect(stripPrefix(path, prefix)).toBe(rest);
  });
});
