import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { examplesIn } from "../scripts/examples.ts";
import { decisionsDocument, errorsDocument, errorTable, has, packages, read, root, scripts, sources } from "../scripts/workspace.ts";

// Who may import whom. A part knows the leaves and its own third parties; where two parts meet, they meet in a kernel contract or in the app.
const leaves = ["@mothership/kernel", "@mothership/patterns"];
const exceptions: Readonly<Record<string, readonly string[]>> = {
  "@mothership/kernel": [],
  "@mothership/patterns": [],
  // A proxy stands on its wire codec by nature.
  "@mothership/proxy": [...leaves, "@mothership/http1"],
  "@mothership/tui": [...leaves, "@mothership/control"],
};
const fieldOrder = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "homepage",
  "bugs",
  "repository",
  "type",
  "sideEffects",
  "engines",
  "bin",
  "man",
  "exports",
  "files",
  "scripts",
  "dependencies",
  "optionalDependencies",
  "devDependencies",
  "publishConfig",
];
const requiredFields = fieldOrder.filter(
  (field) => !["bin", "man", "dependencies", "optionalDependencies", "devDependencies"].includes(field),
);
const scriptNames = ["build", "dev", "test", "typecheck", "check:package"];
const readmeSections = ["Why it is its own package", "Install", "Example", "Guarantees", "Limits", "Errors", "What it does not do"];
/** Environment variables that share the prefix of error codes. */
const environmentNames = /^MS_(PID|SHIP|SOCKET_DIR|SOCKET_PATH|BAY_TYPE|COOKIE|NOTIFY_FD|STOP_PID|LAUNCH_ID|RELEASE)$/;

const all = packages();

/** How a README may write a limit. */
function forms(value: number): string[] {
  if (value === Number.POSITIVE_INFINITY) return ["infinite"];
  return [`${value}`, value.toLocaleString("en-US"), `${value / 1000} s`, `${value / 1024} KiB`, `${value / 1024 ** 2} MiB`];
}

/** Files that are longer than a reader keeps in mind. */
function tooLong(parent: string): { readonly file: string; readonly lines: number }[] {
  return scripts(parent)
    .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > 400);
}

describe.each(all.map((one) => [one.name, one] as const))("%s", (name, one) => {
  const { folder, manifest } = one;
  const siblings = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.optionalDependencies ?? {})].filter((dependency) =>
    dependency.startsWith("@mothership/"),
  );

  test("depends only on the packages of the workspace that its tier may know", () => {
    if (folder.startsWith("apps/")) return expect(name).toBe("mothership");
    const allowed = exceptions[name] ?? leaves;
    expect(siblings.filter((sibling) => !allowed.includes(sibling))).toEqual([]);
  });

  test("names its dependencies from the catalog or the workspace", () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => version !== "catalog:" && !version.startsWith("workspace:"))).toEqual([]);
  });

  test("has the fields of a manifest of this workspace, in order", () => {
    const fields = Object.keys(manifest);
    expect(fields).toEqual(fieldOrder.filter((field) => fields.includes(field)));
    expect(requiredFields.filter((field) => !fields.includes(field))).toEqual([]);
    expect(Object.keys(manifest.scripts).slice(0, scriptNames.length)).toEqual(scriptNames);
    expect(manifest["engines"]).toEqual({ node: ">=24" });
    expect(manifest["files"]).toEqual(expect.arrayContaining(["dist", "CHANGELOG.md"]));
    expect(manifest["repository"]).toMatchObject({ directory: folder });
    expect(manifest["homepage"]).toContain(`/${folder}#readme`);
  });

  test("exports files that its build makes", () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : [target.types, target.default],
    );
    expect(targets.filter((target) => !has(`${folder}/${target}`))).toEqual([]);
  });

  test("keeps every file of its sources and tests within 400 lines", () => {
    expect(scripts(folder)).toEqual(expect.arrayContaining(sources(one)));
    expect(tooLong(folder)).toEqual([]);
  });

  test("has an index of exports only", () => {
    const text = read(`${folder}/src/index.ts`).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect(text.replaceAll(/export (type )?(\{[^}]*\}|\*)( as \w+)? from "[^"]+";/g, "").trim()).toBe("");
  });

  test("is described by a README with all its sections", () => {
    const text = read(`${folder}/README.md`);
    const found = Array.from(text.matchAll(/^## (.*)$/gm), ([, title]) => title);
    if (folder.startsWith("packages/")) expect(readmeSections.filter((section) => !found.includes(section))).toEqual([]);
    expect(text.startsWith(`# ${name}\n`)).toBe(true);
    if (folder.startsWith("packages/")) expect(text).toContain("\nNeeds Node 24 or newer.");
  });

  test("has examples that check their own result", () => {
    const examples = examplesIn(read(`${folder}/README.md`));
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.filter(({ code }) => !/from "node:(assert\/strict|test)"/.test(code))).toEqual([]);
  });

  test("states the limits that it exports as they are", async () => {
    const exported = (await import(pathToFileURL(join(root, folder, "dist/index.js")).href)) as Record<string, unknown>;
    const limits = Object.entries(exported).filter(([key]) => /^default.*(Limits|Timeouts)$/.test(key));
    const rows = Array.from(read(`${folder}/README.md`).matchAll(/^\|.*\|$/gm), ([row]) => row);
    for (const [key, value] of limits.flatMap(([, object]) => Object.entries(object as Record<string, number>))) {
      const about = rows.filter((row) => row.split("|")[1]?.includes(`\`${key}\``));
      expect(
        about.filter((row) => forms(value).some((form) => new RegExp(`(?<![\\d.,])${form}(?![\\d.])`).test(row))),
        `${key}: ${value}`,
      ).not.toEqual([]);
    }
  });

  test("explains every error code that it makes", () => {
    const made = sources(one).flatMap((file) =>
      Array.from(read(file).matchAll(/["'`](MS_[A-Z\d_]*[A-Z\d])["'`]/g), ([, code = ""]) => code),
    );
    const explained = new Set(all.flatMap((other) => [...errorTable(other).keys()]));
    expect([...new Set(made)].filter((code) => !environmentNames.test(code) && !explained.has(code))).toEqual([]);
  });

  test("keeps its public interface on record", () => {
    expect(has(`${folder}/etc/api.d.ts`)).toBe(true);
  });
});

describe("the workspace", () => {
  test("keeps kernel free of dependencies and under 600 lines", () => {
    const kernel = all.find(({ name }) => name === "@mothership/kernel");
    expect(kernel?.manifest.dependencies).toBeUndefined();
    const lines = kernel ? sources(kernel).reduce((sum, file) => sum + read(file).split("\n").length - 1, 0) : Number.NaN;
    expect(lines).toBeLessThan(600);
  });

  test.each(["bench", "examples", "internal", "scripts", "test"])("keeps every file of %s within 400 lines", (folder) => {
    expect(scripts(folder)).not.toEqual([]);
    expect(tooLong(folder)).toEqual([]);
  });

  test("explains each error code in one package only", () => {
    const codes = all.flatMap((one) => [...errorTable(one).keys()]);
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
  });

  test("lists all error codes in docs/errors.md", () => {
    expect(read("docs/errors.md")).toBe(errorsDocument());
  });

  test("numbers its decisions from 1, each once", () => {
    const numbers = Array.from(decisionsDocument().matchAll(/^(\d+)\. \[.+\]\((\d{4})-/gm), ([, title, file]) => [
      Number(title),
      Number(file),
    ]);
    expect(numbers).toEqual(numbers.map((_, at) => [at + 1, at + 1]));
  });
});
