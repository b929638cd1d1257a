import { isIPv6, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";
import { ipv6Text } from "./ipv6.ts";
import { parseProxyHeader } from "./proxy-protocol.ts";

const signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const text = (line: string): Buffer => Buffer.from(line, "latin1");

/** A version 2 header. */
function binary(command: number, family: number, rest: Buffer, version = 2): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(rest.length);
  return Buffer.concat([signature, Buffer.of((version << 4) | command, family), size, rest]);
}
const v4 = Buffer.of(203, 0, 113, 5, 192, 0, 2, 1, 0x12, 0x34, 0x01, 0xbb);
const v6 = Buffer.concat([
  Buffer.from("20010db8000000000000000000000005", "hex"),
  Buffer.from("20010db8000000000000000000000001", "hex"),
  Buffer.of(0x12, 0x34, 0x01, 0xbb),
]);
const extension = (type: number, value: Buffer): Buffer => Buffer.concat([Buffer.of(type, value.length >> 8, value.length & 255), value]);

function withChecksum(rest: Buffer): Buffer {
  const header = binary(1, 0x11, Buffer.concat([rest, extension(3, Buffer.alloc(4))]));
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

describe("rule 64: PROXY protocol version 1", () => {
  test.each([
    ["PROXY TCP4 203.0.113.5 192.0.2.1 4660 443\r\n", { address: "203.0.113.5", port: 4660, secure: false }],
    ["PROXY TCP6 2001:DB8::5 2001:db8::1 0 65535\r\n", { address: "2001:db8::5", port: 0, secure: false }],
    ["PROXY UNKNOWN\r\n", undefined],
    ["PROXY UNKNOWN whatever stands here\r\n", undefined],
  ])("%j", (line, client) => {
    expect(parseProxyHeader(text(line))).toEqual({ client, length: line.length });
    // What comes behind it, the start of a request or of TLS, is left alone.
    expect(parseProxyHeader(text(`${line}GET / HTTP/1.1\r\n`))).toEqual({ client, length: line.length });
  });

  test.each([
    "PROXY TCP4 203.0.113.5 192.0.2.1 4660\r\n",
    "PROXY TCP4 203.0.113.5 192.0.2.1 4660 443 1\r\n",
    "PROXY TCP4  203.0.113.5 192.0.2.1 4660 443\r\n",
    "PROXY TCP4 2001:db8::5 2001:db8::1 1 2\r\n",
    "PROXY TCP6 203.0.113.5 192.0.2.1 1 2\r\n",
    "PROXY TCP4 203.0.113.05 192.0.2.1 1 2\r\n",
    "PROXY TCP4 203.0.113.5 192.0.2.1 65536 2\r\n",
    "PROXY TCP4 203.0.113.5 192.0.2.1 01 2\r\n",
    "PROXY TCP4 203.0.113.5 192.0.2.1 -1 2\r\n",
    "PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n",
    "PROXY UDP4 203.0.113.5 192.0.2.1 1 2\r\n",
    "PROXY tcp4 203.0.113.5 192.0.2.1 1 2\r\n",
    "PROXY \r\n",
    `PROXY UNKNOWN ${"x".repeat(100)}\r\n`,
    `PROXY UNKNOWN ${"x".repeat(100)}`,
  ])("refuses %j", (line) => {
    expect(parseProxyHeader(text(line))).toEqual({ reason: expect.any(String) });
  });

  test("takes a line of 107 bytes and no longer one", () => {
    const line = (length: number): Buffer => text(`PROXY UNKNOWN ${"x".repeat(length - 16)}\r\n`);
    expect(parseProxyHeader(line(107))).toEqual({ client: undefined, length: 107 });
    expect(parseProxyHeader(line(108))).toHaveProperty("reason");
  });
});

describe("rule 64: PROXY protocol version 2", () => {
  const client4 = { address: "203.0.113.5", port: 0x1234, secure: false };
  test.each([
    ["TCP over IPv4", binary(1, 0x11, v4), client4],
    ["TCP over IPv6", binary(1, 0x21, v6), { address: "2001:db8::5", port: 0x1234, secure: false }],
    [
      "extensions behind the addresses",
      binary(1, 0x11, Buffer.concat([v4, extension(2, text("example.test")), extension(0xee, Buffer.alloc(0))])),
      client4,
    ],
    [
      "a client that spoke TLS",
      binary(1, 0x11, Buffer.concat([v4, extension(0x20, Buffer.of(1, 0, 0, 0, 0))])),
      { ...client4, secure: true },
    ],
    ["an SSL extension that says no", binary(1, 0x11, Buffer.concat([v4, extension(0x20, Buffer.of(0, 0, 0, 0, 0))])), client4],
    ["a checksum that fits", withChecksum(Buffer.concat([v4, extension(2, text("x"))])), client4],
    ["LOCAL, which keeps the peer", binary(0, 0x11, v4), undefined],
    ["LOCAL without anything", binary(0, 0x00, Buffer.alloc(0)), undefined],
    ["an unspecified family", binary(1, 0x00, extension(4, Buffer.alloc(8))), undefined],
    ["datagrams", binary(1, 0x12, v4), undefined],
    ["a Unix socket", binary(1, 0x31, Buffer.alloc(216, 1)), undefined],
    ["a family that does not exist", binary(1, 0x51, text("anything")), undefined],
  ])("%s", (_, header, client) => {
    expect(parseProxyHeader(header)).toEqual({ client, length: header.length });
    expect(parseProxyHeader(Buffer.concat([header, text("GET /")]))).toEqual({ client, length: header.length });
  });

  const bad = withChecksum(v4);
  bad[16] = 204;
  test.each([
    ["version 1", binary(1, 0x11, v4, 1)],
    ["version 3", binary(1, 0x11, v4, 3)],
    ["an unknown command", binary(2, 0x11, v4)],
    ["addresses cut short", binary(1, 0x11, v4.subarray(0, 11))],
    ["an extension that reaches beyond the end", binary(1, 0x11, Buffer.concat([v4, Buffer.of(4, 0, 9, 1)]))],
    ["half an extension", binary(1, 0x11, Buffer.concat([v4, Buffer.of(4, 0)]))],
    ["a checksum that does not fit", bad],
    ["a checksum of three bytes", binary(1, 0x11, Buffer.concat([v4, extension(3, Buffer.alloc(3))]))],
    ["more than 4,096 bytes", binary(1, 0x11, Buffer.concat([v4, extension(4, Buffer.alloc(4082))]))],
  ])("refuses %s", (_, header) => {
    expect(parseProxyHeader(header)).toEqual({ reason: expect.any(String) });
  });

  test("refuses one that will be too long before it has arrived", () => {
    const header = binary(1, 0x11, Buffer.alloc(5000));
    expect(parseProxyHeader(header.subarray(0, 16))).toHaveProperty("reason");
  });
});

describe("rule 64: bytes", () => {
  const headers = [text("PROXY TCP4 203.0.113.5 192.0.2.1 4660 443\r\n"), text("PROXY UNKNOWN\r\n"), binary(1, 0x21, v6), withChecksum(v4)];

  test("that come one at a time give the same answer at the last one and none before", () => {
    for (const header of headers) {
      for (let length = 0; length < header.length; length++) expect(parseProxyHeader(header.subarray(0, length))).toBe("incomplete");
      expect(parseProxyHeader(header)).toMatchObject({ length: header.length });
    }
  });

  test.each([
    "GET / HTTP/1.1\r\n",
    "P",
    "PROX\r",
    "PROXYX",
    "PRI * HTTP/2.0\r\n",
    "POST /",
    "\x16\x03\x01",
    "\r\n\r\nGET",
    "\r\n\r\n\0\r\nQUIX\n",
    "proxy TCP4",
  ])("of something else are no header: %j", (start) => {
    expect(parseProxyHeader(text(start))).toBe(start === "P" ? "incomplete" : "absent");
  });

  test("of any kind end in an answer, and a header never reaches beyond them", () => {
    const mutated = fc
      .tuple(fc.constantFrom(...headers), fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }))
      .map(([header, changes]) => {
        const copy = Buffer.from(header);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(mutated, (bytes) => {
        const result = parseProxyHeader(bytes);
        if (typeof result === "object" && "length" in result) expect(result.length).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });
});

test("CRC32C gives the values of RFC 3720, B.4", () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});

describe("IPv6 addresses are written as RFC 5952 says", () => {
  test.each([
    ["20010db8000000000000000000000005", "2001:db8::5"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000000000001", "::1"],
    ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["00010000000000000000000000000000", "1::"],
    ["00000000000000000000ffffcb007105", "203.0.113.5"],
  ])("%s: %s", (hex, written) => {
    expect(ipv6Text(Buffer.from(hex, "hex"))).toBe(written);
  });

  test("and mean the same bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0xabc), { minLength: 8, maxLength: 8 }), (groups) => {
        fc.pre(groups.slice(0, 5).some((group) => group !== 0));
        const bytes = Buffer.alloc(16);
        for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, index * 2);
        const written = ipv6Text(bytes);
        expect(isIPv6(written)).toBe(true);
        const plain = groups.map((group) => group.toString(16)).join(":");
        expect(new SocketAddress({ address: written, family: "ipv6" }).address).toBe(
          new SocketAddress({ address: plain, family: "ipv6" }).address,
        );
      }),
    );
  });
});
