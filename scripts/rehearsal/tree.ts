import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PackageManifest, packages, root } from "../workspace.ts";

/** A package as it would be published. */
export interface Packed {
  readonly name: string;
  readonly version: string;
  /** Folder in the repository, relative to its root. */
  readonly folder: string;
  /** The tarball, absolute. */
  readonly tarball: string;
}

/**
 * Copies what git knows of the working tree, and the builds, so that a release can be made without touching it.
 * The copy has a history of one commit, in which changesets look up where a change came from.
 */
export function copyTree(target: string): void {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  for (const file of new Set(listed.split("\0"))) {
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(target, file)), { recursive: true });
    copyFileSync(join(root, file), join(target, file));
  }
  symlinkSync(join(root, "node_modules"), join(target, "node_modules"));
  for (const { folder, name, manifest } of packages()) {
    if (!existsSync(join(root, folder, "dist"))) throw new Error(`${name} is not built: run "pnpm build" first`);
    cpSync(join(root, folder, "dist"), join(target, folder, "dist"), { recursive: true });
    // pnpm reads the version that `workspace:^` stands for through these links.
    for (const sibling of Object.keys(manifest.dependencies ?? {})) {
      const found = packages().find((other) => other.name === sibling);
      if (!found) continue;
      const link = join(target, folder, "node_modules", sibling);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(target, found.folder), link);
    }
  }
  const git = (...args: string[]): unknown => execFileSync("git", args, { cwd: target, stdio: "pipe" });
  git("init", "--quiet");
  git("add", "--all");
  git(
    "-c",
    "user.name=rehearsal",
    "-c",
    "user.email=rehearsal@localhost",
    "commit",
    "--quiet",
    "--no-verify",
    "-m",
    "the tree of a rehearsal",
  );
}

/** Lets changesets decide the versions and write the changelogs, in a copy of the tree. */
export function versionPackages(tree: string): void {
  const { bin } = JSON.parse(readFileSync(join(root, "node_modules/@changesets/cli/package.json"), "utf8")) as {
    bin: Record<string, string>;
  };
  execFileSync(process.execPath, [join(root, "node_modules/@changesets/cli", bin["changeset"] ?? ""), "version"], {
    cwd: tree,
    stdio: "pipe",
  });
}

/** Packs every published package of a copy as `pnpm publish` would. */
export function packAll(tree: string, destination: string): Packed[] {
  return packages().map(({ folder, name }) => {
    const before = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as PackageManifest;
    const output = execFileSync("pnpm", ["pack", "--json", "--pack-destination", destination], {
      cwd: join(tree, folder),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { version, filename } = JSON.parse(output) as { version: string; filename: string };
    // A tree between two releases may hold no change of a package; then its version stays, and it is packed as it is.
    if (version === "0.0.0")
      throw new Error(`${name} is still ${version} (before: ${before["version"]}): it needs a changeset before its first release`);
    return { name, version, folder, tarball: filename };
  });
}
