import { expect, test } from "vitest";
import { isNetwork } from "./networks.ts";

test.each(["10.0.0.0/8", "127.0.0.1", "0.0.0.0/0", "192.168.1.1/32", "::1", "fd00::/8", "::/0", "2001:db8::/128"])(
  "%s is a network",
  (text) => {
    expect(isNetwork(text)).toBe(true);
  },
);

test.each(["", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1", "localhost", "fe80::1%eth0", " ::1"])(
  "%j is no network",
  (text) => {
    expect(isNetwork(text)).toBe(false);
  },
);
