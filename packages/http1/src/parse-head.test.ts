import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeadReader } from "./head-reader.ts";
import { Inbox } from "./inbox.ts";
import { Intake } from "./intake.ts";
import { HeadParser } from "./parse-head.ts";

const limits = { maxHeadBytes: 16_384, maxFields: 100 };

function request(text: string, own = limits, maxTargetBytes = 8_192): string {
  const parser = new HeadParser(own, maxTargetBytes);
  const bytes = Buffer.from(text, "latin1");
  const head = parser.request(bytes, 0, bytes.length);
  if (!head) return parser.refusal?.code.slice("MS_HTTP1_".length) ?? "incomplete";
  return `${head.method} ${head.target} 1.${head.minor} ${[...head.fields].map(([name, value]) => `${name}=${value}`).join("|")}`;
}

function response(text: string): string {
  const parser = new HeadParser(limits);
  const bytes = Buffer.from(text, "latin1");
  const head = parser.response(bytes, 0, bytes.length);
  if (!head) return parser.refusal?.code.slice("MS_HTTP1_".length) ?? "incomplete";
  return `${head.status} 1.${head.minor} ${[...head.fields].map(([name, value]) => `${name}=${value}`).join("|")}`;
}

const line = (text: string): string => request(`${text}\r\n\r\n`);
const field = (text: string): string => request(`GET / HTTP/1.1\r\n${text}\r\n\r\n`);

describe("a request line", () => {
  test.each([
    ["GET / HTTP/1.1", "GET / 1.1 "],
    ["get /a?b=%20&c HTTP/1.0", "get /a?b=%20&c 1.0 "],
    ["M-SEARCH * HTTP/1.1", "M-SEARCH * 1.1 "],
    ["OPTIONS http://a/ HTTP/1.1", "OPTIONS http://a/ 1.1 "],
    ['GET /{}|^`"<> HTTP/1.1', 'GET /{}|^`"<> 1.1 '],
  ])("%j is read as it stands (RFC 9112, 3)", (text, outcome) => {
    expect(line(text)).toBe(outcome);
  });

  test.each([
    ["GET /", "VERSION_BAD", "rule 9: no version"],
    ["GET /a HTTP/0.9", "VERSION_UNKNOWN", "rule 9"],
    ["GET /a HTTP/1.2", "VERSION_UNKNOWN", "rule 9"],
    ["GET /a HTTP/2.0", "VERSION_UNKNOWN", "rule 9"],
    ["PRI * HTTP/2.0", "VERSION_UNKNOWN", "rule 9: the preface of HTTP/2"],
    ["GET /a HTTP/11", "VERSION_BAD", "rule 9"],
    ["GET /a HTTP/1,1", "VERSION_BAD", "rule 9"],
    ["GET /a http/1.1", "VERSION_BAD", "rule 9: case counts"],
    ["GET /a HTTP/1.10", "VERSION_BAD", "rule 9"],
    ["GET /a HTTPS/1.1", "VERSION_BAD", "rule 9"],
    ["GET /a HTTP/1.1 ", "VERSION_BAD", "rule 9"],
    ["GET /a  HTTP/1.1", "VERSION_BAD", "rule 13: two spaces"],
    ["GET  /a HTTP/1.1", "TARGET_BAD", "rule 13: two spaces"],
    ["GET\t/a HTTP/1.1", "METHOD_BAD", "rule 13: a tab"],
    ["GET /a\tHTTP/1.1", "TARGET_BAD", "rule 13: a tab"],
    [" GET /a HTTP/1.1", "NOT_HTTP", "rule 13"],
    ["GET /a b HTTP/1.1", "VERSION_BAD", "rule 8: a space"],
    ["GET /a\0 HTTP/1.1", "TARGET_BAD", "rule 8: NUL"],
    ["GET /\x7f HTTP/1.1", "TARGET_BAD", "rule 8: DEL"],
    ["GET /\xe9 HTTP/1.1", "TARGET_BAD", "rule 8: a byte above ASCII"],
    ["GET /a#b HTTP/1.1", "TARGET_BAD", "rule 7: a fragment"],
    ["GET /..\\x HTTP/1.1", "TARGET_BAD", "rule 7: a backslash"],
    ["G(T / HTTP/1.1", "METHOD_BAD", "rule 10"],
    ["GET", "NOT_HTTP", "rule 10"],
    ["G\xe9T / HTTP/1.1", "METHOD_BAD", "rule 10"],
    ["\x16\x03\x01\x02", "NOT_HTTP", "a TLS handshake"],
    [`${"A".repeat(33)} / HTTP/1.1`, "METHOD_TOO_LONG", "rule 10"],
  ])("%j is refused as %s (%s; RFC 9112, 2.3 and 3)", (text, code) => {
    expect(line(text)).toBe(code);
  });

  test("one empty line before it is skipped, a second is not (rule 13; RFC 9112, 2.2)", () => {
    expect(request("\r\nGET / HTTP/1.1\r\n\r\n")).toBe("GET / 1.1 ");
    expect(request("\r\n\r\nGET / HTTP/1.1\r\n\r\n")).toBe("NOT_HTTP");
    expect(request("\nGET / HTTP/1.1\r\n\r\n")).toBe("NOT_HTTP");
    expect(request("\rGET / HTTP/1.1\r\n\r\n")).toBe("LINE_END_BAD");
  });

  test.each(["GET / HTTP/1.1\n\r\n", "GET / HTTP/1.1\r\r\n\r\n", "GET / HTTP/1.1\rX\r\n\r\n", "GET /\nHost: a\r\n\r\n"])(
    "%j is refused for its bare CR or LF (rule 13; RFC 9112, 2.2)",
    (text) => {
      expect(request(text)).toBe("LINE_END_BAD");
    },
  );

  test("a target over the limit is refused before its end arrives (rule 14; RFC 9110, 15.5.15)", () => {
    expect(request(`GET /${"a".repeat(9)}`, limits, 10)).toBe("incomplete");
    expect(request(`GET /${"a".repeat(9)} HTTP/1.1\r\n\r\n`, limits, 10)).toBe(`GET /${"a".repeat(9)} 1.1 `);
    expect(request(`GET /${"a".repeat(10)}`, limits, 10)).toBe("TARGET_TOO_LONG");
  });
});

describe("a field line", () => {
  test.each([
    ["Host: a", "Host=a"],
    ["host:a", "host=a"],
    ["X-Y:\t a b \t", "X-Y=a b"],
    ["X:", "X="],
    ["X:   ", "X="],
    ["cOnTeNt-TyPe: x", "cOnTeNt-TyPe=x"],
    ["X: \xe9\xff", "X=\xe9\xff"],
    ["__proto__: 1", "__proto__=1"],
    ["constructor: 1", "constructor=1"],
    ["X: a: b", "X=a: b"],
  ])("%j is read as it stands (rules 23 and 24; RFC 9112, 5)", (text, outcome) => {
    expect(field(text)).toBe(`GET / 1.1 ${outcome}`);
  });

  test.each([
    ["Host : a", "FIELD_NAME_BAD", "rule 16: a space before the colon"],
    ["Host\t: a", "FIELD_NAME_BAD", "rule 16"],
    [": a", "FIELD_NAME_BAD", "rule 16: an empty name"],
    ["Host", "FIELD_NAME_BAD", "rule 16: no colon"],
    ["Ho(st: a", "FIELD_NAME_BAD", "rule 16"],
    ["H\xf6st: a", "FIELD_NAME_BAD", "rule 16"],
    ["\0Host: a", "FIELD_NAME_BAD", "rule 16"],
    [" Host: a", "FIELD_FOLDED", "rule 16: the first line"],
    ["Host: a\r\n b", "FIELD_FOLDED", "rule 16: obs-fold"],
    ["Host: a\r\n\tb", "FIELD_FOLDED", "rule 16: obs-fold"],
    ["X: a\0b", "FIELD_VALUE_BAD", "rule 16: NUL"],
    ["X: \x01", "FIELD_VALUE_BAD", "rule 16"],
    ["X: a\x7f", "FIELD_VALUE_BAD", "rule 16"],
    ["X: a\x0bb", "FIELD_VALUE_BAD", "rule 16"],
    ["X: a\nY: b", "LINE_END_BAD", "rule 13: a bare LF"],
    ["X: a\rY: b", "LINE_END_BAD", "rule 13: a bare CR"],
    ["X: a\r\r\nY: b", "LINE_END_BAD", "rule 13"],
  ])("%j is refused as %s (%s; RFC 9112, 5)", (text, code) => {
    expect(field(text)).toBe(code);
  });

  test("one field too many is refused, never cut off (rule 21; RFC 6585, 5)", () => {
    const own = { maxHeadBytes: 16_384, maxFields: 3 };
    const fields = (count: number): string => `GET / HTTP/1.1\r\n${"A: 1\r\n".repeat(count)}\r\n`;
    expect(request(fields(3), own)).toBe("GET / 1.1 A=1|A=1|A=1");
    expect(request(fields(4), own)).toBe("FIELDS_TOO_MANY");
  });

  test("a head over the limit is refused before its end arrives (rule 14; RFC 6585, 5)", () => {
    const own = { maxHeadBytes: 40, maxFields: 100 };
    const head = `GET / HTTP/1.1\r\nA: ${"b".repeat(17)}\r\n\r\n`;
    expect(head.length).toBe(40);
    expect(request(head, own)).toBe(`GET / 1.1 A=${"b".repeat(17)}`);
    expect(request(`${head.slice(0, 30)}b${head.slice(30)}`, own)).toBe("HEAD_TOO_LARGE");
    expect(request(head.slice(0, 39), own)).toBe("incomplete");
    expect(request("x".repeat(40), own)).toBe("METHOD_TOO_LONG");
  });
});

describe("a status line", () => {
  test.each([
    ["HTTP/1.1 200 OK", "200 1.1 "],
    ["HTTP/1.0 404 ", "404 1.0 "],
    ["HTTP/1.1 200", "200 1.1 "],
    ["HTTP/1.1 599 Very \xe9 odd", "599 1.1 "],
  ])("%j is read as it stands (RFC 9112, 4)", (text, outcome) => {
    expect(response(`${text}\r\n\r\n`)).toBe(outcome);
  });

  test.each([
    ["HTTP/1.1 099 Low", "STATUS_BAD"],
    ["HTTP/1.1 999 High", "STATUS_BAD"],
    ["HTTP/1.1 600 High", "STATUS_BAD"],
    ["HTTP/1.1 2OO OK", "STATUS_BAD"],
    ["HTTP/1.1 20 OK", "STATUS_BAD"],
    ["HTTP/1.1 2000 OK", "STATUS_BAD"],
    ["HTTP/1.1  200 OK", "STATUS_BAD"],
    ["HTTP/1.1 200\tOK", "STATUS_BAD"],
    ["HTTP/1.1 -20 OK", "STATUS_BAD"],
    ["HTTP/1.1 200 O\0K", "STATUS_BAD"],
    ["HTTP/2.0 200 OK", "VERSION_UNKNOWN"],
    ["HTTP/0.9 200 OK", "VERSION_UNKNOWN"],
    ["ICY 200 OK", "VERSION_BAD"],
    ["200 OK anything", "VERSION_BAD"],
    ["HTTP/1.1 200 OK\nX: y", "LINE_END_BAD"],
    ["HTTP/1.1 200 OK\rX", "LINE_END_BAD"],
  ])("%j is refused as %s (rules 37 and 42; RFC 9112, 4)", (text, code) => {
    expect(response(`${text}\r\n\r\n`)).toBe(code);
  });
});

describe("however the bytes are cut", () => {
  const heads = [
    "GET /a?b HTTP/1.1\r\nHost: a\r\nX:  y  \r\n\r\n",
    "\r\nPOST / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a\r\nX: \0\r\n\r\n",
    "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
    "GET / HTTP/3.7\r\nA: b\r\n\r\n",
    "GET / HTTP/1.1\r\nA: b\r\n\n",
  ];

  function inPieces(pieces: readonly Buffer[]): string {
    const intake = new Intake(undefined as never, { ...limits, maxHeldBytes: 1e9 }, 8_192);
    for (const piece of pieces) {
      intake.inbox.push(piece);
      const head = intake.request();
      if (head) return `${head.method} ${head.target} ${[...head.fields].join("|")} +${intake.inbox.length}`;
      if (intake.refusal) return intake.refusal.code;
    }
    return "incomplete";
  }

  test.each(heads)("%j has one outcome", (text) => {
    const bytes = Buffer.from(text, "latin1");
    const whole = inPieces([bytes]);
    expect(whole).not.toBe("incomplete");
    expect(inPieces([...bytes].map((byte) => Buffer.of(byte)))).toBe(whole);
    for (let cut = 1; cut < bytes.length; cut++)
      expect(inPieces([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(whole);
  });

  test("any bytes have one outcome, wherever they are cut", () => {
    const part = fc.constantFrom(
      "GET",
      " ",
      "/",
      "HTTP/1.1",
      "\r\n",
      "\r",
      "\n",
      ":",
      "Host: a",
      "X",
      "\t",
      "\0",
      "\xff",
      "\r\n\r\n",
      "HTTP/1.0",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(60), { maxLength: 4 }), (parts, cuts) => {
        const bytes = Buffer.from(`${parts.join("")}\r\n\r\n`, "latin1");
        const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length])];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        // What ends with an empty line is never incomplete for want of one, whatever its pieces.
        expect(inPieces(pieces)).toBe(inPieces([bytes]));
      }),
      { numRuns: 3_000 },
    );
  });

  test("a head that arrives byte by byte is parsed twice, not once for each byte", () => {
    const reader = new HeadReader(16_384);
    const inbox = new Inbox();
    let parses = 0;
    for (const byte of Buffer.from(heads[0]!)) {
      inbox.push(Buffer.of(byte));
      if (!reader.ready(inbox)) continue;
      parses++;
      reader.incomplete(inbox);
    }
    expect(parses).toBe(2);
  });
});

test("the inbox keeps what waits, in order, and copies each byte a bounded number of times", () => {
  const inbox = new Inbox();
  const expected: number[] = [];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 60 }), (steps) => {
      for (const [add, take] of steps) {
        const chunk = Buffer.from(Array.from({ length: add + 1 }, (_, index) => (expected.length + index) % 251));
        inbox.push(chunk);
        expected.push(...chunk);
        const taken = Math.min(take, inbox.length);
        expect([...inbox.bytes.subarray(inbox.at, inbox.at + taken)]).toEqual(expected.splice(0, taken));
        inbox.take(inbox.at + taken);
        expect(inbox.length).toBe(expected.length);
      }
    }),
  );
});
