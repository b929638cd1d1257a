import { Fields } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { clientOf, plainAddress, trustedProxies } from "./client.ts";

const trusted = trustedProxies(["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);
const balancer = { address: "10.0.0.1", port: 5000, secure: false, trusted: true };

function behindBalancer(...lines: (readonly [string, string])[]): unknown {
  return clientOf(balancer, Fields.from(lines), trusted);
}

describe("clientOf", () => {
  test("takes an untrusted peer for the client whatever it claims", () => {
    const peer = { address: "198.51.100.9", port: 1, secure: false, trusted: false };
    expect(
      clientOf(
        peer,
        Fields.from([
          ["X-Forwarded-For", "1.2.3.4"],
          ["X-Forwarded-Proto", "https"],
        ]),
        trusted,
      ),
    ).toBe(peer);
  });

  test.each([
    ["203.0.113.5", "203.0.113.5", 0],
    ["6.6.6.6, 203.0.113.5", "203.0.113.5", 0],
    ["6.6.6.6, 203.0.113.5, 10.9.9.9", "203.0.113.5", 0],
    ["10.1.1.1, 10.2.2.2", "10.1.1.1", 0],
    ["203.0.113.5:4711", "203.0.113.5", 4711],
    ["2001:db8::1", "2001:db8::1", 0],
    ["[2001:db8::1]:4711", "2001:db8::1", 4711],
    ["[2001:db8::1]", "2001:db8::1", 0],
    ["::ffff:203.0.113.5", "203.0.113.5", 0],
    ["203.0.113.5, unknown", "10.0.0.1", 5000],
    ["203.0.113.5, garbage, 10.3.3.3", "10.3.3.3", 0],
    ["203.0.113.5,", "10.0.0.1", 5000],
    ["", "10.0.0.1", 5000],
  ])("reads X-Forwarded-For from its end, up to the first that is not trusted: %s", (value, address, port) => {
    expect(behindBalancer(["X-Forwarded-For", value])).toMatchObject({ address, port });
  });

  test("joins several lines in order", () => {
    expect(behindBalancer(["X-Forwarded-For", "6.6.6.6"], ["X-Forwarded-For", "203.0.113.5"])).toMatchObject({ address: "203.0.113.5" });
  });

  test("believes the scheme that the last forwarder wrote", () => {
    expect(behindBalancer(["X-Forwarded-Proto", "https"])).toMatchObject({ secure: true });
    expect(behindBalancer(["X-Forwarded-Proto", "https, http"])).toMatchObject({ secure: false });
    expect(behindBalancer()).toMatchObject({ secure: false });
  });

  test("walks a chain that fills a whole head in time in proportion to it", () => {
    expect(behindBalancer(["X-Forwarded-For", Array(100_000).fill("10.0.0.2").join(",")])).toMatchObject({ address: "10.0.0.2" });
  });
});

describe("trustedProxies", () => {
  test.each([
    ["10.255.0.1", true],
    ["11.0.0.1", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["fd12::1", true],
    ["2001:db8::1", false],
    ["", false],
  ])("answers for %s: %s", (address, expected) => {
    expect(trusted.has(address)).toBe(expected);
  });

  test("trusts Unix sockets only by name", () => {
    expect(trustedProxies(["unix"]).has("")).toBe(true);
  });

  test.each([
    "",
    "localhost",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "::/129",
    "10.0.0",
    "fe80::1%eth0",
    "10.0.0.0/1e1",
  ])("refuses the entry %j by name", (entry) => {
    expect(() => trustedProxies([entry])).toThrow(expect.objectContaining({ code: "MS_TRUSTED_PROXY_INVALID" }));
  });
});

test("an IPv4 peer of a dual-stack socket has its plain address", () => {
  expect(plainAddress("::ffff:10.0.0.7")).toBe("10.0.0.7");
  expect(plainAddress("::1")).toBe("::1");
  expect(plainAddress(undefined)).toBe("");
});
