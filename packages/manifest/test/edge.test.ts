import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import type { Bind, Ship } from "../src/types.ts";
import { http, issuesOf, placesOf, ship } from "./issues.ts";

const folder = "/srv/app";
const tls = 'cert = "a.pem", key = "a.key"';
const bindWith = (keys: string): Bind =>
  parseManifest(`[mothership.bind]\nweb = { addr = "1", ${keys} }\n${ship("a")}`, { folder }).mothership.binds[0]!;
const proxyOf = (...lines: readonly string[]) =>
  parseManifest(`[mothership.proxy]\n${lines.join("\n")}\n${ship("a")}`, { folder }).mothership.proxy;
const shipWith = (...lines: readonly string[]): Ship => parseManifest(`${http}${ship("a", 'bind = "9"', ...lines)}`, { folder }).ships[0]!;

describe("a bind", () => {
  test("is told what a client may cost", () => {
    const keys = [
      tls,
      'http2 = false, min_tls_version = "1.3", max_connections = 10',
      'max_head = "4KiB", max_fields = 20, max_target = "1KiB", max_body = "10MiB"',
      'head_timeout = "5s", idle_timeout = "2m", stall_timeout = "10s", min_rate = 0',
    ].join(", ");
    expect(bindWith(keys)).toMatchObject({
      http2: false,
      minTlsVersion: "1.3",
      maxConnections: 10,
      limits: {
        maxHeadBytes: 4096,
        maxFields: 20,
        maxTargetBytes: 1024,
        maxBodyBytes: 10_485_760,
        headMs: 5000,
        idleMs: 120_000,
        stallMs: 10_000,
        minBytesPerSecond: 0,
      },
    });
  });

  test("is not told about TLS without a certificate", () => {
    const issues = issuesOf(`[mothership.bind]\nweb = { addr = "1", http2 = false, min_tls_version = "1.3" }\n${ship("a")}`);
    expect(issues.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'mothership.bind.web.http2: "http2" is about TLS, and this bind has no certificate',
      'mothership.bind.web.min_tls_version: "min_tls_version" is about TLS, and this bind has no certificate',
    ]);
    expect(issues[0]?.hint).toContain("cert = ");
  });

  test.each([
    ['max_head = "100B"', /"max_head" must be a size from 1KiB to 1MiB/],
    ['max_target = "2MiB"', /"max_target" must be a size from 256B to 1MiB/],
    ["max_fields = 0", /"max_fields" must be a number of fields from 1/],
    ['idle_timeout = "0s"', /"idle_timeout" must be a duration/],
    [`min_tls_version = "1.1", ${tls}`, /"min_tls_version" must be "1.2" or "1.3"/],
    ["max_body = 10", /"max_body" must be a size/],
  ])("refuses %s", (keys, message) => {
    expect(placesOf(`[mothership.bind]\nweb = { addr = "1", ${keys} }\n${ship("a")}`)).toEqual([expect.stringMatching(message)]);
  });
});

describe("the proxy", () => {
  test("is read from [mothership.proxy]", () => {
    expect(
      proxyOf(
        "max_connections_per_client = 200",
        'error_pages = "./errors"',
        "forwarded = true",
        'via = "edge-1"',
        'tunnel_timeout = "5m"',
      ),
    ).toEqual({
      maxConnectionsPerClient: 200,
      errorPages: { path: "/srv/app/errors", written: "./errors" },
      forwarded: true,
      via: "edge-1",
      tunnelIdleMs: 300_000,
    });
  });

  test("has a name that fits a header", () => {
    expect(placesOf(`[mothership.proxy]\nvia = "a b"\n${ship("a")}`)).toEqual([expect.stringMatching(/"via" must be a name/)]);
  });
});

describe("how a ship is asked", () => {
  test("is read from its table, above that of the template, key by key", () => {
    const text = `${http}[base.ship]\nupstream = { answer_timeout = "2m", max_connections = 5 }\n${ship("a", 'bind = "1"', "upstream = { max_connections = 7 }")}${ship("b")}`;
    const [a, b] = parseManifest(text).ships;
    expect(a?.upstream).toMatchObject({ answerMs: 120_000, maxConnections: 7, connectMs: 5000 });
    // A template is for ships with and without an address.
    expect(b?.upstream).toMatchObject({ answerMs: 120_000, maxConnections: 5 });
  });

  test("has a circuit breaker when it is asked for", () => {
    const initial = { failureRatio: 0.5, minRequests: 10, windowMs: 10_000, openMs: 2000 };
    expect(shipWith().upstream.breaker).toBeUndefined();
    expect(shipWith("upstream = { circuit_breaker = false }").upstream.breaker).toBeUndefined();
    expect(shipWith("upstream = { circuit_breaker = true }").upstream.breaker).toEqual(initial);
    expect(shipWith('upstream = { circuit_breaker = { min_requests = 3, open_for = "1m" } }').upstream.breaker).toEqual({
      ...initial,
      minRequests: 3,
      openMs: 60_000,
    });
  });

  test("has a budget of second tries", () => {
    expect(shipWith("upstream = { retries = false }").upstream.retries).toEqual({ ratio: 0, min: 0 });
    expect(shipWith("upstream = { retries = true }").upstream.retries).toEqual({ ratio: 0.2, min: 3 });
    expect(shipWith("upstream = { retries = { share = 0.5 } }").upstream.retries).toEqual({ ratio: 0.5, min: 3 });
  });

  test("lets requests wait for a restart, as many and as long as it says", () => {
    expect(shipWith().upstream).toMatchObject({ holdMs: 10_000, maxHeld: 1000 });
    expect(shipWith('upstream = { hold_timeout = "1m", max_held = 5 }').upstream).toMatchObject({ holdMs: 60_000, maxHeld: 5 });
    for (const none of ["0s", "0", "0ms"]) expect(shipWith(`upstream = { hold_timeout = "${none}" }`).upstream.holdMs).toBe(0);
  });

  test("means nothing without an address", () => {
    expect(placesOf(ship("a", "upstream = { max_queued = 0 }"))).toEqual(['4:1 ship "a" has no bind, so nothing is asked of it']);
  });

  test.each([
    ["circuit_breaker = { failure_share = 2 }", /"failure_share" must be a number above 0 and up to 1/],
    ["circuit_breaker = { failure_share = 0 }", /"failure_share" must be a number above 0/],
    ['circuit_breaker = { window = "never" }', /"window" must be a duration/],
    ['max_head = "1GiB"', /"max_head" must be a size from 1KiB to 1MiB/],
    ['hold_timeout = "soon"', /"hold_timeout" must be a duration up to 24h/],
    ["max_held = -1", /"max_held" must be a number of requests/],
    ['timeout = "5s"', /unknown key "timeout"/],
  ])("refuses %s", (keys, message) => {
    expect(placesOf(`${http}${ship("a", 'bind = "1"', `upstream = { ${keys} }`)}`)).toEqual([expect.stringMatching(message)]);
  });
});

describe("the access log", () => {
  const logOf = (written: string) => parseManifest(`[mothership]\n${written}\n${ship("a")}`, { folder }).mothership.accessLog;

  test("is off, on with its defaults, or as its table says", () => {
    const plain = { to: { kind: "stream", stream: "stdout" }, sample: 1, query: "none", ja4h: false };
    expect([logOf(""), logOf("access_log = false"), logOf("access_log = { enabled = false }")]).toEqual([undefined, undefined, undefined]);
    expect([logOf("access_log = true"), logOf("access_log = {}")]).toEqual([plain, plain]);
    expect(logOf('access_log = { stream = "stderr", sample = 0, query = "full", ja4h = true }')).toEqual({
      to: { kind: "stream", stream: "stderr" },
      sample: 0,
      query: "full",
      ja4h: true,
    });
    expect(logOf('access_log = { file = "log/access.log", max_size = "1MiB", max_files = 2, compress = false }')).toEqual({
      ...plain,
      to: { kind: "file", path: "/srv/app/log/access.log", maxBytes: 1_048_576, maxFiles: 2, compress: false },
    });
  });

  test("goes to one place, and no process logs there", () => {
    const lines = 'access_log = { file = "a.log", stream = "stderr" }';
    expect(placesOf(`[mothership]\n${lines}\n${ship("a", 'log = { file = "a.log" }')}`, { folder })).toEqual([
      expect.stringContaining('"stream" and "file" do not go together'),
      expect.stringContaining('"a" cannot log to the file that "access_log" logs to'),
    ]);
    expect(placesOf(`[mothership]\naccess_log = { max_files = 2, sample = 2 }\n${ship("a")}`)).toEqual([
      expect.stringContaining('"max_files" is about a file, and there is none'),
      expect.stringContaining('"sample" must be a number from 0 to 1'),
    ]);
  });
});
