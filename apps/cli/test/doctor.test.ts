import { writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";
import { mothership } from "./support/fleet.ts";

test("the doctor looks at this machine, leaves nothing behind, and fails where a fleet could not run", async () => {
  using folder = tempFolder();
  writeFileSync(folder.join("ship-manifest.toml"), '[[fleet.web]]\nname = "app"\ncommand = "sleep"\n');
  const options = { cwd: folder.path, env: { MS_SOCKET_DIR: folder.join("run") } };
  const { code, stdout, stderr } = await mothership(["doctor", "--json"], options);
  expect([code, stderr]).toEqual([0, ""]);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly { readonly about: string; readonly grade: string }[] };
  expect(findings.slice(0, 3)).toEqual(["Node", "manifest", "sockets"].map((about) => expect.objectContaining({ about, grade: "ok" })));

  writeFileSync(folder.join("file"), "");
  const bad = await mothership(["doctor"], { ...options, env: { MS_SOCKET_DIR: folder.join("file/run") } });
  expect([bad.code, bad.stdout]).toEqual([1, expect.stringMatching(/^fail {2}sockets .*→ name a folder/ms)]);

  writeFileSync(folder.join("ship-manifest.toml"), "[[fleet.web]]\n");
  const invalid = await mothership(["doctor"], options);
  expect([invalid.code, invalid.stdout]).toEqual([1, expect.stringMatching(/^fail {2}manifest .* is not valid$/m)]);
});
