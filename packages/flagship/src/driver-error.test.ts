import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { databaseError } from "./driver-error.ts";
import { ElectionDatabaseError } from "./errors.ts";

const url = { target: "db:5432/x", password: "hunter2secret" };
const coded = (code: string, message = "said the driver"): Error => Object.assign(new Error(message), { code });

describe("databaseError", () => {
  test.each(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ENOENT", "57P01", "57P03", "53300", "08006"])(
    "of %s may pass",
    (code) => {
      expect(databaseError(coded(code), url).transient).toBe(true);
    },
  );

  test.each(["28P01", "28000", "3D000", "42501", "57014", "25006", "CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID", ""])(
    "of %j will not pass",
    (code) => {
      expect(databaseError(coded(code), url).transient).toBe(false);
    },
  );

  test("takes a connection that ended without a code for one that may come back", () => {
    expect(databaseError(new Error("Connection terminated unexpectedly"), url).transient).toBe(true);
    expect(databaseError(new Error("The server does not support SSL connections"), url).transient).toBe(false);
  });

  test("takes everything but the server's own words for the end of an established connection", () => {
    const established = { established: true };
    expect(databaseError(new Error("not queryable"), url, established).transient).toBe(true);
    expect(databaseError(coded("42501"), url, established).transient).toBe(false);
  });

  test("names the server's code, and all addresses of a name that failed", () => {
    expect(databaseError(coded("28P01", "password authentication failed"), url)).toMatchObject({
      message: "PostgreSQL at db:5432/x: password authentication failed (SQLSTATE 28P01)",
      sqlState: "28P01",
      code: "MS_ELECTION_DATABASE",
    });
    const both = Object.assign(new AggregateError([coded("ECONNREFUSED", "connect ::1"), coded("ECONNREFUSED", "connect 127.0.0.1")]), {
      code: "ECONNREFUSED",
    });
    expect(databaseError(both, url)).toMatchObject({ message: "PostgreSQL at db:5432/x: connect ::1; connect 127.0.0.1", transient: true });
  });

  test("keeps nothing of what a server says that holds the password", () => {
    const said = Object.assign(coded("XX000", `no such user: app hunter2secret (postgres://app:hunter2secret@db/x)`), {
      detail: "hunter2secret",
    });
    expect(inspect(databaseError(said, url), { depth: 10 })).not.toContain("hunter2secret");
    const escaped = { target: "t", password: "p%ss:word" };
    expect(databaseError(new Error("bad p%25ss%3Aword"), escaped).message).toBe("PostgreSQL at t: bad ***");
  });

  test("cuts what is too long, and leaves errors of ours as they are", () => {
    expect(databaseError(new Error("x".repeat(10_000)), url).message.length).toBeLessThan(400);
    const ours = new ElectionDatabaseError("t", "r");
    expect(databaseError(ours, url)).toBe(ours);
  });
});
