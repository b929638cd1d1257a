/**
 * Type-checks every `ts` block of the READMEs and of docs/, each as a module of its own, and looks whether a README says to install
 * all that its examples import. They are run by scripts/rehearse-release.ts, from packed packages.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { examplesIn, importedPackages, installLine } from "./examples.ts";
import { has, packages, read, root } from "./workspace.ts";

// An example may use any package, as a user may: here all of them can be imported by name, and by nothing else of the workspace.
const scratch = ".docs-check";
const documents = [
  ...packages().map(({ folder }) => `${folder}/README.md`),
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
].filter((file) => has(file));

const problems: string[] = [];
const written = new Map<string, string>();
rmSync(join(root, scratch), { recursive: true, force: true });
for (const { name, folder } of packages()) {
  const link = join(root, scratch, "node_modules", name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, folder), link);
}
for (const file of documents) {
  const text = read(file);
  const named = installLine(text);
  for (const { line, code } of examplesIn(text)) {
    const unnamed = importedPackages(code).filter((name) => !named.includes(name));
    if (file.startsWith("packages/") && unnamed.length > 0)
      problems.push(`${file}:${line}: the example imports ${unnamed.join(", ")}, which the Install section does not name`);
    const path = join(scratch, `${file.replaceAll(/[^\w]/g, "-")}-${line}.ts`);
    writeFileSync(join(root, path), code);
    written.set(path, `${file}:${line}`);
  }
}
const project = join(root, scratch, "tsconfig.json");
const options = { extends: "../tsconfig.base.json", compilerOptions: { noUnusedLocals: false }, include: ["*.ts"] };
writeFileSync(project, JSON.stringify(options));
try {
  const { stdout, status } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], {
    encoding: "utf8",
    cwd: root,
  });
  const named = [...written].reduce((text, [path, place]) => text.replaceAll(path, place), stdout);
  if (status !== 0) problems.push(`${named}\nAn example in the documents does not type-check; the place is where its block begins.`);
  process.stdout.write(problems.length === 0 ? `${written.size} examples type-check\n` : `${problems.join("\n")}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(join(root, scratch), { recursive: true, force: true });
}
