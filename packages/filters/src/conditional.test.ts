import { describe, expect, test } from "vitest";
import { type Conditions, evaluate, rangeAllowed } from "./conditional.ts";
import { formatHttpDate, parseHttpDate } from "./http-date.ts";

const modified = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
const file = { etag: '"abc"', modified };
const same = formatHttpDate(modified);
const earlier = formatHttpDate(modified - 1);
const later = formatHttpDate(modified + 1);
const none: Conditions = { ifMatch: undefined, ifNoneMatch: undefined, ifModifiedSince: undefined, ifUnmodifiedSince: undefined };

describe("rule 62 (RFC 9110, 13.2.2): preconditions in their order", () => {
  test.each<[Partial<Conditions>, string]>([
    [{}, "send"],
    [{ ifMatch: '"abc"' }, "send"],
    [{ ifMatch: '"x", "abc"' }, "send"],
    [{ ifMatch: "*" }, "send"],
    [{ ifMatch: '"x"' }, "failed"],
    [{ ifMatch: 'W/"abc"' }, "failed"],
    [{ ifMatch: "" }, "failed"],
    [{ ifUnmodifiedSince: same }, "send"],
    [{ ifUnmodifiedSince: earlier }, "failed"],
    [{ ifUnmodifiedSince: "yesterday" }, "send"],
    // If-Match wins over If-Unmodified-Since.
    [{ ifMatch: '"abc"', ifUnmodifiedSince: earlier }, "send"],
    [{ ifNoneMatch: '"abc"' }, "not-modified"],
    [{ ifNoneMatch: 'W/"abc"' }, "not-modified"],
    [{ ifNoneMatch: '"x","y", "abc"' }, "not-modified"],
    [{ ifNoneMatch: "*" }, "not-modified"],
    [{ ifNoneMatch: '"x"' }, "send"],
    [{ ifNoneMatch: "abc" }, "send"],
    [{ ifModifiedSince: same }, "not-modified"],
    [{ ifModifiedSince: later }, "not-modified"],
    [{ ifModifiedSince: earlier }, "send"],
    [{ ifModifiedSince: "tomorrow" }, "send"],
    // If-None-Match wins over If-Modified-Since, both ways.
    [{ ifNoneMatch: '"x"', ifModifiedSince: later }, "send"],
    [{ ifNoneMatch: '"abc"', ifModifiedSince: earlier }, "not-modified"],
    // The first pair is looked at before the second.
    [{ ifMatch: '"x"', ifNoneMatch: '"abc"' }, "failed"],
    [{ ifUnmodifiedSince: same, ifNoneMatch: '"abc"' }, "not-modified"],
  ])("%j: %s", (conditions, verdict) => {
    expect(evaluate({ ...none, ...conditions }, file)).toBe(verdict);
  });
});

describe("rule 62 (RFC 9110, 13.1.5): If-Range is strong", () => {
  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ['"abc"', true],
    ['"x"', false],
    ['W/"abc"', false],
    [same, true],
    [later, false],
    [earlier, false],
    ["garbage", false],
  ])("%j: %s", (value, allowed) => {
    expect(rangeAllowed(value, file, modified + 60)).toBe(allowed);
  });

  test("a date is no strong validator in the second of the change", () => {
    expect(rangeAllowed(same, file, modified)).toBe(false);
  });
});

describe("dates (RFC 9110, 5.6.7)", () => {
  test.each([
    "Fri, 02 Jan 2026 03:04:05 GMT",
    " Fri, 02 Jan 2026 03:04:05 GMT ",
    "Friday, 02-Jan-26 03:04:05 GMT",
    "Fri Jan  2 03:04:05 2026",
    "Fri Jan 02 03:04:05 2026",
  ])("reads %j", (text) => {
    expect(parseHttpDate(text)).toBe(modified);
  });

  test("reads two digits of a year as the RFC says", () => {
    expect(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT")).toBe(784_111_777);
  });

  test.each([
    "",
    "0",
    "2026-01-02T03:04:05Z",
    "Fri, 02 Foo 2026 03:04:05 GMT",
    "Fri, 02 Jan 2026 25:04:05 GMT",
    "Fri, 32 Jan 2026 03:04:05 GMT",
    "Fri, 02 Jan 2026 03:04:05 +0000",
  ])("ignores %j", (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });
});
