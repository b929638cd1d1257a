import { describe, expect, test } from "vitest";
import { cookieFor, cookieIn, cookiePrefix } from "./cookie.ts";
import { familiesOf } from "./family.ts";
import type { ProcessInfo } from "./process-table.ts";
import { parsePs } from "./process-table.ts";

function info(pid: number, parent: number, more: Partial<ProcessInfo> = {}): ProcessInfo {
  return { pid, parent, group: pid, session: pid, startTicks: pid, rssBytes: 1, virtualBytes: 1, cookie: "", ...more };
}

const web = { leader: 100, cookiePrefix: cookiePrefix("fleet", "web") };
const app = { leader: 200, cookiePrefix: cookiePrefix("fleet", "app") };

function membersOf(table: readonly ProcessInfo[]): Record<string, number[]> {
  const found = familiesOf(table, [web, app]);
  return { web: found.get(web)!.map(({ pid }) => pid), app: found.get(app)!.map(({ pid }) => pid) };
}

describe("familiesOf", () => {
  test("knows members by group, session, cookie and descent, and nobody else", () => {
    const table = [
      info(1, 0),
      info(100, 50),
      info(101, 100, { group: 100, session: 100 }),
      info(102, 1, { group: 102, session: 100 }),
      info(103, 1, { cookie: cookieFor("fleet", "web", 7, undefined) }),
      info(104, 103),
      info(105, 104),
      info(200, 50),
      info(201, 200),
      info(300, 50, { cookie: cookieFor("other", "web", 1, undefined) }),
      info(301, 1, { cookie: cookieFor("fleet", "web:1", 1, undefined) }),
      info(302, 1),
    ];
    expect(membersOf(table)).toEqual({ web: [100, 101, 102, 103, 104, 105], app: [200, 201] });
    expect(membersOf(table.toReversed())).toEqual({ web: [105, 104, 103, 102, 101, 100], app: [201, 200] });
  });

  test("finds both owners of a process that a supervisor within a supervisor started", () => {
    const inner = info(400, 1, { cookie: cookieFor("inner", "x", 1, cookieFor("fleet", "web", 1, undefined)) });
    expect(membersOf([inner]).web).toEqual([400]);
    const family = { leader: 0, cookiePrefix: cookiePrefix("inner") };
    expect(familiesOf([inner], [family]).get(family)).toEqual([inner]);
  });

  test("never counts itself, and survives a circle of parents", () => {
    const cookie = cookieFor("fleet", "web", 1, undefined);
    expect(membersOf([info(process.pid, 1, { cookie })]).web).toEqual([]);
    expect(membersOf([info(500, 501), info(501, 500)])).toEqual({ web: [], app: [] });
  });
});

describe("the cookie", () => {
  test("keeps names apart that look alike, whatever is in them", () => {
    expect(cookieFor("a:b", "c,d", 1, undefined)).toBe("a%3Ab:c%2Cd:1");
    expect(cookieFor("f", "web:1", 2, undefined).startsWith(cookiePrefix("f", "web"))).toBe(false);
  });

  test("is found in an environment wherever it stands, and not in another variable", () => {
    const block = (...entries: readonly string[]): Buffer => Buffer.from(entries.map((entry) => `${entry}\0`).join(""));
    expect(cookieIn(block("MS_COOKIE=a:b:1", "PATH=/bin"))).toBe("a:b:1");
    expect(cookieIn(block("PATH=/bin", "MS_COOKIE=a:b:1"))).toBe("a:b:1");
    expect(cookieIn(block("NOT_MS_COOKIE=x", "TEXT=MS_COOKIE=y"))).toBe("");
    expect(cookieIn(Buffer.from("MS_COOKIE=cut"))).toBe("cut");
    expect(cookieIn(Buffer.alloc(0))).toBe("");
  });
});

describe("parsePs", () => {
  test("reads what ps prints, and leaves zombies out", () => {
    const text = "    1     0     1  1024  20480 Ss\n  100     1   100     0      0 Z+\n 4242   100   100   512   2048 R+\n\n";
    expect(parsePs(text)).toEqual([
      { pid: 1, parent: 0, group: 1, session: 0, startTicks: 0, rssBytes: 2 ** 20, virtualBytes: 20 * 2 ** 20, cookie: "" },
      { pid: 4242, parent: 100, group: 100, session: 0, startTicks: 0, rssBytes: 2 ** 19, virtualBytes: 2 ** 21, cookie: "" },
    ]);
  });
});
