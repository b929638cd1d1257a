import { createHash } from "node:crypto";
import { Fields } from "@mothership/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint, fingerprintParts, type RequestShape } from "./fingerprint.ts";

type Pairs = readonly (readonly [string, string])[];

function shape(fields: Pairs, method = "GET", version: RequestShape["version"] = "1.1"): RequestShape {
  return { method, version, fields: Fields.from(fields) };
}

const published: Pairs = [
  ["Host", "example.test"],
  ["Cookie", "yummy_cookie=choco; tasty_cookie=strawberry"],
  ["Referer", "http://example.test/"],
  ["User-Agent", "Mozilla/5.0"],
  ["Accept", "*/*"],
  ["Accept-Language", "da, en-gb;q=0.8, en;q=0.7"],
];

const sha = (text: string): string => createHash("sha256").update(text, "latin1").digest("hex").slice(0, 12);

describe("fingerprint", () => {
  test("gives the published value of the published request", () => {
    expect(fingerprint(shape(published))).toBe("ge11cr04da00_8ddaef5d77af_280f366eaa04_c2fb0fe53442");
  });

  test("begins like the reference's sample for a browser without cookies", () => {
    const six = ["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"].map((name) => [name, "x"] as const);
    const found = fingerprint(shape([...six, ["Accept-Language", "en-US,en;q=0.5"]]));
    expect(found).toMatch(/^ge11nn06enus_[\da-f]{12}_000000000000_000000000000$/);
  });

  test.each([
    ["ge", "GET"],
    ["po", "POST"],
    ["op", "OPTIONS"],
    ["ge", "get"],
    ["x0", "X"],
    ["m-", "M-SEARCH"],
    ["00", "_!"],
  ])("writes %s for the method %s", (expected, method) => {
    expect(fingerprintParts(shape([], method)).a.slice(0, 2)).toBe(expected);
  });

  test.each(["1.0", "1.1", "2.0"] as const)("writes version %s without its dot", (version) => {
    expect(fingerprintParts(shape([], "GET", version)).a.slice(2, 4)).toBe(version.replace(".", ""));
  });

  test.each([
    ["0000", undefined],
    ["0000", ""],
    ["enus", "en-US,en;q=0.5"],
    ["en00", "en;q=0.5,de"],
    ["zhha", "zh-Hant-TW"],
    ["dech", "DE-CH"],
    ["*000", "*"],
    ["de00", "d_e"],
    ["0000", ",fr"],
  ])("writes the language %s for %j", (expected, value) => {
    expect(fingerprintParts(shape(value === undefined ? [] : [["Accept-Language", value]])).a.slice(8)).toBe(expected);
  });

  test("counts at most 99 fields", () => {
    const many = Array.from({ length: 150 }, (_, i) => [`X-${i}`, ""] as const);
    expect(fingerprintParts(shape(many)).a).toBe("ge11nn990000");
  });

  test("tells names apart by order and case, and leaves out cookies, the referer and pseudo-fields", () => {
    const { b } = fingerprintParts(
      shape([
        ["A", ""],
        ["b", ""],
      ]),
    );
    expect(b).toBe(sha("A,b"));
    expect(
      fingerprintParts(
        shape([
          ["b", ""],
          ["A", ""],
        ]),
      ).b,
    ).not.toBe(b);
    expect(
      fingerprintParts(
        shape([
          ["a", ""],
          ["b", ""],
        ]),
      ).b,
    ).not.toBe(b);
    expect(
      fingerprintParts(
        shape([
          ["A", ""],
          ["COOKIE", "a=b"],
          ["referer", "x"],
          ["b", ""],
        ]),
      ).b,
    ).toBe(b);
    const http2 = shape([], "GET", "2.0");
    http2.fields.appendParsed(":method", ":method", "GET");
    http2.fields.append("A", "").append("b", "");
    expect(fingerprintParts(http2)).toMatchObject({ b, a: "ge20nn020000" });
  });

  test("sorts cookies by name alone and splits them at the first equals sign", () => {
    const { c, d } = fingerprintParts(shape([["Cookie", "b=2=3 ; a = 1; flag;; b=0"]]));
    expect(c).toBe(sha("a,b,b,flag"));
    expect(d).toBe(sha("a=1,b=2=3,b=0,flag"));
  });

  test("reads the cookies of several fields as one list, as HTTP/2 sends them", () => {
    const together = fingerprintParts(shape([["cookie", "b=2; a=1"]]));
    const apart = fingerprintParts(
      shape([
        ["cookie", "a=1"],
        ["cookie", "b=2"],
      ]),
    );
    expect([apart.c, apart.d]).toEqual([together.c, together.d]);
  });

  test("has no cookies where the field is empty", () => {
    expect(fingerprint(shape([["Cookie", " ; "]]))).toMatch(/^ge11cn.*_000000000000_000000000000$/);
  });

  test("hashes the bytes of the wire, not their UTF-8", () => {
    expect(fingerprintParts(shape([["Cookie", "a=\u00e9"]])).d).toBe(
      createHash("sha256")
        .update(Buffer.from([0x61, 0x3d, 0xe9]))
        .digest("hex")
        .slice(0, 12),
    );
  });

  test("always has four parts of twelve characters, whatever is sent", () => {
    const name = fc.stringMatching(/^[!#$%&'*+\-.^_`|~\dA-Za-z]{1,12}$/);
    const known = fc.constantFrom("Cookie", "cookie", "Referer", "Accept-Language", "accept-language", "Host");
    const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/);
    fc.assert(
      fc.property(name, fc.array(fc.tuple(fc.oneof(name, known), value), { maxLength: 120 }), (method, fields) => {
        expect(fingerprint(shape(fields, method))).toMatch(/^[a-z\d-]{2}11[cn][rn]\d\d[a-z\d*]{4}(_[\da-f]{12}){3}$/);
      }),
    );
  });

  test("is the same from memory as computed", () => {
    const names = fc.array(fc.constantFrom("Host", "Accept", "accept", "User-Agent", "X-A", "X-B"), { maxLength: 6 });
    fc.assert(
      fc.property(names, (list) => {
        const fields = list.map((one) => [one, ""] as const);
        expect(fingerprintParts(shape(fields)).b).toBe(sha(list.join(",")));
      }),
    );
  });
});
