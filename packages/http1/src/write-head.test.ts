import { Fields } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { endToEndFields } from "./end-to-end.ts";
import { requestHead, responseHead } from "./write-head.ts";

const wire = { delimiter: 3, connection: "", upgrade: "", trailers: false, date: "" } as const;
const hops: [string, string][] = [
  ["Connection", "x"],
  ["Content-Length", "9"],
  ["Transfer-Encoding", "gzip"],
  ["Keep-Alive", "timeout=5"],
  ["Proxy-Connection", "keep-alive"],
  ["TE", "gzip"],
  ["Upgrade", "h2c"],
  ["Trailer", "X"],
];

describe("a response head", () => {
  test("carries its own framing and none of the list's (decision 2; RFC 9110, 7.6.1)", () => {
    const fields = Fields.from([...hops, ["X-A", "b"]]);
    expect(responseHead(200, fields, wire)).toBe("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\n");
    expect(responseHead(200, fields, { ...wire, delimiter: "chunked", trailers: true, connection: "close" })).toBe(
      "HTTP/1.1 200 OK\r\nTrailer: X\r\nX-A: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    );
  });

  test("gets a Date unless it has one (rule 26; RFC 9110, 6.6.1)", () => {
    expect(responseHead(204, new Fields(), { ...wire, delimiter: "none", date: "now" })).toBe(
      "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n",
    );
    expect(responseHead(204, Fields.from([["date", "then"]]), { ...wire, delimiter: "none", date: "now" })).toBe(
      "HTTP/1.1 204 No Content\r\ndate: then\r\n\r\n",
    );
  });

  test.each([0, 99, 600, 999, 200.5, Number.NaN, -200])("refuses the status %d (rule 42; RFC 9110, 15)", (status) => {
    expect(() => responseHead(status, new Fields(), wire)).toThrow(RangeError);
  });

  test("sends a status without a known phrase", () => {
    expect(responseHead(299, new Fields(), wire)).toMatch(/^HTTP\/1.1 299 \r\n/);
  });

  test.each(["a\r\nb", "a\nb", "a\rb", "a\0b", "a\u0100b", "\u20ac", "\x7f"])(
    "refuses the value %j, wherever it came from (rules 24 and 43; RFC 9110, 5.5)",
    (value) => {
      const fields = new Fields();
      fields.appendParsed("X", "x", value);
      expect(() => responseHead(200, fields, wire)).toThrow(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
    },
  );

  test.each(["", "a b", "a:", "a\r\nb", "\u00e4"])("refuses the name %j (rule 43; RFC 9110, 5.1)", (name) => {
    const fields = new Fields();
    fields.appendParsed(name, name, "v");
    expect(() => responseHead(200, fields, wire)).toThrow(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
  });
});

test("names without end are written, and left out, like the first", () => {
  for (let count = 0; count < 3_000; count++) {
    const fields = Fields.from([
      [`X-${count}`, "1"],
      ["Connection", "x"],
      ["keep-alive", "y"],
      [`x-${"long".repeat(30)}`, "2"],
    ]);
    expect(responseHead(200, fields, { ...wire, delimiter: "none" })).toBe(
      `HTTP/1.1 200 OK\r\nX-${count}: 1\r\nx-${"long".repeat(30)}: 2\r\n\r\n`,
    );
  }
});

describe("a request head", () => {
  const request = { method: "GET", target: "/", authority: "a", fields: new Fields() };

  test("carries Host first, its own framing and none of the list's (decision 2; RFC 9110, 7.6.1)", () => {
    const fields = Fields.from([...hops, ["Host", "evil"], ["Expect", "x"], ["X-A", "\xe9"]]);
    expect(requestHead({ ...request, fields }, "none")).toBe("GET / HTTP/1.1\r\nHost: a\r\nX-A: \xe9\r\n\r\n");
    expect(requestHead({ ...request, fields, expectsContinue: true }, 5)).toBe(
      "GET / HTTP/1.1\r\nHost: a\r\nX-A: \xe9\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    );
    expect(requestHead({ ...request, upgrade: "websocket" }, "none")).toBe(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
  });

  test("asks for an upgrade without content only (rule 50; RFC 9110, 7.8)", () => {
    for (const delimiter of [0, 5, "chunked"] as const)
      expect(() => requestHead({ ...request, upgrade: "websocket" }, delimiter)).toThrow();
  });

  test("passes on that trailers are welcome, and nothing else of TE (rule 17; RFC 9110, 10.1.4)", () => {
    const fields = Fields.from([["TE", "gzip, trailers"]]);
    expect(requestHead({ ...request, fields }, "none")).toBe("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n");
  });

  test.each([
    { method: "G ET" },
    { method: "" },
    { method: "CONNECT" },
    { method: "HEAD", upgrade: "websocket" },
    { method: "GET\r\n" },
    { target: "/a b" },
    { target: "" },
    { target: "/\r\n" },
    { target: "/\u00e9" },
    { target: "/a#b" },
    { target: "/a\\b" },
    { authority: "a\r\nX: y" },
    { upgrade: "a\r\nb" },
  ])("refuses %j (rule 43)", (change) => {
    expect(() => requestHead({ ...request, ...change }, "none")).toThrow(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
  });
});

describe("fields that travel end to end", () => {
  test("leave out what Connection names, in any case and list form (rules 17 and 18; RFC 9110, 7.6.1)", () => {
    const fields = Fields.from([
      ["connection", "X-Forwarded-For , x-a"],
      ["Connection", "close,,X-B"],
      ["x-forwarded-for", "1"],
      ["X-A", "2"],
      ["x-a", "3"],
      ["X-B", "4"],
      ["X-C", "5"],
    ]);
    expect([...endToEndFields(fields)].map(([name]) => name)).toEqual(["connection", "Connection", "X-C"]);
  });

  test("leave out the credentials between a client and its proxy (rule 17; RFC 9110, 11.7)", () => {
    const names = ["Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info", "HTTP2-Settings", "Authorization"];
    expect([...endToEndFields(Fields.from(names.map((name) => [name, "x"])))]).toEqual([["Authorization", "x"]]);
  });

  test("keep what nobody may have removed (rule 19; RFC 9110, 7.6.1)", () => {
    const fields = Fields.from([
      ["Connection", "host, content-length, cookie, authorization, transfer-encoding"],
      ["Host", "a"],
      ["Cookie", "b"],
      ["Authorization", "c"],
    ]);
    expect(endToEndFields(fields).size).toBe(4);
  });

  test("are found in linear time", () => {
    const fields = Fields.from([["Connection", `a${" ".repeat(60_000)}b`]]);
    const started = performance.now();
    for (let round = 0; round < 20; round++) endToEndFields(fields);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("are the list itself when nothing is named", () => {
    for (const connection of ["close", "Keep-Alive", "upgrade", ""]) {
      const fields = Fields.from([["Connection", connection]]);
      expect(endToEndFields(fields)).toBe(fields);
    }
    const none = new Fields();
    expect(endToEndFields(none)).toBe(none);
  });
});
