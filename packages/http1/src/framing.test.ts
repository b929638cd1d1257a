import { describe, expect, test } from "vitest";
import { admit } from "./admit.ts";
import { chunked, responseFraming, untilClose } from "./framing.ts";
import { HeadParser } from "./parse-head.ts";
import { isAuthority } from "./target.ts";

const limits = { maxHeadBytes: 16_384, maxFields: 100 };
const rules = { maxBodyBytes: 1_000_000_000_000, upgrades: ["websocket"], allowTrace: false };

function admitted(text: string, own = rules): unknown {
  const bytes = Buffer.from(`${text}\r\n\r\n`, "latin1");
  const parser = new HeadParser(limits);
  const head = parser.request(bytes, 0, bytes.length);
  if (!head) throw new Error(`not a head: ${parser.refusal?.code}`);
  const outcome = admit(head, own);
  return "code" in outcome ? `${outcome.status} ${outcome.code.slice("MS_HTTP1_".length)}` : outcome;
}

const post = (fields: string, version = "1.1"): unknown => admitted(`POST /x HTTP/${version}\r\nHost: a\r\n${fields}`);

function answered(method: string, status: number, fields: string, version = "1.1"): unknown {
  const bytes = Buffer.from(`HTTP/${version} ${status} X\r\n${fields === "" ? "" : `${fields}\r\n`}\r\n`, "latin1");
  const head = new HeadParser(limits).response(bytes, 0, bytes.length);
  if (!head) throw new Error("not a head");
  const outcome = responseFraming(method, head);
  return typeof outcome === "object" ? outcome.code.slice("MS_HTTP1_".length) : outcome;
}

describe("the framing of a request", () => {
  test.each([
    ["X: y", 0],
    ["Content-Length: 0", 0],
    ["Content-Length: 12", 12],
    ["content-length:  12 ", 12],
    ["Content-Length: 0012", 12],
    ["Transfer-Encoding: chunked", chunked],
    ["transfer-encoding: CHUNKED", chunked],
  ])("%j (rules 29 and 30; RFC 9112, 6.3)", (fields, framing) => {
    expect(post(fields)).toMatchObject({ framing });
  });

  test.each([
    ["Content-Length: 1\r\nTransfer-Encoding: chunked", "400 LENGTH_AND_ENCODING", "rule 27"],
    ["Transfer-Encoding: chunked\r\nContent-Length: 1", "400 LENGTH_AND_ENCODING", "rule 27"],
    ["Content-Length: 0\r\nTransfer-Encoding: identity", "400 LENGTH_AND_ENCODING", "rule 27"],
    ["Content-Length: 1\r\nContent-Length: 1", "400 LENGTH_REPEATED", "rule 28"],
    ["Content-Length: 1\r\ncontent-length: 2", "400 LENGTH_REPEATED", "rule 28"],
    ["Content-Length: 1, 1", "400 LENGTH_BAD", "rule 28"],
    ["Content-Length: 1 1", "400 LENGTH_BAD", "rule 28"],
    ["Content-Length: +1", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: -1", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: 0x1", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: 1.0", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: 1e3", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: \t1", "400 LENGTH_BAD", "rule 13"],
    ["Content-Length:", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: 18446744073709551616", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: 9007199254740993", "400 LENGTH_BAD", "rule 29"],
    ["Content-Length: 999999999999999", "413 BODY_TOO_LARGE", "limit"],
    ["Transfer-Encoding:\tchunked", "400 ENCODING_BAD", "rule 13"],
    ["Transfer-Encoding: chunked\t ", "400 ENCODING_BAD", "rule 13"],
    ["Transfer-Encoding: gzip, chunked", "501 ENCODING_UNKNOWN", "rule 30"],
    ["Transfer-Encoding: foo , chunked", "501 ENCODING_UNKNOWN", "rule 30"],
    ["Transfer-Encoding: gzip", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: identity", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: chunked, gzip", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: chunked, chunked", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: gzip, chunked, chunked", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: ,chunked", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: chunked,", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: xchunked", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: chunked;q=1", "400 ENCODING_BAD", "rule 30"],
    ['Transfer-Encoding: "chunked"', "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: chun\u00ffked", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding:", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "400 ENCODING_BAD", "rule 30"],
    ["Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "400 ENCODING_BAD", "rule 30"],
  ])("%j is refused with %s (%s; RFC 9112, 6)", (fields, outcome) => {
    expect(post(fields)).toBe(outcome);
  });

  test.each(["Content_Length: 5", "Transfer_Encoding: chunked", "transfer.encoding: x", "Transfer--Encoding: x", "CONTENT-_LENGTH: 1"])(
    "%j is refused, for some upstreams take it for the real field (rule 22; RFC 9112, 11.2)",
    (field) => {
      expect(post(field)).toBe("400 FRAMING_DISGUISED");
      expect(post(`Content-Length: 5\r\n${field}`)).toBe("400 FRAMING_DISGUISED");
    },
  );

  test("a transfer coding in HTTP/1.0 is refused (rule 31; RFC 9112, 6.1)", () => {
    expect(post("Transfer-Encoding: chunked", "1.0")).toBe("400 ENCODING_IN_1_0");
  });
});

describe("the framing of a response", () => {
  test.each([
    ["GET", 200, "Content-Length: 5", 5],
    ["GET", 200, "Transfer-Encoding: chunked", chunked],
    ["GET", 200, "", untilClose],
    ["HEAD", 200, "Content-Length: 5", 0],
    ["HEAD", 200, "Transfer-Encoding: chunked", 0],
    ["GET", 204, "Content-Length: 5", 0],
    ["GET", 304, "Content-Length: 5", 0],
    ["GET", 103, "Content-Length: 5", 0],
    ["GET", 205, "Content-Length: 5", 5],
  ])("%s %i %j (rules 40 and 41; RFC 9112, 6.3)", (method, status, fields, framing) => {
    expect(answered(method, status, fields)).toBe(framing);
  });

  test.each([
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", "LENGTH_AND_ENCODING"],
    ["Content-Length: 5\r\nContent-Length: 5", "LENGTH_REPEATED"],
    ["Content-Length: 5, 5", "LENGTH_BAD"],
    ["Transfer-Encoding: gzip, chunked", "ENCODING_UNKNOWN"],
    ["Transfer-Encoding: gzip", "ENCODING_BAD"],
  ])("%j is refused (rule 37; RFC 9112, 6.3)", (fields, code) => {
    for (const [method, status] of [
      ["GET", 200],
      ["HEAD", 200],
      ["GET", 304],
    ] as const)
      expect(answered(method, status, fields)).toBe(code);
  });

  test("a transfer coding in HTTP/1.0 is refused (rule 31; RFC 9112, 6.1)", () => {
    expect(answered("GET", 200, "Transfer-Encoding: chunked", "1.0")).toBe("ENCODING_IN_1_0");
  });
});

describe("target and Host", () => {
  const to = (target: string, host = "a", method = "GET"): unknown => admitted(`${method} ${target} HTTP/1.1\r\nHost: ${host}`);

  test("a request of HTTP/1.1 without Host is refused, one of HTTP/1.0 is not (rule 1; RFC 9112, 3.2)", () => {
    expect(admitted("GET / HTTP/1.1\r\nX: y")).toBe("400 HOST_MISSING");
    expect(admitted("GET / HTTP/1.0\r\nX: y")).toMatchObject({ where: { target: "/", authority: "" } });
  });

  test("two Host lines are refused, be they the same (rule 2; RFC 9112, 3.2)", () => {
    expect(admitted("GET / HTTP/1.1\r\nHost: a\r\nHost: a")).toBe("400 HOST_REPEATED");
    expect(admitted("GET / HTTP/1.0\r\nhost: a\r\nHost: b")).toBe("400 HOST_REPEATED");
  });

  test.each([
    "",
    "\ta",
    "a \t",
    "a b",
    "a/b",
    "a@b",
    "a,b",
    "a\tb",
    "a:",
    "a:b",
    "a:65536",
    "a:-1",
    "a:80:80",
    "http://a",
    "[::1",
    "::1",
    "[1:2]",
    "[::1]x",
    "a..b",
    ".a",
    "-",
    "a?b",
    "a%2eb",
    "\u00e4",
    "a;b",
    "a:080808",
    `${"a".repeat(262)}`,
    "[::1%25eth0]",
    "*",
  ])("Host %j is refused (rule 3; RFC 9110, 7.2)", (host) => {
    expect(to("/", host)).toBe("400 HOST_BAD");
  });

  test.each(["a", "A.b.", "a_b.example", "a:0", "a:65535", "10.0.0.1:80", "[::1]", "[2001:db8::1]:443", "xn--bcher-kva.example", "a-b"])(
    "Host %j stands (RFC 9110, 7.2)",
    (host) => {
      expect(to("/", host)).toMatchObject({ where: { authority: host } });
      expect(isAuthority(host)).toBe(true);
    },
  );

  test.each([
    ["http://b/x?y", "/x?y", "b"],
    ["http://b:81", "/", "b:81"],
    ["HTTPS://B/x", "/x", "B"],
    ["http://b?q", "/?q", "b"],
    ["http://b//c", "//c", "b"],
  ])("an absolute target %j replaces Host (rule 4; RFC 9112, 3.2.2)", (target, origin, authority) => {
    expect(to(target)).toMatchObject({ where: { target: origin, authority } });
  });

  test("an absolute target without a path asks OPTIONS about the server as a whole (RFC 9112, 3.2.4)", () => {
    expect(to("http://b", "a", "OPTIONS")).toMatchObject({ where: { target: "*", authority: "b" } });
  });

  test.each([
    ["ftp://b/", "400 TARGET_SCHEME"],
    ["http://u@b/", "400 TARGET_SCHEME"],
    ["http://u:p@b/", "400 TARGET_SCHEME"],
    ["http:///x", "400 HOST_BAD"],
    ["http://b:x/", "400 HOST_BAD"],
    ["http://b,c/", "400 HOST_BAD"],
    ["http:/x", "400 TARGET_FORM"],
    ["http:x", "400 TARGET_FORM"],
    ["b:80", "400 TARGET_FORM"],
    ["x", "400 TARGET_FORM"],
    ["?q", "400 TARGET_FORM"],
    ["**", "400 TARGET_FORM"],
  ])("the target %j is refused (rule 5; RFC 9112, 3.2)", (target, outcome) => {
    expect(to(target)).toBe(outcome);
  });

  test("an asterisk stands with OPTIONS only (rule 6; RFC 9112, 3.2.4)", () => {
    expect(to("*", "a", "OPTIONS")).toMatchObject({ where: { target: "*" } });
    expect(to("*")).toBe("400 TARGET_FORM");
    expect(to("*", "a", "options")).toBe("400 TARGET_FORM");
  });
});

describe("admission", () => {
  test("takes no longer for white space where a list may have it", () => {
    const spaces = `a${" ".repeat(15_000)}b`;
    const started = performance.now();
    for (let round = 0; round < 100; round++) {
      for (const name of ["Connection", "Upgrade", "TE", "X"]) expect(post(`${name}: ${spaces}`)).toMatchObject({ framing: 0 });
      for (const name of ["Transfer-Encoding", "Content-Length", "Expect"]) expect(post(`${name}: ${spaces}`)).toMatch(/^4/);
    }
    // A quadratic step takes over 100 ms each time.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("CONNECT and TRACE are refused, TRACE unless allowed (rule 11; RFC 9110, 9.3.6 and 9.3.8)", () => {
    expect(admitted("TRACE / HTTP/1.1\r\nHost: a")).toBe("405 METHOD_REFUSED");
    expect(admitted("CONNECT / HTTP/1.1\r\nHost: a")).toBe("405 METHOD_REFUSED");
    expect(admitted("TRACE / HTTP/1.1\r\nHost: a", { ...rules, allowTrace: true })).toMatchObject({ framing: 0 });
  });

  test.each([
    "Authorization: a\r\nauthorization: a",
    "Content-Type: a\r\nContent-Type: b",
    "Proxy-Authorization: a\r\nProxy-Authorization: a",
  ])("%j is refused (rule 20; RFC 9110, 5.3)", (fields) => {
    expect(post(fields)).toBe("400 FIELD_REPEATED");
  });

  test("different single fields and repeated list fields stand (rule 20; RFC 9110, 5.3)", () => {
    expect(post("Authorization: a\r\nContent-Type: b\r\nAccept: c\r\nAccept: d\r\nCookie: e\r\nCookie: f")).toMatchObject({ framing: 0 });
  });

  test("an unknown expectation is refused with 417 (rule 45; RFC 9110, 10.1.1)", () => {
    expect(post("Expect: tea")).toBe("417 EXPECTATION_UNKNOWN");
    expect(post("Expect:")).toBe("417 EXPECTATION_UNKNOWN");
    expect(post("Expect: 100-continue\r\nExpect: tea")).toBe("417 EXPECTATION_UNKNOWN");
    expect(post("Content-Length: 1\r\nExpect: 100-Continue")).toMatchObject({ expectsContinue: true });
    expect(post("Expect: 100-continue")).toMatchObject({ expectsContinue: false });
    expect(post("Content-Length: 1\r\nExpect: 100-continue", "1.0")).toMatchObject({ expectsContinue: false });
  });

  const upgrade = (fields: string, line = "GET / HTTP/1.1"): unknown => admitted(`${line}\r\nHost: a\r\n${fields}`);

  test("an upgrade needs GET, HTTP/1.1, Connection and a protocol we know (rule 49; RFC 9110, 7.8)", () => {
    const asked = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket";
    expect(upgrade(asked)).toMatchObject({ upgrade: "websocket" });
    expect(upgrade(asked, "GET / HTTP/1.0")).toMatchObject({ upgrade: undefined });
    expect(upgrade(asked, "POST / HTTP/1.1")).toMatchObject({ upgrade: undefined });
    expect(upgrade("Upgrade: websocket")).toMatchObject({ upgrade: undefined });
    expect(upgrade("Connection: upgrade")).toMatchObject({ upgrade: undefined });
    expect(upgrade("Connection: upgrade\r\nUpgrade: websocket, foo")).toMatchObject({ upgrade: undefined });
  });

  test("Upgrade: h2c is served as plain HTTP/1.1 (rule 51; RFC 9110, 7.8)", () => {
    expect(upgrade("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x")).toMatchObject({ upgrade: undefined });
  });

  test.each(["Content-Length: 0", "Content-Length: 4", "Transfer-Encoding: chunked"])(
    "an upgrade with %j is refused (rule 50; RFC 9110, 7.8)",
    (fields) => {
      expect(upgrade(`Connection: upgrade\r\nUpgrade: websocket\r\n${fields}`)).toBe("400 UPGRADE_WITH_BODY");
    },
  );

  test.each([
    ["1.1", "", true],
    ["1.1", "Connection: close", false],
    ["1.1", "Connection: foo, Close", false],
    ["1.1", "Connection: keep-alive\r\nConnection: close", false],
    ["1.0", "", false],
    ["1.0", "Connection: Keep-Alive", true],
    ["1.0", "Connection: keep-alive, close", false],
  ])("HTTP/%s with %j: the connection lives on: %s (RFC 9112, 9.3)", (version, fields, persists) => {
    expect(admitted(`GET / HTTP/${version}\r\nHost: a${fields === "" ? "" : `\r\n${fields}`}`)).toMatchObject({ persists });
  });
});
