import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { join } from "node:path";
import type { PackageManifest } from "../workspace.ts";
import type { Packed } from "./tree.ts";

/** What npm runs on the machine of whoever installs; a package of ours has none of them. */
export const installScripts = ["preinstall", "install", "postinstall", "prepare", "prepublish"];

const expected = ["package.json", "README.md", "LICENSE", "CHANGELOG.md"];
const unwanted = /(^|\/)(src|test|bench|etc|node_modules)\/|\.test\.|\.tsbuildinfo$|tsconfig|tsup\.config|vitest/;

/** Unpacks a tarball into a folder of its own, and gives that folder. */
export function unpack({ tarball }: Packed, folder: string): string {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder], { stdio: "pipe" });
  return join(folder, "package");
}

/** What is wrong with the contents of a package, unpacked to `folder`: a sentence for each. */
export function contentProblems({ name, version }: Packed, folder: string): string[] {
  const problems: string[] = [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  for (const file of expected) if (!files.includes(file)) problems.push(`${file} is missing`);
  for (const file of files) if (unwanted.test(file)) problems.push(`${file} has no place in a release`);

  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageManifest;
  if (files.includes("CHANGELOG.md") && !readFileSync(join(folder, "CHANGELOG.md"), "utf8").includes(`\n## ${version}\n`))
    problems.push(`CHANGELOG.md says nothing about ${version}`);
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies });
  for (const [dependency, range] of ranges) {
    if (/^(workspace|catalog|file|link):/.test(range))
      problems.push(`it depends on ${dependency} as "${range}", which means nothing outside the workspace`);
  }
  for (const script of installScripts) if (manifest.scripts[script]) problems.push(`it has the install script "${script}"`);
  const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  for (const target of targets) if (!existsSync(join(folder, target))) problems.push(`it exports ${target}, which is not in it`);
  for (const file of files.filter((one) => one.endsWith(".js"))) problems.push(...mapProblems(folder, file));
  return problems.map((problem) => `${name}: ${problem}`);
}

/** A map is of use when it is there, brings its sources along, and leads every line somewhere inside of them. */
function mapProblems(folder: string, file: string): string[] {
  const code = readFileSync(join(folder, file), "utf8");
  const [, map] = /^\/\/# sourceMappingURL=(\S+)\s*$/m.exec(code) ?? [];
  // A file of exports only has nothing to map.
  if (map === undefined)
    return /^\s*(import|export|\/\/|\}|[\w$]+( as [\w$]+)?,?$|$)/gm.test(code) && !code.includes("=") ? [] : [`${file} has no source map`];
  const path = join(folder, file, "..", map);
  if (!existsSync(path)) return [`${file} points to ${map}, which is not in it`];
  const payload = JSON.parse(readFileSync(path, "utf8")) as SourceMapPayload;
  const lines = new Map(payload.sources.map((source, at) => [source, payload.sourcesContent[at]?.split("\n").length ?? 0]));
  const missing = payload.sources.filter((source) => !lines.get(source));
  if (missing.length > 0) return [`${file}.map has no text for ${missing.join(", ")}`];
  const sourceMap = new SourceMap(payload);
  const lost = code.split("\n").findIndex((_, line) => {
    const entry = sourceMap.findEntry(line, 0);
    return "originalSource" in entry && entry.originalLine >= (lines.get(entry.originalSource) ?? 0);
  });
  return lost === -1 ? [] : [`${file}.map leads line ${lost + 1} to a place that its source does not have`];
}
