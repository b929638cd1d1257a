import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptedEncodings } from "./accept-encoding.ts";
import { covers, filePath } from "./file-path.ts";
import { contentTypes, extensionOf } from "./mime.ts";

describe("rule 62: which file a path names", () => {
  test.each([
    ["/static/app.js", "/static", { path: "app.js", folder: false }],
    ["/static/css/a.css", "/static", { path: "css/a.css", folder: false }],
    ["/static", "/static", { path: "", folder: false }],
    ["/static/", "/static", { path: "", folder: true }],
    ["/static/", "/static/", { path: "", folder: true }],
    ["/static/a/", "/static/", { path: "a", folder: true }],
    ["/", "/", { path: "", folder: true }],
    ["/a%20b.txt", "/", { path: "a b.txt", folder: false }],
    ["/caf%C3%A9", "/", { path: "café", folder: false }],
    ["/a%252fb", "/", { path: "a%2fb", folder: false }],
    ["/a..b/c...d", "/", { path: "a..b/c...d", folder: false }],
  ])("%s under %s: %j", (path, prefix, file) => {
    expect(filePath(path, prefix, false)).toEqual(file);
  });

  test.each([
    "/..",
    "/a/../b",
    "/./a",
    "/%2e%2e/a",
    "/..%2fa",
    "/a%2fb",
    "/a%5cb",
    "/a\\b",
    "/a%00b",
    "/a\0",
    "/.git/config",
    "/.env",
    "/a/.hidden",
    "/%2egit",
    "/a//b",
    "//etc",
    "/%ff",
    "/%",
    "/%zz",
    "/%c0%ae%c0%ae/a",
  ])("%j names none", (path) => {
    expect(filePath(path, "/", false)).toBeUndefined();
  });

  test("names with a dot are for those who asked for them, dot segments for nobody", () => {
    expect(filePath("/.well-known/x", "/", true)).toEqual({ path: ".well-known/x", folder: false });
    for (const path of ["/..", "/.", "/a/../b", "/%2e%2e/x"]) expect(filePath(path, "/", true)).toBeUndefined();
  });

  test("whatever is asked for, no name can climb or cut a path", () => {
    const part = fc.constantFrom("/", ".", "..", "a", "%2e", "%2f", "%5c", "\\", "%00", "%25", "é", ";", "%c3%a9");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), fc.boolean(), (parts, dotfiles) => {
        const file = filePath(`/${parts.join("")}`, "/", dotfiles);
        if (!file) return;
        expect(file.path).not.toMatch(/\0|\\|^\/|\/$|\/\//);
        expect(file.path.split("/")).not.toContain("..");
        expect(file.path.split("/")).not.toContain(".");
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["/static", "/static/x", true],
    ["/static", "/static", true],
    ["/static", "/statics", false],
    ["/static/", "/static/x", true],
    ["/static/", "/static", false],
    ["/", "/x", true],
  ])("%s covers %s: %s", (prefix, path, expected) => {
    expect(covers(prefix, path)).toBe(expected);
  });
});

describe("content types", () => {
  test.each([
    ["index.html", "text/html; charset=utf-8", true],
    ["a/b/APP.JS", "text/javascript; charset=utf-8", true],
    ["x.mjs", "text/javascript; charset=utf-8", true],
    ["x.css", "text/css; charset=utf-8", true],
    ["x.json", "application/json", true],
    ["x.svg", "image/svg+xml", true],
    ["x.png", "image/png", false],
    ["x.woff2", "font/woff2", false],
    ["x.wasm", "application/wasm", true],
    ["x.mp4", "video/mp4", false],
    ["x.mp3", "audio/mpeg", false],
    ["x.wav", "audio/wav", false],
    ["x.md", "text/markdown; charset=utf-8", true],
    ["x.webmanifest", "application/manifest+json", true],
    ["x.unheardof", "application/octet-stream", false],
    ["Makefile", "application/octet-stream", false],
    ["html", "application/octet-stream", false],
    [".html", "application/octet-stream", false],
    ["x.constructor", "application/octet-stream", false],
  ])("%s is %s", async (file, value, compressible) => {
    expect((await contentTypes())(file)).toEqual({ value, compressible });
  });

  test("the extension is of the last name only", () => {
    expect(extensionOf("a.js/readme")).toBe("");
    expect(extensionOf("a.tar.gz")).toBe("gz");
  });
});

test.each([
  ["", []],
  ["gzip, deflate, br", ["br", "gzip"]],
  ["gzip", ["gzip"]],
  ["GZIP", ["gzip"]],
  ["x-gzip", ["gzip"]],
  ["br;q=0.5, gzip", ["gzip", "br"]],
  ["br;q=0, gzip", ["gzip"]],
  ["*", ["br", "gzip"]],
  ["*;q=0", []],
  ["gzip;q=0, *", ["br"]],
  ["identity", []],
  ["identity, gzip;q=0.5", []],
  ["identity;q=0.5, gzip", ["gzip"]],
  ["identity;q=0, gzip;q=0.1", ["gzip"]],
  ["br;q=nonsense, gzip;q=0.3", ["gzip"]],
  ["br ; Q=0.9 , gzip ; q=1.0", ["gzip", "br"]],
])("Accept-Encoding %j takes %j (RFC 9110, 12.5.3)", (accept, codings) => {
  expect(acceptedEncodings(accept, ["br", "gzip"])).toEqual(codings);
});
