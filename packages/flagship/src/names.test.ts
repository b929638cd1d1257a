import { describe, expect, test } from "vitest";
import { launchOf } from "./launch.ts";
import { lockKeyOf } from "./lock-key.ts";

describe("lockKeyOf", () => {
  test("never changes for a fleet, or two releases of this package would not exclude each other", () => {
    expect(lockKeyOf("shop")).toEqual({
      key: "2757539985736280261",
      classid: 642_039_809,
      objid: 3_351_193_797,
      channel: "mothership_2644c001c7bf28c5c1ce8fe276ff4b7c",
    });
  });

  test("shows the key as the two halves that pg_locks shows", () => {
    for (const fleet of ["", "shop", "ünï", "x".repeat(1000)]) {
      const { key, classid, objid } = lockKeyOf(fleet);
      expect(BigInt.asUintN(64, BigInt(key))).toBe((BigInt(classid) << 32n) | BigInt(objid));
    }
  });

  test("makes channels that need no quotes and fit a name", () => {
    expect(lockKeyOf('"; DROP TABLE x').channel).toMatch(/^[a-z_0-9]{1,63}$/);
  });
});

describe("launchOf", () => {
  const work = [{ name: "migrate", env: { A: "1", B: "2" } }];

  test("gives servers with the same work the same launch, whatever the order of keys", () => {
    expect(launchOf([{ env: { B: "2", A: "1" }, name: "migrate" }])).toEqual(launchOf(work));
  });

  test("tells other work and other releases apart", () => {
    const ids = [
      launchOf(work),
      launchOf([]),
      launchOf(work, "a"),
      launchOf(work, "b"),
      launchOf([], "a"),
      launchOf(null),
      launchOf(undefined),
    ];
    expect(new Set(ids.map(({ id }) => id)).size).toBe(ids.length);
  });

  test("is explicit only with a release", () => {
    expect([launchOf(work), launchOf(work, ""), launchOf(work, "a")].map(({ explicit }) => explicit)).toEqual([false, false, true]);
  });

  test("keeps an id short, however long the name of the release", () => {
    const [long, other] = [launchOf(work, "x".repeat(5000)), launchOf(work, "x".repeat(5001))];
    expect([long.id.length <= 220, long.id === other.id]).toEqual([true, false]);
  });
});
