import { Fields } from "@mothership/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hopsThrough, type RequestFacts, requestFields, responseFields, trailerFields } from "./headers.ts";

const stranger = { address: "198.51.100.9", port: 1, secure: false, trusted: false };
const facts: RequestFacts = { peer: stranger, id: "id-1", authority: "example.test", version: "1.1" };
const balancer: RequestFacts = { ...facts, peer: { address: "10.0.0.1", port: 1, secure: false, trusted: true } };

type Lines = readonly (readonly [string, string])[];

function forwarded(lines: Lines, of: RequestFacts = facts): readonly (readonly [string, string])[] {
  return [...requestFields(Fields.from(lines), of)];
}

const ours = [
  ["X-Forwarded-For", "198.51.100.9"],
  ["X-Forwarded-Proto", "http"],
  ["X-Forwarded-Host", "example.test"],
  ["X-Request-Id", "id-1"],
  ["Via", "1.1 mothership"],
] as const;

describe("requestFields", () => {
  test("keeps order, case and repeats of what a client may send, and adds ours at the end", () => {
    const lines: Lines = [
      ["user-agent", "x"],
      ["Accept", "a"],
      ["COOKIE", "a=1"],
      ["Cookie", "b=2"],
      ["X-Custom", "é"],
    ];
    expect(forwarded(lines)).toEqual([["Host", "example.test"], ...lines, ...ours]);
  });

  test.each([
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
    "HTTP2-Settings",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Authentication-Info",
    "Content-Length",
    "Expect",
    "Proxy",
  ])("rule 17 (RFC 9110, 7.6.1): does not forward %s, in any case", (name) => {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      expect(forwarded([[written, "x"]])).toEqual([["Host", "example.test"], ...ours]);
    }
  });

  test.each([["close, X-Drop"], ["X-DROP"], ["keep-alive , x-drop,"], ["x-other,x-drop, x-drop"]])(
    "rule 17 (RFC 9110, 7.6.1): removes what Connection names: %s",
    (value) => {
      expect(
        forwarded([
          ["X-Drop", "1"],
          ["X-Keep", "2"],
          ["Connection", value],
          ["x-drop", "3"],
        ]),
      ).toEqual([["Host", "example.test"], ["X-Keep", "2"], ...ours]);
    },
  );

  test("rule 17: reads every Connection line", () => {
    expect(
      forwarded([
        ["Connection", "close"],
        ["X-A", "1"],
        ["Connection", "x-b"],
        ["X-B", "2"],
        ["Connection", "x-a"],
      ]),
    ).toEqual([["Host", "example.test"], ...ours]);
  });

  test("rule 17: relays that the client takes trailers, and nothing else of TE", () => {
    expect(
      forwarded([
        ["TE", "gzip;q=0.5, trailers"],
        ["TE", "trailers"],
      ]),
    ).toContainEqual(["TE", "trailers"]);
    expect(forwarded([["TE", "gzip"]]).map(([name]) => name)).not.toContain("TE");
    expect(forwarded([["TE", "xtrailers"]]).map(([name]) => name)).not.toContain("TE");
  });

  test.each([["X-Forwarded-For, X-Request-Id"], ["x-forwarded-for,x-forwarded-host,x-forwarded-proto,x-request-id,via"]])(
    "rule 18 (CVE-2021-32813, CVE-2024-45410): a client cannot remove what we add: Connection: %s",
    (value) => {
      expect(forwarded([["Connection", value]])).toEqual([["Host", "example.test"], ...ours]);
    },
  );

  test.each(["Host", "Cookie", "Authorization", "Content-Type", "Origin", "Content-Encoding"])(
    "rule 19: a Connection that names %s does not remove it",
    (name) => {
      const kept = forwarded([
        [name, "example.test"],
        ["Connection", `close, ${name}`],
      ]);
      expect(kept).toContainEqual([name, "example.test"]);
    },
  );

  test.each([
    "X_Forwarded_For",
    "X.Forwarded.For",
    "x-forwarded_for",
    "X_FORWARDED_HOST",
    "X_Request_Id",
    "x_real_ip",
    "Content_Length",
    "Transfer_Encoding",
    "X_Forwarded_Anything",
    "Proxy_Authorization",
  ])("rule 22: drops the spoof variant %s even from a trusted peer", (name) => {
    expect(forwarded([[name, "6.6.6.6"]], balancer).map(([sent]) => sent)).not.toContain(name);
  });

  test("lets other names with underscores and dots through", () => {
    expect(
      forwarded([
        ["api_key", "1"],
        ["x.y", "2"],
      ]),
    ).toEqual([["Host", "example.test"], ["api_key", "1"], ["x.y", "2"], ...ours]);
  });

  test.each([
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Whatever",
    "X-Request-Id",
    "X-Real-IP",
    "Forwarded",
  ])("replaces %s of a peer that is not trusted", (name) => {
    expect(forwarded([[name, "6.6.6.6"]])).toEqual([["Host", "example.test"], ...ours]);
  });

  test("extends what a trusted peer says", () => {
    expect(
      forwarded(
        [
          ["X-Forwarded-For", "203.0.113.5"],
          ["X-Forwarded-For", "10.9.9.9"],
          ["X-Forwarded-Proto", "https"],
          ["X-Forwarded-Host", "public.test"],
          ["X-Forwarded-Port", "443"],
        ],
        balancer,
      ),
    ).toEqual([
      ["Host", "example.test"],
      ["X-Forwarded-Port", "443"],
      ["X-Forwarded-For", "203.0.113.5, 10.9.9.9, 10.0.0.1"],
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "public.test"],
      ["X-Request-Id", "id-1"],
      ["Via", "1.1 mothership"],
    ]);
  });

  test("does not pass on a scheme that is none", () => {
    expect(forwarded([["X-Forwarded-Proto", "javascript"]], balancer)).toContainEqual(["X-Forwarded-Proto", "http"]);
  });

  test("says https for a peer that spoke TLS", () => {
    expect(forwarded([], { ...facts, peer: { ...stranger, secure: true } })).toContainEqual(["X-Forwarded-Proto", "https"]);
  });

  test("names no address for a Unix peer, which has none", () => {
    const names = forwarded([], { ...facts, peer: { ...stranger, address: "" } }).map(([name]) => name);
    expect(names).not.toContain("X-Forwarded-For");
  });

  test("names no host for an HTTP/1.0 client that sent none", () => {
    const names = forwarded([], { ...facts, authority: "", version: "1.0" }).map(([name]) => name);
    expect(names).not.toContain("Host");
    expect(names).not.toContain("X-Forwarded-Host");
  });

  test("the authority of the request line replaces Host (RFC 9112, 3.2.2)", () => {
    expect(forwarded([["Host", "other.test"]]).filter(([name]) => name.toLowerCase() === "host")).toEqual([["Host", "example.test"]]);
  });

  test("rule 25 (RFC 9110, 7.6.3): adds itself to Via behind what stands there", () => {
    const via = [...requestFields(Fields.from([["Via", "1.0 other"]]), { ...facts, version: "1.0" }, { via: "edge" })].filter(
      ([name]) => name === "Via",
    );
    expect(via).toEqual([
      ["Via", "1.0 other"],
      ["Via", "1.0 edge"],
    ]);
  });

  test("sends Forwarded (RFC 7239) where it is asked for", () => {
    const of = (peer: typeof stranger): unknown => requestFields(new Fields(), { ...facts, peer }, { forwarded: true }).get("forwarded");
    expect(of(stranger)).toBe('for=198.51.100.9;proto=http;host="example.test"');
    expect(of({ ...stranger, address: "2001:db8::1" })).toBe('for="[2001:db8::1]";proto=http;host="example.test"');
    expect(of({ ...stranger, address: "" })).toBe('for=unknown;proto=http;host="example.test"');
  });

  test("rule 12 (RFC 9110, 7.6.2): takes one from Max-Forwards", () => {
    expect(forwarded([["Max-Forwards", "7"]])).toContainEqual(["Max-Forwards", "6"]);
    expect(forwarded([["Max-Forwards", "many"]])).toContainEqual(["Max-Forwards", "many"]);
  });

  test("rule 23 (CVE-2026-21710): names of object members are names like others", () => {
    const lines: Lines = [
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
      ["hasOwnProperty", "4"],
    ];
    expect(forwarded(lines)).toEqual([["Host", "example.test"], ...lines, ...ours]);
    expect(
      forwarded([
        ["Connection", "__proto__"],
        ["__proto__", "1"],
      ]),
    ).toEqual([["Host", "example.test"], ...ours]);
  });

  test("whatever a stranger sends, each of our fields stands there once with our value", () => {
    const name = fc.constantFrom(
      "Connection",
      "X-Forwarded-For",
      "x_forwarded-for",
      "X-FORWARDED-HOST",
      "X-Request-ID",
      "Via",
      "TE",
      "x.request.id",
      "Forwarded",
      "Host",
    );
    const value = fc.constantFrom("x-forwarded-for", "x-request-id, via", "6.6.6.6", "trailers", "close", "x-forwarded-host,,host");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 10 }), (lines) => {
        const out = requestFields(Fields.from(lines), facts);
        expect(out.all("x-forwarded-for")).toEqual(["198.51.100.9"]);
        expect(out.all("x-forwarded-proto")).toEqual(["http"]);
        expect(out.all("x-forwarded-host")).toEqual(["example.test"]);
        expect(out.all("x-request-id")).toEqual(["id-1"]);
        expect(out.all("host")).toEqual(["example.test"]);
        expect(out.all("via").at(-1)).toBe("1.1 mothership");
        for (const [sent] of out) expect(sent.toLowerCase().replaceAll(/[_.]/g, "-")).not.toMatch(/^(?:connection|upgrade|forwarded)$/);
      }),
    );
  });
});

describe("responseFields", () => {
  test("rule 17 (RFC 9110, 7.6.1): removes fields of the upstream's connection and those that it names", () => {
    const received = Fields.from([
      ["Server", "x"],
      ["Connection", "keep-alive, X-Hop"],
      ["Keep-Alive", "timeout=5"],
      ["X-Hop", "1"],
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["Proxy-Authenticate", "Basic"],
      ["Upgrade", "h2c"],
      ["Transfer-Encoding", "chunked"],
    ]);
    expect([...responseFields(received)]).toEqual([
      ["Server", "x"],
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
  });

  test("rule 19: an upstream cannot name Content-Type or Set-Cookie away", () => {
    const received = Fields.from([
      ["Connection", "content-type, set-cookie"],
      ["Content-Type", "text/html"],
      ["Set-Cookie", "a=1"],
    ]);
    expect([...responseFields(received)]).toEqual([
      ["Content-Type", "text/html"],
      ["Set-Cookie", "a=1"],
    ]);
  });

  test("an upstream cannot speak as the proxy", () => {
    expect([...responseFields(Fields.from([["X-Mothership-Error", "no-route"]]))]).toEqual([]);
  });

  test("rule 24: bytes above ASCII pass as they are", () => {
    expect(responseFields(Fields.from([["X-Name", "caf\xe9"]])).get("x-name")).toBe("caf\xe9");
  });
});

describe("hopsThrough", () => {
  test("counts this proxy's name in all Via lines, in any place", () => {
    expect(hopsThrough(new Fields())).toBe(0);
    expect(
      hopsThrough(
        Fields.from([
          ["Via", "1.1 mothership, 1.0 other"],
          ["Via", "HTTP/1.1 mothership (comment)"],
          ["Via", "1.1 mothership2"],
        ]),
      ),
    ).toBe(2);
  });
});

describe("trailers of a request over HTTP/2 (RFC 9110, 6.5.1)", () => {
  test.each([
    "content-type",
    "content-length",
    "content-encoding",
    "host",
    "authorization",
    "cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "connection",
    "cache-control",
    "if-match",
    "sec-websocket-key",
    "access-control-request-method",
    "proxy-authorization",
    "x-forwarded-for",
    "x_forwarded_for",
    "x-request-id",
    "x-real-ip",
    "forwarded",
    "via",
    "vary",
    "date",
    "set-cookie",
    "max-forwards",
    "expect",
    ":path",
  ])("%s means something in a head and is left out", (name) => {
    expect(trailerFields([name, "evil"])).toBeUndefined();
  });

  test("others pass, repeats included", () => {
    expect([...trailerFields(["grpc-status", "0", "via", "x", "x-sum", "1", "x-sum", "2"])!]).toEqual([
      ["grpc-status", "0"],
      ["x-sum", "1"],
      ["x-sum", "2"],
    ]);
  });
});
