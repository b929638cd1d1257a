/** Type-checks every ```ts block of the READMEs and of docs/, each as a module of its own inside the package that it belongs to. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { has, packages, read, root } from "./workspace.ts";

/** Within a package, its own name and its dependencies resolve as they will for a user. */
const scratch = ".docs-check";
const documents = [
  ...packages().map(({ folder }) => ({ folder, file: `${folder}/README.md` })),
  { folder: "apps/cli", file: "README.md" },
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({ folder: "apps/cli", file: `docs/${name}` })),
].filter(({ file }) => has(file));

const written = new Map<string, string>();
for (const { folder, file } of documents) {
  const text = read(file);
  for (const block of text.matchAll(/^```ts\n([\s\S]*?)^```/gm)) {
    const line = text.slice(0, block.index).split("\n").length + 1;
    const path = join(root, folder, scratch, `${file.replaceAll(/[^\w]/g, "-")}-${line}.ts`);
    mkdirSync(join(root, folder, scratch), { recursive: true });
    writeFileSync(path, block[1] ?? "");
    written.set(path, `${file}:${line}`);
  }
}
const project = join(root, `${scratch}.tsconfig.json`);
const options = { extends: "./tsconfig.base.json", compilerOptions: { noUnusedLocals: false }, files: [...written.keys()] };
writeFileSync(project, JSON.stringify(options));
try {
  const { stdout, status } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], {
    encoding: "utf8",
    cwd: root,
  });
  const named = [...written].reduce((text, [path, place]) => text.replaceAll(path.slice(root.length + 1), place), stdout);
  process.stdout.write(
    status === 0
      ? `${written.size} examples type-check\n`
      : `${named}\nAn example in the documents does not type-check; the place is where its block begins.\n`,
  );
  process.exitCode = status === 0 ? 0 : 1;
} finally {
  rmSync(project);
  for (const { folder } of documents) rmSync(join(root, folder, scratch), { recursive: true, force: true });
}
