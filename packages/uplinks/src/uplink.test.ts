import { inspect } from "node:util";
import { hasCode } from "@mothership/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseUplink } from "./uplink.ts";

describe("parseUplink", () => {
  test.each([
    ["postgres://localhost/mydb", "localhost", 5432, "tcp", "postgres://localhost:5432"],
    ["postgresql://u:p@db.internal:6543/x?sslmode=require", "db.internal", 6543, "tcp", "postgresql://db.internal:6543"],
    ["mysql://db", "db", 3306, "tcp", "mysql://db:3306"],
    ["redis://:secret@cache.internal", "cache.internal", 6379, "tcp", "redis://cache.internal:6379"],
    ["memgraph://g", "g", 7687, "tcp", "memgraph://g:7687"],
    ["neo4j://g:1", "g", 1, "tcp", "neo4j://g:1"],
    ["http://example.com/health?token=t", "example.com", 80, "http", "http://example.com:80"],
    ["https://example.com", "example.com", 443, "http", "https://example.com:443"],
    ["https://example.com:80/", "example.com", 80, "http", "https://example.com:80"],
    ["tcp://10.0.0.1:25", "10.0.0.1", 25, "tcp", "tcp://10.0.0.1:25"],
    ["tcp://[2001:DB8::1]:25", "2001:db8::1", 25, "tcp", "tcp://[2001:db8::1]:25"],
    ["postgres://[::1]/x", "::1", 5432, "tcp", "postgres://[::1]:5432"],
    ["postgres://DB.Internal", "db.internal", 5432, "tcp", "postgres://db.internal:5432"],
    ["postgres://münchen.example", "xn--mnchen-3ya.example", 5432, "tcp", "postgres://xn--mnchen-3ya.example:5432"],
  ] as const)("reads %s", (url, host, port, check, target) => {
    expect(parseUplink("one", url)).toEqual({ host, port, check, target });
  });

  test.each([
    ["", "is no URL"],
    ["localhost", "is no URL"],
    ["$DATABASE_URL", "is no URL"],
    ["tcp://host", "names no port, and tcp has no default one"],
    ["tcp://host:0", "has port 0"],
    ["tcp://host:70000", "is no URL"],
    ["postgres:///x?host=/var/run/postgresql", "names no host"],
    ["postgres://%2Fvar%2Frun%2Fpostgresql/x", "names no host"],
    ["mongodb://u:secret@host", "has none of the schemes postgres,"],
    ["localhost:5432", "has none of the schemes"],
  ])("refuses %j and says what is wrong", (url, reason) => {
    expect(() => parseUplink("one", url)).toThrowError(
      expect.objectContaining({ code: "MS_UPLINK_URL", uplink: "one", message: expect.stringContaining(`"one" ${reason}`) }),
    );
  });

  test("shows no part of a URL that may be secret, whether it can be used or not", () => {
    const secret = fc.stringMatching(/^[\w!$*-]{12,20}$/).map((text) => `S${text}`);
    const scheme = fc.constantFrom("postgres", "mysql", "redis", "http", "https", "tcp", "mongodb");
    const shape = fc.constantFrom(
      (s: string, x: string) => `${s}://user:${x}@host:5/`,
      (s: string, x: string) => `${s}://${x}@host:99999/`,
      (s: string, x: string) => `${s}://host/${x}`,
      (s: string, x: string) => `${s}://host:1/?key=${x}`,
      (s: string, x: string) => `${s} ://user:${x}@host`,
    );
    fc.assert(
      fc.property(secret, scheme, shape, (password, protocol, write) => {
        let shown: string;
        try {
          shown = parseUplink("one", write(protocol, password)).target;
        } catch (error) {
          shown = inspect(error);
        }
        expect(shown).not.toContain(password);
      }),
    );
  });

  test("answers any text with a target or a coded error", () => {
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.string().map((rest) => `postgres://${rest}`),
    );
    fc.assert(
      fc.property(text, (url) => {
        try {
          const { host, port } = parseUplink("one", url);
          expect([host === "", port > 0 && port < 65_536]).toEqual([false, true]);
        } catch (error) {
          expect(hasCode(error, "MS_UPLINK_URL")).toBe(true);
        }
      }),
    );
  });
});
