import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Http2Head, type Http2HeadRules, readHttp2Head } from "./http2-head.ts";

const rules: Http2HeadRules = { maxHeadBytes: 16_384, maxFields: 100, maxTargetBytes: 8192, maxBodyBytes: 1000, upgrades: ["websocket"] };
type Pairs = readonly (readonly [string, string])[];
const pseudo: Pairs = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/a?b"],
  [":authority", "a.example"],
];

/** The usual pseudo-headers, some of them replaced or (undefined) left out, and these fields. */
function read(
  fields: Pairs = [],
  replaced: Readonly<Record<string, string | undefined>> = {},
  bodyless = true,
): ReturnType<typeof readHttp2Head> {
  const kept = pseudo.flatMap(([name, value]) => {
    const given = name in replaced ? replaced[name] : value;
    return given === undefined ? [] : [[name, given] as const];
  });
  const added = Object.entries(replaced).filter(([name, value]) => value !== undefined && !pseudo.some(([known]) => known === name));
  return readHttp2Head([...kept, ...added, ...fields].flat() as string[], bodyless, rules); // the filter leaves no undefined
}

const accepted = (result: ReturnType<typeof readHttp2Head>): Http2Head => {
  if ("code" in result) throw new Error(result.code);
  return result;
};
const codeOf = (result: ReturnType<typeof readHttp2Head>): string => ("code" in result ? result.code : "accepted");

describe("the head of a request over HTTP/2", () => {
  test("is read into method, target, authority and fields, without the pseudo-headers", () => {
    const head = accepted(
      read([
        ["accept", "*/*"],
        ["x-a", "1"],
        ["x-a", "2"],
      ]),
    );
    expect(head).toMatchObject({
      method: "GET",
      target: "/a?b",
      authority: "a.example",
      upgrade: undefined,
      length: 0,
      expectsContinue: false,
    });
    expect([...head.fields]).toEqual([
      ["accept", "*/*"],
      ["x-a", "1"],
      ["x-a", "2"],
    ]);
  });

  test("the pieces of Cookie become one field in the place of the first (RFC 9113, 8.2.3)", () => {
    const head = accepted(
      read([
        ["cookie", "a=1"],
        ["x", "y"],
        ["cookie", "b=2"],
        ["cookie", "c=3"],
      ]),
    );
    expect([...head.fields]).toEqual([
      ["cookie", "a=1; b=2; c=3"],
      ["x", "y"],
    ]);
  });

  test("content is announced by Content-Length, or comes in unknown length, or there is none", () => {
    expect(accepted(read([["content-length", "12"]], {}, false)).length).toBe(12);
    expect(accepted(read([], {}, false)).length).toBeUndefined();
    expect(accepted(read([["content-length", "0"]], {}, true)).length).toBe(0);
  });

  test("100-continue is expected only where there is content", () => {
    expect(accepted(read([["expect", "100-Continue"]], {}, false)).expectsContinue).toBe(true);
    expect(accepted(read([["expect", "100-continue"]], {}, true)).expectsContinue).toBe(false);
    expect(codeOf(read([["expect", "tea"]], {}, false))).toBe("MS_HTTP1_EXPECTATION_UNKNOWN");
  });

  test("CONNECT with a known protocol is an upgrade (RFC 8441, 4), and plain CONNECT makes no open proxy", () => {
    expect(accepted(read([], { ":method": "CONNECT", ":protocol": "websocket" }, false))).toMatchObject({
      method: "GET",
      upgrade: "websocket",
    });
    expect(codeOf(read([], { ":method": "CONNECT" }))).toBe("MS_HTTP1_METHOD_REFUSED");
    expect(codeOf(read([], { ":method": "CONNECT", ":protocol": "other" }))).toBe("MS_HTTP2_PROTOCOL_UNKNOWN");
    expect(codeOf(read([], { ":protocol": "websocket" }))).toBe("MS_HTTP2_PSEUDO_HEADER");
  });

  test.each([
    ["a.example", undefined, "a.example"],
    [undefined, "b.example:80", "b.example:80"],
    ["a.example", "A.Example", "a.example"],
    ["[::1]:443", "[::1]:443", "[::1]:443"],
  ])(":authority %s and Host %s: %s (RFC 9113, 8.3.1)", (authority, host, expected) => {
    expect(accepted(read(host === undefined ? [] : [["host", host]], { ":authority": authority })).authority).toBe(expected);
  });

  test.each([
    [undefined, undefined],
    ["a.example", "b.example"],
    ["a.example:1", "a.example:2"],
    ["user@a.example", undefined],
    ["a.example/x", undefined],
    ["a.example, b.example", undefined],
    ["a example", undefined],
    ["a.example:99999", undefined],
    ["", undefined],
    ["", "a.example"],
    [undefined, "a%00.example"],
  ])("refuses :authority %s with Host %s (RFC 9113, 8.3.1)", (authority, host) => {
    expect(codeOf(read(host === undefined ? [] : [["host", host]], { ":authority": authority }))).toBe("MS_HTTP2_AUTHORITY");
  });

  test.each([
    ["", "MS_HTTP2_TARGET"],
    ["a", "MS_HTTP2_TARGET"],
    ["*", "MS_HTTP2_TARGET"],
    ["/a b", "MS_HTTP2_TARGET"],
    ["/a#b", "MS_HTTP2_TARGET"],
    ["/a\\b", "MS_HTTP2_TARGET"],
    ["/a\r\nx: y", "MS_HTTP2_TARGET"],
    ["/é", "MS_HTTP2_TARGET"],
    ["http://a/", "MS_HTTP2_TARGET"],
    [`/${"a".repeat(8192)}`, "MS_HTTP1_TARGET_TOO_LONG"],
  ])("refuses the path %j", (path, code) => {
    expect(codeOf(read([], { ":path": path }))).toBe(code);
  });

  test("OPTIONS may ask about the server as a whole", () => {
    expect(accepted(read([], { ":method": "OPTIONS", ":path": "*" })).target).toBe("*");
  });

  test.each<[string, Pairs, Record<string, string | undefined>, string]>([
    ["no method", [], { ":method": undefined }, "MS_HTTP1_METHOD_BAD"],
    ["a method that is no token", [], { ":method": "GE T" }, "MS_HTTP1_METHOD_BAD"],
    ["a method that is too long", [], { ":method": "X".repeat(33) }, "MS_HTTP1_METHOD_TOO_LONG"],
    ["another scheme", [], { ":scheme": "ftp" }, "MS_HTTP2_TARGET"],
    ["an unknown pseudo-header", [], { ":x": "y" }, "MS_HTTP2_PSEUDO_HEADER"],
    ["one of a response", [], { ":status": "200" }, "MS_HTTP2_PSEUDO_HEADER"],
    ["one twice", [[":path", "/b"]], {}, "MS_HTTP2_PSEUDO_HEADER"],
    [
      "one behind a field",
      [
        ["a", "b"],
        [":protocol", "x"],
      ],
      {},
      "MS_HTTP2_PSEUDO_HEADER",
    ],
    ["a capital in a name", [["Accept", "x"]], {}, "MS_HTTP2_FIELD"],
    ["an empty name", [["", "x"]], {}, "MS_HTTP2_FIELD"],
    ["a line break in a value", [["a", "b\r\nc: d"]], {}, "MS_HTTP2_FIELD"],
    ["a NUL in a value", [["a", "b\0"]], {}, "MS_HTTP2_FIELD"],
    ["a blank at the end of a value", [["a", "b "]], {}, "MS_HTTP2_FIELD"],
    ["Connection", [["connection", "close"]], {}, "MS_HTTP2_CONNECTION_FIELD"],
    ["Transfer-Encoding", [["transfer-encoding", "chunked"]], {}, "MS_HTTP2_CONNECTION_FIELD"],
    ["Upgrade", [["upgrade", "websocket"]], {}, "MS_HTTP2_CONNECTION_FIELD"],
    ["Keep-Alive", [["keep-alive", "timeout=1"]], {}, "MS_HTTP2_CONNECTION_FIELD"],
    ["Proxy-Connection", [["proxy-connection", "x"]], {}, "MS_HTTP2_CONNECTION_FIELD"],
    ["TE other than trailers", [["te", "gzip"]], {}, "MS_HTTP2_CONNECTION_FIELD"],
    ["a disguised framing field", [["transfer_encoding", "chunked"]], {}, "MS_HTTP1_FRAMING_DISGUISED"],
    ["another one", [["content_length", "1"]], {}, "MS_HTTP1_FRAMING_DISGUISED"],
    [
      "two Hosts",
      [
        ["host", "a.example"],
        ["host", "a.example"],
      ],
      {},
      "MS_HTTP1_FIELD_REPEATED",
    ],
    [
      "two Authorizations",
      [
        ["authorization", "a"],
        ["authorization", "b"],
      ],
      {},
      "MS_HTTP1_FIELD_REPEATED",
    ],
    [
      "two lengths",
      [
        ["content-length", "1"],
        ["content-length", "1"],
      ],
      {},
      "MS_HTTP1_LENGTH_REPEATED",
    ],
    ["a length that is none", [["content-length", "+1"]], {}, "MS_HTTP1_LENGTH_BAD"],
    ["too much content", [["content-length", "1001"]], {}, "MS_HTTP1_BODY_TOO_LARGE"],
    ["too many fields", Array.from({ length: 101 }, () => ["a", "b"] as const), {}, "MS_HTTP1_FIELDS_TOO_MANY"],
    ["too large a head", [["a", "b".repeat(16_384)]], {}, "MS_HTTP1_HEAD_TOO_LARGE"],
  ])("refuses %s (RFC 9113, 8.2 and 8.3)", (_, fields, replaced, code) => {
    expect(codeOf(read(fields, replaced))).toBe(code);
  });

  test("a name like __proto__ is a name like any other", () => {
    expect(
      accepted(
        read([
          ["__proto__", "x"],
          ["constructor", "y"],
        ]),
      ).fields.get("__proto__"),
    ).toBe("x");
  });

  test("whatever comes, the outcome is a refusal or a request that can be forwarded over HTTP/1.1", () => {
    const name = fc.oneof(
      fc.constantFrom(":method", ":path", ":authority", ":scheme", "host", "cookie", "te", "expect", "content-length"),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("GET", "/", "https", "a.example"))), {
          maxLength: 12,
        }),
        (pairs) => {
          const result = readHttp2Head(pairs.flat(), true, rules);
          if ("code" in result) return;
          expect(result.target).toMatch(/^(?:\*|\/[!-~]*)$/);
          expect(result.method).toMatch(/^[^\s\0-\x20]+$/);
          for (const [key, value] of result.fields) expect(`${key}: ${value}`).toMatch(/^[!-9;-~]+: [\t\x20-\x7e\x80-\xff]*$/);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
