import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the repository. */
export const root = join(import.meta.dirname, "..");

/** One published package, or the program. */
export interface Package {
  readonly name: string;
  /** Folder relative to the root, with `/`. */
  readonly folder: string;
  readonly manifest: PackageManifest;
}

export interface PackageManifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Every published package of the workspace, by folder name. */
export function packages(): Package[] {
  return ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .filter((folder) => existsSync(join(root, parent, folder, "package.json")))
      .map((folder) => {
        const manifest = JSON.parse(read(`${parent}/${folder}/package.json`)) as PackageManifest;
        return { name: manifest.name, folder: `${parent}/${folder}`, manifest };
      }),
  );
}

/** The TypeScript files below a package's `src` that are shipped: no tests. Paths are relative to the root. */
export function sources({ folder }: Package): string[] {
  return readdirSync(join(root, folder, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => `${folder}/src/${file.replaceAll("\\", "/")}`)
    .sort();
}

/** Every script below a folder, written by hand: shipped, test or tool. Paths are relative to the root. */
export function scripts(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return /^(\..*|node_modules|dist|etc|coverage)$/.test(entry.name) ? [] : scripts(path);
      return entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
    })
    .sort();
}

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function has(path: string): boolean {
  return existsSync(join(root, path));
}

/** Rows of the error table in a package's README: code and sentence. */
export function errorTable({ folder }: Package): Map<string, string> {
  // A missing README is the finding of a test of its own.
  const rows = (has(`${folder}/README.md`) ? read(`${folder}/README.md`) : "").matchAll(/^\| `(MS_[A-Z\d_]+)` +\|(.*)\|$/gm);
  return new Map(Array.from(rows, ([, code = "", rest = ""]) => [code, rest.split("|").at(-1)?.trim() ?? ""]));
}

/** `docs/decisions/README.md` as it has to be: its words, and a list of all decisions. */
export function decisionsDocument(): string {
  const folder = "docs/decisions";
  const [words = ""] = read(`${folder}/README.md`).split("\n## All of them\n");
  const rows = readdirSync(join(root, folder))
    .filter((file) => /^\d{4}-.*\.md$/.test(file))
    .sort()
    .map((file) => {
      const [, number = "", title = ""] = /^# (\d+)\. (.*)$/m.exec(read(`${folder}/${file}`)) ?? [];
      return `${number}. [${title}](${file})`;
    });
  return [words.trimEnd(), "", "## All of them", "", ...rows, ""].join("\n");
}

/** `docs/errors.md` as it has to be: the tables of all packages in one. */
export function errorsDocument(): string {
  const rows = packages().flatMap((one) => Array.from(errorTable(one), ([code, sentence]) => ({ code, sentence, name: one.name })));
  rows.sort((a, b) => (a.code < b.code ? -1 : 1));
  return [
    "# Error codes",
    "",
    "Codes are stable; messages may change. Made from the tables in the packages' READMEs by `pnpm api`.",
    "",
    "| code | package | meaning |",
    "| --- | --- | --- |",
    ...rows.map(({ code, sentence, name }) => `| \`${code}\` | \`${name}\` | ${sentence} |`),
    "",
  ].join("\n");
}
