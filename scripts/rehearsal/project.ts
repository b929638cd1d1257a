import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type Example, examplesIn, importedPackages, installLine } from "../examples.ts";
import { run } from "../run.ts";
import { type PackageManifest, root } from "../workspace.ts";
import type { Registry } from "./registry.ts";
import type { Packed } from "./tree.ts";

/** An empty project outside the workspace in which a stranger has installed one package. */
export interface Project {
  readonly packed: Packed;
  readonly folder: string;
  readonly examples: readonly (Example & { readonly file: string })[];
  /** What can be imported from the package. */
  readonly entries: readonly string[];
}

/** The environment of every program of a rehearsal: no registry but ours, no cache or settings but its own, and a home that is thrown away. */
export function strangersEnvironment(registry: Pick<Registry, "url">, work: string, node: string): NodeJS.ProcessEnv {
  return {
    PATH: [dirname(node), process.env["PATH"]].join(delimiter),
    HOME: join(work, "home"),
    TMPDIR: join(work, "tmp"),
    MS_SOCKET_DIR: join(work, "sockets"),
    npm_config_registry: registry.url,
    npm_config_cache: join(work, "npm-cache"),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
}

/** Makes the project by following the README of the package: what its Install section names is installed, its examples are written down. */
export async function openProject(packed: Packed, unpacked: string, work: string, env: NodeJS.ProcessEnv): Promise<Project> {
  const readme = readFileSync(join(unpacked, "README.md"), "utf8");
  // The README of the program says how to run it from a clone: on npm its name is taken.
  const names = packed.folder.startsWith("apps/") ? [packed.name] : installLine(readme);
  if (!names.includes(packed.name)) throw new Error(`${packed.name}: its README does not say "npm install ${packed.name}"`);
  const folder = join(work, packed.folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
  const { problem } = await run("npm", ["install", "--loglevel=error", ...names], { cwd: folder, env });
  if (problem) throw new Error(`${packed.name}: "npm install ${names.join(" ")}" ${problem}`);

  const examples = examplesIn(readme).map((example) => ({ ...example, file: join(folder, `readme-${example.line}.ts`) }));
  if (examples.length === 0) throw new Error(`${packed.name}: its README has no example`);
  for (const { code, file, line } of examples) {
    const unnamed = importedPackages(code).filter((name) => !names.includes(name));
    if (unnamed.length > 0)
      throw new Error(`${packed.name}: the example on line ${line} imports ${unnamed.join(", ")}, which its Install section does not name`);
    writeFileSync(file, code);
  }
  const manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as PackageManifest;
  const entries = Object.keys(manifest.exports)
    .filter((path) => !path.endsWith(".json"))
    .map((path) => `${packed.name}${path.slice(1)}`);
  return { packed, folder, examples, entries };
}

const loadEverything = `
const names = process.argv.slice(2);
const required = names.map((name) => require(name));
Promise.all(names.map((name) => import(name))).then((imported) => {
  names.forEach((name, at) => {
    const keys = Object.keys(imported[at]);
    if (keys.length === 0) throw new Error(name + " exports nothing");
    const missing = keys.filter((key) => required[at][key] !== imported[at][key]);
    if (missing.length > 0) throw new Error(name + ": require() and import differ in " + missing.join(", "));
  });
});
`;

/** What is wrong with loading the package, by \`import\` and by \`require\`, without a word on the terminal. */
export async function loadProblems({ packed, folder, entries }: Project, node: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  writeFileSync(join(folder, "load.cjs"), loadEverything);
  const { problem, stdout, stderr } = await run(node, ["load.cjs", ...entries], { cwd: folder, env });
  if (problem) return [`${packed.name}: loading it with ${node} ${problem}`];
  return stdout + stderr === "" ? [] : [`${packed.name}: loading it prints something:\n${stdout}${stderr}`];
}

/**
 * Runs the examples of the README, one after the other. `cwd` is the folder of the demo fleet, which runs: some examples look at a fleet.
 * One that reads keys gets a terminal.
 */
export async function exampleProblems({ packed, examples }: Project, cwd: string, node: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const problems: string[] = [];
  for (const { file, line, code } of examples) {
    const [command = "", ...args] = code.includes("process.stdin") ? onTerminal(node, file) : [node, file];
    const { problem } = await run(command, args, { cwd, env: { ...env, TERM: "xterm-256color" } });
    if (problem) problems.push(`${packed.name}: the example on line ${line} of its README ${problem}`);
  }
  return problems;
}

/** The command that runs a file on a terminal of its own: a program of the system's, of which there are two kinds. */
function onTerminal(node: string, file: string): string[] {
  return process.platform === "linux" ? ["script", "-qec", `'${node}' '${file}'`, "/dev/null"] : ["script", "-q", "/dev/null", node, file];
}

/** Type-checks all entries and examples of all projects at once, declarations of packages included, under one way to resolve modules. */
export async function typeProblems(
  projects: readonly Project[],
  resolution: "nodenext" | "bundler",
  work: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const files = projects.flatMap(({ folder, entries, examples }) => {
    const all = join(folder, "entries.ts");
    writeFileSync(all, entries.map((entry, at) => `import * as entry${at} from "${entry}";\nconsole.log(entry${at});\n`).join(""));
    return [all, ...examples.map(({ file }) => file)];
  });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "esnext",
    module: resolution === "nodenext" ? "nodenext" : "preserve",
    moduleResolution: resolution,
    types: ["node"],
    typeRoots: [realpathSync(join(root, "node_modules/@types"))],
  };
  const project = join(work, `tsconfig.${resolution}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files }));
  const { problem } = await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], { cwd: work, env });
  return problem ? [`types, with moduleResolution ${resolution}: tsc ${problem}`] : [];
}
