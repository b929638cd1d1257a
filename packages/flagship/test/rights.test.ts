import { Client } from "pg";
import { beforeEach, describe, expect, inject, test } from "vitest";
import { coordinatorOf, electionSpec, sql } from "./arena.ts";
import { freshName } from "./fresh-name.ts";

const postgres = inject("postgres");

describe("a role without rights", () => {
  let database = "";
  beforeEach(async () => {
    database = freshName("rights").replaceAll("-", "_");
    await sql(`CREATE DATABASE ${database}`);
  });

  const at = (user: string): string => `postgres:///${database}?host=${postgres.socketFolder}&port=${postgres.port}&user=${user}`;
  const elect = async (user: string): Promise<string> => {
    await using tenure = await coordinatorOf(electionSpec({ url: at(user) })).elect();
    return tenure.role;
  };
  const run = async (text: string): Promise<void> => {
    const client = new Client({ connectionString: at("postgres") });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  /** Fails for lack of rights, and runs what the error says would help. */
  const followAdvice = async (...grants: readonly string[]): Promise<void> => {
    const error = await elect("poor").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "MS_ELECTION_FORBIDDEN", grants, message: expect.stringContaining(grants.join(" ")) });
    for (const grant of grants) await run(grant);
  };

  test("in a new database needs one GRANT, which the error names and which helps", async () => {
    await followAdvice(`GRANT CREATE ON DATABASE ${database} TO poor;`);
    expect(await elect("poor")).toBe("flagship");
  });

  test("on a table that another role made needs two, which the error names and which help", async () => {
    expect(await elect("postgres")).toBe("flagship");
    await followAdvice(
      "GRANT USAGE ON SCHEMA mothership_flagship TO poor;",
      "GRANT SELECT, INSERT, UPDATE, DELETE ON mothership_flagship.launches TO poor;",
    );
    expect(await elect("poor")).toBe("flagship");
  });

  test("in a schema that was made for it without rights needs one, which the error names and which helps", async () => {
    await run("CREATE SCHEMA mothership_flagship");
    await followAdvice("GRANT USAGE, CREATE ON SCHEMA mothership_flagship TO poor;");
    expect(await elect("poor")).toBe("flagship");
  });

  test("with only some rights on the table is told all it needs", async () => {
    expect(await elect("postgres")).toBe("flagship");
    await run("GRANT USAGE ON SCHEMA mothership_flagship TO poor");
    await run("GRANT SELECT, INSERT, UPDATE ON mothership_flagship.launches TO poor");
    await followAdvice("GRANT SELECT, INSERT, UPDATE, DELETE ON mothership_flagship.launches TO poor;");
    expect(await elect("poor")).toBe("flagship");
  });

  test("is not fooled by functions of the same name as the server's own", async () => {
    await run("CREATE SCHEMA evil");
    await run("CREATE FUNCTION evil.pg_try_advisory_lock(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false'");
    await run(`ALTER DATABASE ${database} SET search_path = evil, pg_catalog`);
    expect(await elect("postgres")).toBe("flagship");
  });
});
