import { Fields } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import {
  addVary,
  dress,
  forbidsTransform,
  isLive,
  matchValidator,
  type Suitability,
  suitabilityOf,
  weaken,
} from "./compressible-response.ts";

type Pairs = readonly (readonly [string, string])[];
const html: Pairs = [["Content-Type", "text/html; charset=utf-8"]];

describe("rule 61 (RFC 9110, 8.4): which responses may be compressed", () => {
  test.each<[string, string, number, Pairs, number | undefined, Suitability]>([
    ["a page", "GET", 200, html, 1024, "content"],
    ["a page of unknown length", "GET", 200, html, undefined, "content"],
    ["a page that is too short", "GET", 200, html, 1023, "no"],
    ["an empty page", "GET", 200, html, 0, "no"],
    ["an error page", "GET", 404, html, 5000, "content"],
    ["an answer to POST", "POST", 201, html, 5000, "content"],
    ["JSON", "GET", 200, [["Content-Type", "application/json"]], 5000, "content"],
    ["JSON of a kind", "GET", 200, [["Content-Type", "application/vnd.x+json;v=1"]], 5000, "content"],
    ["a vector image", "GET", 200, [["Content-Type", "image/svg+xml"]], 5000, "content"],
    ["a program", "GET", 200, [["content-type", "TEXT/JavaScript"]], 5000, "content"],
    ["WebAssembly", "GET", 200, [["Content-Type", "application/wasm"]], 5000, "content"],
    ["a stream of events", "GET", 200, [["Content-Type", "text/event-stream"]], undefined, "content"],
    ["a photo", "GET", 200, [["Content-Type", "image/jpeg"]], 5000, "no"],
    ["an archive", "GET", 200, [["Content-Type", "application/zip"]], 5000, "no"],
    ["bytes of no kind", "GET", 200, [["Content-Type", "application/octet-stream"]], 5000, "no"],
    ["no type", "GET", 200, [], 5000, "no"],
    ["an empty type", "GET", 200, [["Content-Type", ""]], 5000, "no"],
    ["a type of nobody", "GET", 200, [["Content-Type", "x/y"]], 5000, "no"],
    ["several parts", "GET", 206, [["Content-Type", "multipart/byteranges"]], 5000, "no"],
    ["gzip already", "GET", 200, [...html, ["Content-Encoding", "gzip"]], 5000, "no"],
    ["identity, said aloud", "GET", 200, [...html, ["Content-Encoding", "identity"]], 5000, "no"],
    ["no-transform", "GET", 200, [...html, ["Cache-Control", "public, no-transform"]], 5000, "no"],
    [
      "no-transform on a second line",
      "GET",
      200,
      [...html, ["Cache-Control", "public"], ["cache-control", "No-Transform,max-age=1"]],
      5000,
      "no",
    ],
    ["a part", "GET", 206, [...html, ["Content-Range", "bytes 0-4999/9000"]], 5000, "no"],
    ["a range that cannot be", "GET", 416, [...html, ["Content-Range", "bytes */9000"]], 5000, "no"],
    ["204", "GET", 204, html, 0, "no"],
    ["205", "GET", 205, html, 5000, "no"],
    ["an interim response", "GET", 103, html, 5000, "no"],
    ["a digest of the content (RFC 9530)", "GET", 200, [...html, ["Content-Digest", "sha-256=:x:"]], 5000, "no"],
    ["a digest of the representation", "GET", 200, [...html, ["Repr-Digest", "sha-256=:x:"]], 5000, "no"],
    ["304", "GET", 304, [], 0, "told"],
    ["304 with the type", "GET", 304, html, 0, "told"],
    ["304 of a photo", "GET", 304, [["Content-Type", "image/jpeg"]], 0, "no"],
    ["304 with no-transform", "GET", 304, [["Cache-Control", "no-transform"]], 0, "no"],
    ["HEAD, length in the fields", "HEAD", 200, [...html, ["Content-Length", "1024"]], 0, "head"],
    ["HEAD, too short by the fields", "HEAD", 200, [...html, ["Content-Length", "1023"]], 0, "no"],
    ["HEAD, length of the body", "HEAD", 200, html, 1024, "head"],
    ["HEAD, too short", "HEAD", 200, html, 1023, "no"],
    ["HEAD, no length", "HEAD", 200, html, 0, "head"],
    ["HEAD of 304", "HEAD", 304, [], 0, "told"],
  ])("%s", (_, method, status, fields, length, suitability) => {
    expect(suitabilityOf(method, { status, fields: Fields.from(fields) }, length, 1024)).toBe(suitability);
  });

  test.each<[string, boolean]>([
    ["no-transform", true],
    ["max-age=0 , NO-TRANSFORM", true],
    ["x-no-transform", false],
    ["no-transformation", false],
    ["", false],
  ])("Cache-Control %j forbids it: %s", (value, forbidden) => {
    expect(forbidsTransform(Fields.from([["Cache-Control", value]]))).toBe(forbidden);
  });

  test.each<[string, boolean]>([
    ["text/event-stream", true],
    [" Text/Event-Stream ; charset=utf-8", true],
    ["text/event-stream2", false],
    ["text/plain", false],
  ])("%j is live: %s", (value, live) => {
    expect(isLive(Fields.from([["Content-Type", value]]))).toBe(live);
  });
});

describe("rule 61: what the fields say", () => {
  test.each<[readonly string[], string]>([
    [[], "Accept-Encoding"],
    [["Origin"], "Origin, Accept-Encoding"],
    [["Origin", "Cookie"], "Origin, Cookie, Accept-Encoding"],
    [["accept-encoding"], "accept-encoding"],
    [["Origin, ACCEPT-ENCODING"], "Origin, ACCEPT-ENCODING"],
    [["*"], "*"],
  ])("(RFC 9110, 12.5.5) Vary %j becomes %s", (values, vary) => {
    const fields = Fields.from(values.map((value) => ["Vary", value] as const));
    addVary(fields);
    expect(fields.all("vary").join(", ")).toBe(vary);
  });

  test.each([
    ['"abc"', 'W/"abc"'],
    ['W/"abc"', 'W/"abc"'],
    ["abc", "abc"],
    ['""', 'W/""'],
  ])("(RFC 9110, 8.8.1) ETag %s becomes %s", (etag, weak) => {
    const fields = Fields.from([["ETag", etag]]);
    weaken(fields);
    expect(fields.get("etag")).toBe(weak);
  });

  test("of content in a coding: no length, no ranges, a weak ETag", () => {
    const fields = Fields.from([...html, ["Content-Length", "5000"], ["Accept-Ranges", "bytes"], ["ETag", '"a"'], ["X-Other", "1"]]);
    dress(fields, "br");
    expect([...fields]).toEqual([...html, ["ETag", 'W/"a"'], ["X-Other", "1"], ["Content-Encoding", "br"]]);
  });

  test.each<[string, string, boolean, string]>([
    ["the client has the weak one", 'W/"a"', true, 'W/"a"'],
    ["the client has the weak one, and takes no coding now", 'W/"a"', false, 'W/"a"'],
    ["the client has the strong one", '"a"', true, '"a"'],
    ["it has both, and would get a coding", '"a", W/"a"', true, 'W/"a"'],
    ["it has both, and would get it plain", '"a", W/"a"', false, '"a"'],
    ["it has others", 'W/"b", W/"aa"', true, '"a"'],
    ["it has anything", "*", true, '"a"'],
    ["it did not say", "", true, '"a"'],
  ])("(RFC 9111, 4.3.4) of 304 when %s", (_, ifNoneMatch, compressed, etag) => {
    const fields = Fields.from([
      ["ETag", '"a"'],
      ["Content-Length", "5"],
    ]);
    matchValidator(fields, ifNoneMatch, compressed);
    expect([...fields]).toEqual([["ETag", etag]]);
  });

  test("of 304 without a validator stays without one", () => {
    const fields = new Fields();
    matchValidator(fields, 'W/"a"', true);
    expect(fields.size).toBe(0);
  });
});
