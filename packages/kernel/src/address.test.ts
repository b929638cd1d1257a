import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, maxSocketPathBytes, parseAddress } from "./address.ts";

describe("parseAddress", () => {
  test.each([
    ["tcp://127.0.0.1:3000", { kind: "tcp", host: "127.0.0.1", port: 3000 }],
    ["0.0.0.0:8080", { kind: "tcp", host: "0.0.0.0", port: 8080 }],
    ["localhost:80", { kind: "tcp", host: "localhost", port: 80 }],
    ["3000", { kind: "tcp", host: "127.0.0.1", port: 3000 }],
    ["[::1]:80", { kind: "tcp", host: "::1", port: 80 }],
    ["tcp://[fe80::1%eth0]:80", { kind: "tcp", host: "fe80::1%eth0", port: 80 }],
    ["unix:///tmp/app.sock", { kind: "unix", path: "/tmp/app.sock" }],
  ] as const)("reads %s", (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test.each([
    ["", "no host and port"],
    ["localhost", "no host and port"],
    ["65536", "at most 65535"],
    ["1.2.3.4:99999999999999999999", "at most 65535"],
    ["::1:80", "needs brackets"],
    ["http://x:80", 'unknown scheme "http"'],
    ["user@host:80", "no host and port"],
    ["unix://relative.sock", "must be absolute"],
    ["unix:///tmp/", "must name a file"],
    ["unix:///a\0b", "NUL"],
  ])("refuses %j and says why", (text, reason) => {
    expect(() => parseAddress(text)).toThrowError(
      expect.objectContaining({ code: "MS_ADDRESS_INVALID", message: expect.stringContaining(reason) }),
    );
  });

  test("refuses a socket path one byte longer than the system takes", () => {
    const longest = `/${"s".repeat(maxSocketPathBytes() - 1)}`;
    expect(parseAddress(`unix://${longest}`)).toEqual({ kind: "unix", path: longest });
    expect(() => parseAddress(`unix://${longest}s`)).toThrowError(/may have \d+ here/);
  });

  test("knows that other systems take shorter socket paths than Linux", () => {
    expect([maxSocketPathBytes("linux"), maxSocketPathBytes("darwin")]).toEqual([107, 103]);
  });

  test("reads back whatever it printed", () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (host, port) => {
        const address = { kind: "tcp", host, port } as const;
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });
});
