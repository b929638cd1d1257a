import { describe, expect, test } from "vitest";
import { parseManifest } from "./parse.ts";
import { schemaFileName, starterManifest } from "./starter.ts";

describe("the starter manifest", () => {
  test("is valid as it is and runs one web ship", () => {
    const { ships, mothership } = parseManifest(starterManifest);
    expect(ships.map(({ name, group }) => [name, group])).toEqual([["app", "web"]]);
    expect(mothership.binds.map(({ name }) => name)).toEqual(["http"]);
  });

  test("tells editors where its schema is, in the first line", () => {
    expect(starterManifest.split("\n")[0]).toBe(`#:schema ./${schemaFileName}`);
  });

  test("is valid with everything that is commented out switched on", () => {
    const all = starterManifest.replaceAll(/^#(?=[a-z[])/gm, "");
    const manifest = parseManifest(all, { env: { DATABASE_URL: "postgres://localhost/app" } });
    expect(manifest.ships.map(({ name }) => name)).toEqual(["app", "worker"]);
    expect(manifest.ships[0]?.env).toEqual({ NODE_ENV: "production" });
    expect(manifest.bays).toHaveLength(1);
    expect(manifest.modules).toHaveLength(1);
    const { binds, metricsPort, staticDirs, uplinks, prelaunch } = manifest.mothership;
    expect([binds.length, metricsPort, staticDirs.length, uplinks.length, prelaunch.length]).toEqual([3, 9090, 1, 1, 1]);
  });

  test("holds a program that Node accepts", () => {
    const [script] = parseManifest(starterManifest).ships[0]?.args.slice(1) ?? [];
    expect(() => new Function("require", script ?? "(")).not.toThrow();
    expect(script).toContain('"Hello from the fleet\\n"');
  });
});
