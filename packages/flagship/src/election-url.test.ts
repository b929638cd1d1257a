import { userInfo } from "node:os";
import { inspect } from "node:util";
import { hasCode } from "@mothership/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseElectionUrl } from "./election-url.ts";

const strict = { allowInsecure: false };
const lax = { allowInsecure: true };

describe("parseElectionUrl", () => {
  test("takes a URL apart", () => {
    expect(
      parseElectionUrl("postgres://app:s%40cret@Db.Internal:6432/main?sslmode=verify-full&sslrootcert=/ca.pem&pool=5", strict),
    ).toEqual({
      host: "db.internal",
      port: 6432,
      database: "main",
      user: "app",
      password: "s@cret",
      target: "db.internal:6432/main",
      sslmode: "verify-full",
      sslrootcert: "/ca.pem",
      sslcert: undefined,
      sslkey: undefined,
      directTls: false,
      requireBinding: false,
      options: undefined,
    });
  });

  test.each([
    [
      "postgresql://localhost",
      { host: "localhost", port: 5432, user: userInfo().username, database: userInfo().username, password: undefined },
    ],
    ["postgres://app@[::1]/x", { host: "::1", target: "[::1]:5432/x", database: "x" }],
    ["postgres://app@h", { database: "app" }],
    [
      "postgres:///x?host=/run/pg&port=6000&user=u&password=p",
      { host: "/run/pg", port: 6000, user: "u", password: "p", target: "/run/pg:6000/x" },
    ],
    ["postgres://app@%2Frun%2Fpg/x", { host: "/run/pg" }],
    ["postgres://h/x?sslnegotiation=direct", { directTls: true }],
    ["postgres://h/x?channel_binding=require", { requireBinding: true }],
    ["postgres://h/x?channel_binding=prefer", { requireBinding: false }],
    ["postgres://h/x?options=endpoint%3Da", { options: "endpoint=a" }],
    ["postgres://h/x?sslcert=/c&sslkey=/k", { sslcert: "/c", sslkey: "/k" }],
  ])("reads %s", (url, parts) => {
    expect(parseElectionUrl(url, strict)).toMatchObject(parts);
  });

  test.each([
    ["", strict, "require"],
    ["", lax, "prefer"],
    ["?sslmode=require", lax, "require"],
    ["?sslmode=verify-ca", strict, "verify-ca"],
    ["?sslmode=disable", lax, "disable"],
    ["?sslmode=allow", lax, "allow"],
    ["?sslrootcert=system", strict, "verify-full"],
    ["?sslrootcert=system", lax, "verify-full"],
  ] as const)("of %j with %j has the mode %s", (query, options, sslmode) => {
    expect(parseElectionUrl(`postgres://h/x${query}`, options).sslmode).toBe(sslmode);
  });

  test.each(["disable", "allow", "prefer"])("refuses sslmode=%s and says what would allow it", (mode) => {
    expect(() => parseElectionUrl(`postgres://h/x?sslmode=${mode}`, strict)).toThrowError(
      expect.objectContaining({
        code: "MS_ELECTION_INSECURE",
        sslmode: mode,
        message: expect.stringContaining("MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE=true"),
      }),
    );
    expect(parseElectionUrl(`postgres:///x?host=/run/pg&sslmode=${mode}`, strict).host).toBe("/run/pg");
  });

  test.each([
    ["", "is no URL"],
    ["mysql://h/x", "must begin with postgres://"],
    ["postgres:///x", "names no host"],
    ["postgres://a,b/x", "names several hosts"],
    ["postgres://h:0/x", "has a port"],
    ["postgres://h/x?port=seven", "has a port"],
    ["postgres://h/x?sslmode=on", "has an sslmode that is none of disable,"],
    ["postgres://h/x?sslmode=require&sslmode=disable", "has the parameter sslmode more than once"],
    ["postgres://h/x?hostaddr=1.2.3.4", "has the parameter hostaddr, which is not supported"],
    ["postgres://h/x?sslcrl=/crl", "has the parameter sslcrl, which is not supported"],
    ["postgres://h/x?sslrootcert=system&sslmode=require", "has sslrootcert=system, which needs sslmode=verify-full"],
    ["postgres://h/x?channel_binding=always", "has a channel_binding that is none of"],
    ["postgres://h/x?sslnegotiation=now", "has a sslnegotiation that is none of"],
    ["postgres:///x?host=/run&channel_binding=require", "has channel_binding=require, which needs TLS"],
    ["postgres://u:50%@h/x", "has a % in its password"],
  ])("refuses %j: it %s", (url, reason) => {
    expect(() => parseElectionUrl(url, strict)).toThrowError(
      expect.objectContaining({ code: "MS_ELECTION_URL", message: expect.stringContaining(reason) }),
    );
  });

  test("wants TLS where a parameter needs it, even if insecure connections are allowed", () => {
    expect(() => parseElectionUrl("postgres://h/x?sslmode=prefer&sslnegotiation=direct", lax)).toThrow("needs sslmode=require");
    expect(() => parseElectionUrl("postgres://h/x?sslmode=prefer&channel_binding=require", lax)).toThrow("needs TLS");
  });

  test("answers any text with a target or a coded error, and shows the password in neither", () => {
    const password = fc.stringMatching(/^[\w!$*%-]{12,20}$/).map((text) => `S${text}`);
    const shape = fc.constantFrom(
      (x: string) => `postgres://user:${x}@host/db`,
      (x: string) => `postgres://user:${x}@host:99999/db`,
      (x: string) => `postgres://host/db?user=u&password=${x}`,
      (x: string) => `postgres://user:${x}@host/db?sslmode=disable`,
      (x: string) => `mysql://user:${x}@host/db`,
      (x: string) => `postgres //${x}`,
    );
    fc.assert(
      fc.property(password, shape, (secret, write) => {
        try {
          expect(parseElectionUrl(write(secret), strict).target).not.toContain(secret);
        } catch (error) {
          expect(hasCode(error, "MS_ELECTION_URL") || hasCode(error, "MS_ELECTION_INSECURE")).toBe(true);
          expect(inspect(error)).not.toContain(secret);
        }
      }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl().map((url) => url.replace(/^https?/, "postgres")),
        ),
        (text) => {
          try {
            expect(parseElectionUrl(text, strict).host).not.toBe("");
          } catch (error) {
            expect(hasCode(error, "MS_ELECTION_URL")).toBe(true);
          }
        },
      ),
    );
  });
});
