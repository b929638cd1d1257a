import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";

const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs a shell script in which `$CG` is a cgroup v2 tree that only it sees. Undefined where that cannot be had. */
function inOwnTree(script: string): string | undefined {
  using folder = tempFolder();
  const mount = `mount -t cgroup2 none "$CG" && mkdir -p "$CG/probe" && rmdir "$CG/probe"`;
  const env = { ...process.env, CG: folder.path, NODE: process.execPath, SCRIPT: `${mount} || exit 77; ${script}` };
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", 'exec unshare -m sh -c "$SCRIPT"'], {
    env,
    encoding: "utf8",
    timeout: 20_000,
  });
  if (status === 77 || status === null || /unshare/.test(stderr)) return undefined;
  return stdout;
}

const possible = process.platform === "linux" && inOwnTree("exit 0") !== undefined;

describe.runIf(possible)("a control group", () => {
  test("keeps hold of a daemon that has shed every other mark, and is gone with it", () => {
    const said = inOwnTree(`"$NODE" ${fixture("cgroup-fixture.ts")} "$CG" with`);
    expect(JSON.parse(said!)).toEqual({ left: false, folders: [] });
  });

  test("is what it takes: without it, that daemon is lost sight of", () => {
    const said = inOwnTree(`"$NODE" ${fixture("cgroup-fixture.ts")} "$CG" without`);
    expect(JSON.parse(said!)).toEqual({ left: true, folders: [] });
  });

  test("leads the next start to what a killed supervisor left", () => {
    const kill = `"$NODE" ${fixture("cgroup-fixture.ts")} "$CG" kill > "$CG.out"`;
    const said = inOwnTree(
      `${kill}; pid=$(sed 's/[^0-9]//g' "$CG.out"); rm "$CG.out"; "$NODE" ${fixture("cgroup-sweeper.ts")} "$CG" "$pid"`,
    );
    expect(JSON.parse(said!)).toEqual({ before: true, left: false, folders: [] });
  });
});
