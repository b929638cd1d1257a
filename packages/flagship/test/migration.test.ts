import { describe, expect, test } from "vitest";
import { electionSpec, serverUrl, sql } from "./arena.ts";
import { freshName } from "./fresh-name.ts";
import { startMember } from "./members.ts";

describe("a migration that really makes tables", () => {
  test("is applied once when eight processes race for it, and once more only for another release", async () => {
    const database = freshName("migrated").replaceAll("-", "_");
    await sql(`CREATE DATABASE ${database}`);
    const url = serverUrl().replace("/postgres?", `/${database}?`);
    const election = electionSpec({ url });
    await using scope = new AsyncDisposableStack();
    const members = await Promise.all(Array.from({ length: 8 }, () => startMember()));
    for (const member of members) scope.use(member);

    const race = (id: number, tables: number, launch = election.launch) =>
      Promise.all(
        members.map((member) => member.takePart({ id, election: { ...election, launch }, work: { kind: "migrate", url, tables } })),
      );
    const first = await race(1, 20);
    expect(first.map((reports) => reports.at(-1)?.event)).toEqual(members.map(() => "launched"));
    expect(first.filter((reports) => reports.some(({ event }) => event === "working"))).toHaveLength(1);

    // All come a second time, as after a restart of the machines: nobody works.
    const again = await race(2, 20);
    expect(again.flat().filter(({ event }) => event === "working" || event === "failed")).toEqual([]);

    // Applied twice it fails, which shows that it was not before, and tells everybody.
    const twice = await race(3, 20, { id: "another release", explicit: true });
    expect(twice.flat().filter(({ event }) => event === "working")).toHaveLength(1);
    expect(twice.map((reports) => reports.at(-1)?.event)).toEqual(members.map(() => "failed"));
    expect(twice.flatMap((reports) => reports.map((said) => ("message" in said ? said.message : "")))).toEqual(
      expect.arrayContaining([expect.stringMatching(/aborted launch "another release": relation "migrated_0" already exists/)]),
    );
  });
});
