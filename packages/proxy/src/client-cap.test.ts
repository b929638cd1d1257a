import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientCap } from "./client-cap.ts";
import { clientCountsMemory, forgetCounts, OwnCounts, SharedCounts } from "./client-counts.ts";
import { ipv6Text, networkOf } from "./ipv6.ts";

describe("the cap on connections of a client", () => {
  test("counts each client for itself and makes room again", () => {
    const cap = new ClientCap(2);
    const first = cap.enter("10.0.0.1");
    expect(cap.enter("10.0.0.1")).toBeDefined();
    expect(cap.enter("10.0.0.1")).toBeUndefined();
    expect(cap.enter("10.0.0.2")).toBeDefined();
    first![Symbol.dispose]();
    expect(cap.enter("10.0.0.1")).toBeDefined();
    expect(cap.enter("10.0.0.1")).toBeUndefined();
  });

  test("takes a /64 of IPv6 for one client", () => {
    const cap = new ClientCap(1);
    expect(cap.enter("2001:db8:0:1::1")).toBeDefined();
    expect(cap.enter("2001:db8:0:1:ffff::2")).toBeUndefined();
    expect(cap.enter("2001:db8:0:2::1")).toBeDefined();
  });

  test("keeps nothing of clients that have left", () => {
    const counts = new OwnCounts();
    const clients = Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    for (const client of clients) expect(counts.add(client)).toBe(1);
    for (const client of clients) counts.remove(client);
    expect(counts.size).toBe(0);
  });

  test("counts what a client has in all threads with one memory, until a thread is gone", () => {
    const memory = clientCountsMemory(3);
    const [one, two, three] = [0, 1, 2].map((thread) => new ClientCap(3, { memory, thread })) as [ClientCap, ClientCap, ClientCap];
    const place = one.enter("10.0.0.1");
    expect([two.enter("10.0.0.1"), three.enter("10.0.0.1")]).toEqual([expect.anything(), expect.anything()]);
    for (const cap of [one, two, three]) expect(cap.enter("10.0.0.1")).toBeUndefined();
    expect(three.enter("10.0.0.2")).toBeDefined();
    place?.[Symbol.dispose]();
    expect(two.enter("10.0.0.1")).toBeDefined();
    expect(one.enter("10.0.0.1")).toBeUndefined();
    forgetCounts({ memory, thread: 1 });
    expect([one.enter("10.0.0.1"), one.enter("10.0.0.1"), three.enter("10.0.0.1")].map((entered) => entered !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("takes few clients for others where threads count together, and many for themselves", () => {
    const memory = clientCountsMemory(1);
    const counts = new SharedCounts({ memory, thread: 0 });
    const clients = Array.from({ length: 5000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`);
    const mistaken = clients.filter((client) => counts.add(client) > 1);
    // Chance decides which; the expected number is less than one.
    expect(mistaken.length).toBeLessThan(10);
    for (const client of clients) counts.remove(client);
    expect(clients.every((client) => counts.add(client) - counts.add(client) === -1)).toBe(true);
  });
});

describe("the network of an address", () => {
  test.each([
    ["10.0.0.1", "10.0.0.1"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["2001:DB8::1", "2001:db8:0:0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["1:2:3::", "1:2:3:0"],
    ["::3:4:5:6:7:8", "0:0:3:4"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0"],
  ])("%s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test("is the first half of every IPv6 address, however it is written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = ipv6Text(Buffer.from(bytes));
        if (!text.includes(":")) return;
        const groups = Array.from({ length: 4 }, (_, index) =>
          Buffer.from(bytes)
            .readUInt16BE(index * 2)
            .toString(16),
        );
        expect(networkOf(text)).toBe(groups.join(":"));
      }),
    );
  });
});
