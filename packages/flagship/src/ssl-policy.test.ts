import { mkdirSync, writeFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { parseElectionUrl } from "./election-url.ts";
import { type TlsChoice, tlsChoices } from "./ssl-policy.ts";

/** What a choice comes to: encrypted or not, the chain checked or not, the name checked or not. */
function meaning(choice: TlsChoice): string {
  if (choice === false) return "plain";
  if (choice.rejectUnauthorized === false) return "encrypted";
  return choice.checkServerIdentity ? "chain" : "chain and name";
}

async function meanings(query: string, home: string): Promise<string[]> {
  const url = parseElectionUrl(`postgres://h/x?${query}`, { allowInsecure: true });
  return (await tlsChoices(url, home)).map(meaning);
}

describe("tlsChoices", () => {
  test.each([
    ["sslmode=disable", ["plain"]],
    ["sslmode=allow", ["plain", "encrypted"]],
    ["sslmode=prefer", ["encrypted", "plain"]],
    ["sslmode=require", ["encrypted"]],
    ["sslmode=verify-full", ["chain and name"]],
    ["sslmode=verify-full&sslrootcert=system", ["chain and name"]],
    ["sslmode=disable&host=/run/pg", ["plain"]],
    ["sslmode=verify-full&host=/run/pg", ["plain"]],
  ])("for %s without a root certificate are %j", async (query, expected) => {
    using home = tempFolder();
    expect(await meanings(query, home.path)).toEqual(expected);
  });

  test.each([
    ["sslmode=prefer", ["encrypted", "plain"]],
    ["sslmode=require", ["chain"]],
    ["sslmode=verify-ca", ["chain"]],
    ["sslmode=verify-full", ["chain and name"]],
  ])("for %s with a root certificate, given or in its default place, are %j", async (query, expected) => {
    using home = tempFolder();
    const path = home.join("ca.pem");
    writeFileSync(path, "PEM");
    expect(await meanings(`${query}&sslrootcert=${path}`, home.path)).toEqual(expected);
    mkdirSync(home.join(".postgresql"));
    writeFileSync(home.join(".postgresql", "root.crt"), "PEM");
    expect(await meanings(query, home.path)).toEqual(expected);
  });

  test("refuse verify-ca without a root certificate", async () => {
    using home = tempFolder();
    await expect(meanings("sslmode=verify-ca", home.path)).rejects.toMatchObject({
      code: "MS_ELECTION_URL",
      message: expect.stringContaining("needs sslrootcert"),
    });
  });

  test("name a file that cannot be read", async () => {
    await expect(meanings("sslmode=require&sslrootcert=/nowhere/ca.pem", "/")).rejects.toThrow(
      "sslrootcert that cannot be read: /nowhere/ca.pem (ENOENT)",
    );
    await expect(meanings("sslcert=/nowhere/c.pem&sslkey=/nowhere/k.pem", "/")).rejects.toThrow("sslcert that cannot be read");
    await expect(meanings("sslcert=/nowhere/c.pem", "/")).rejects.toThrow("one of sslcert and sslkey without the other");
  });

  test("with sslrootcert=system take the authorities of the machine and of Node", async () => {
    const [choice] = await tlsChoices(parseElectionUrl("postgres://h/x?sslrootcert=system", { allowInsecure: false }));
    const ca = choice ? choice.ca : [];
    expect(ca).toEqual(expect.arrayContaining([...getCACertificates("default")]));
  });
});
