/**
 * Writes what each package shows the world into `etc/api.d.ts`, all error codes into `docs/errors.md`, and the list of decisions.
 * With `--check` it writes nothing and fails where the files differ, so that no change of the public surface goes unseen.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { decisionsDocument, errorsDocument, packages, root } from "./workspace.ts";

const check = process.argv.includes("--check");
const reports = new Map([
  ["docs/errors.md", errorsDocument()],
  ["docs/decisions/README.md", decisionsDocument()],
]);
const unbuilt = packages().filter(({ folder }) => !existsSync(join(root, folder, "dist/index.d.ts")));
if (unbuilt.length > 0) {
  process.stderr.write(`not built: ${unbuilt.map(({ name }) => name).join(", ")}; run "pnpm build" first\n`);
  process.exit(1);
}
for (const { folder, manifest } of packages()) {
  const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [{ path, types: target.types }],
  );
  const text = entries
    .map(({ path, types }) => `// entry: ${path}\n${readFileSync(join(root, folder, types), "utf8").trim()}\n`)
    .join("\n");
  reports.set(`${folder}/etc/api.d.ts`, text);
}

const different = [...reports].filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text);
if (!check) {
  for (const [path, text] of different) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
} else if (different.length > 0) {
  process.stderr.write(
    `differs from what the build gives: ${different.map(([path]) => path).join(", ")}\nRun "pnpm api", look at the change, and add a changeset if a user would notice.\n`,
  );
  process.exitCode = 1;
}
