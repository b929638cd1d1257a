import { settle } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { AccessLines } from "./access-lines.ts";
import type { FromThread } from "./messages.ts";

describe("the access log of a thread", () => {
  test("goes in one message a turn, and no further than the main thread follows", async () => {
    const posted: Extract<FromThread, { readonly type: "access" }>[] = [];
    const lines = new AccessLines((message) => {
      if (message.type === "access") posted.push(message);
    });
    for (let n = 0; n < 10_005; n++) lines.add(`line ${n}`);
    await settle();
    expect(posted.map((one) => [one.lines.length, one.dropped])).toEqual([[10_000, 5]]);
    lines.add("lost");
    lines.taken(9_999, 80_000);
    lines.add("again");
    await settle();
    expect(posted.slice(1)).toEqual([{ type: "access", lines: ["again"], dropped: 1 }]);
  });

  test("tells of lines that it left out when no other follows", async () => {
    const dropped: number[] = [];
    const lines = new AccessLines((message) => {
      if (message.type === "access") dropped.push(message.dropped);
    });
    for (let n = 0; n < 10_000; n++) lines.add("");
    await settle();
    lines.add("lost");
    await settle();
    expect(dropped).toEqual([0]);
    lines.taken(10_000, 0);
    await settle();
    expect(dropped).toEqual([0, 1]);
  });

  test("holds no more memory where clients make lines long", async () => {
    const posted: Extract<FromThread, { readonly type: "access" }>[] = [];
    const lines = new AccessLines((message) => {
      if (message.type === "access") posted.push(message);
    });
    const long = "x".repeat(16_384);
    for (let n = 0; n < 1_000; n++) lines.add(long);
    await settle();
    expect(posted.map((one) => [one.lines.length, one.dropped])).toEqual([[256, 744]]);
    lines.taken(256, 256 * long.length);
    lines.add("again");
    await settle();
    expect(posted.slice(1)).toEqual([{ type: "access", lines: ["again"], dropped: 0 }]);
  });
});
