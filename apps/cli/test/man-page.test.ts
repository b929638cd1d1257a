import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manPage } from "./support/man-page.ts";

const file = join(import.meta.dirname, "../man/mothership.1");
const has = (program: string, flag: string): boolean => spawnSync(program, [flag]).error === undefined;

describe("the man page", () => {
  // Written anew with `vitest run test/man-page.test.ts -u`.
  test("says what the tables of commands and options say", async () => {
    await expect(manPage()).toMatchFileSnapshot(file);
  });

  test("is in the package, where `man` finds it", () => {
    const { man, files } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as Record<string, unknown>;
    expect([man, files]).toEqual(["./man/mothership.1", expect.arrayContaining(["man"])]);
  });

  test.skipIf(!has("mandoc", "-Tascii"))("has nothing that mandoc warns of (skipped where there is none)", () => {
    const { stdout, stderr } = spawnSync("mandoc", ["-Tlint", "-Wwarning", file], { encoding: "utf8" });
    expect(stdout + stderr).toBe("");
  });

  test.skipIf(!has("groff", "--version"))("is set by groff without a warning, every option in it (skipped where there is none)", () => {
    const { stdout, stderr } = spawnSync("groff", ["-Tascii", "-mdoc", "-ww", "-P-c", file], { encoding: "utf8" });
    expect(stderr).toBe("");
    // Struck over for bold and underlined letters.
    const plain = stdout.replaceAll(/.\x08/g, "");
    for (const word of ["--manifest", "--watch", "MS_SOCKET_DIR", "mothership status --watch", "source <(mothership completions zsh)"])
      expect(plain).toContain(word);
  });
});
