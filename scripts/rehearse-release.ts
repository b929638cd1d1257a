/**
 * Makes a release in a copy of the tree and takes it into use as a stranger would, without the network:
 * versions and changelogs by changesets, tarballs by pnpm, a registry on the loopback interface that holds them and their third parties,
 * `npm install` into empty projects, the examples of the READMEs, and the program with its demo fleet. The packages have to be built.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { contentProblems, unpack } from "./rehearsal/contents.ts";
import { installProgram, startDemo } from "./rehearsal/program.ts";
import { exampleProblems, loadProblems, openProject, type Project, strangersEnvironment, typeProblems } from "./rehearsal/project.ts";
import { openRegistry } from "./rehearsal/registry.ts";
import { copyTree, packAll, versionPackages } from "./rehearsal/tree.ts";
import { inParallel, killAll } from "./run.ts";
import { root } from "./workspace.ts";

const atATime = 2;

/** The Nodes to try: the one that runs this, and the oldest that is promised, where CI has put it. */
function supportedNodes(): string[] {
  const modules = join(root, ".tooling/oldest-node/node_modules");
  const oldest = existsSync(modules) ? readdirSync(modules).map((name) => join(modules, name, "bin/node")) : [];
  return [process.execPath, ...oldest.filter((file) => existsSync(file))];
}

/** A Node on this machine that is too old for the packages, if there is one. */
function tooOldNode(): string | undefined {
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return candidates.find((file) => existsSync(file) && /^v(1\d|2[0-3])\./.test(execFileSync(file, ["--version"], { encoding: "utf8" })));
}

const began = process.hrtime.bigint();
const say = (sentence: string): void => {
  const seconds = Number((process.hrtime.bigint() - began) / 1_000_000_000n);
  process.stdout.write(`[${String(seconds).padStart(3)} s] ${sentence}\n`);
};

/** One step for each of a list; what throws is the problem of that one, and the others go on. */
async function each<T, R>(list: readonly T[], problems: string[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results = await inParallel(list, atATime, async (one) => {
    try {
      return [await work(one)];
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return [];
    }
  });
  return results.flat() as R[];
}

/** Goes through all steps. What it finds goes into `problems`; it throws where no further step makes sense. */
async function rehearse(work: string, problems: string[]): Promise<void> {
  const tree = join(work, "tree");
  mkdirSync(tree);
  for (const folder of ["home", "sockets", "tarballs", "tmp"]) mkdirSync(join(work, folder), { mode: 0o700 });
  copyTree(tree);
  versionPackages(tree);
  const releases = packAll(tree, join(work, "tarballs"));
  const unpacked = new Map(releases.map((packed) => [packed.name, unpack(packed, join(work, "unpacked", packed.folder))]));
  for (const packed of releases) problems.push(...contentProblems(packed, unpacked.get(packed.name) ?? ""));
  say(`${releases.length} packages versioned, packed and looked into`);

  await using registry = await openRegistry(releases, join(work, "third-parties"));
  for (const name of registry.withInstallScripts) problems.push(`${name}, which a package depends on, runs a script when it is installed`);
  const env = strangersEnvironment(registry, work, process.execPath);
  const projects = await each(releases, problems, (packed) =>
    openProject(packed, unpacked.get(packed.name) ?? "", join(work, "projects"), env),
  );
  say(`${projects.length} packages installed, each into an empty project`);

  const nodes = supportedNodes();
  const perProject = (step: (project: Project, node: string) => Promise<string[]>): Promise<string[][]> =>
    each(
      nodes.flatMap((node) => projects.map((project) => ({ project, node }))),
      problems,
      ({ project, node }) => step(project, node),
    );
  problems.push(...(await perProject((project, node) => loadProblems(project, node, env))).flat());
  say(`loaded by import and by require, on ${nodes.length === 1 ? "this Node" : "this Node and the oldest that is promised"}`);
  const types = await each(["nodenext", "bundler"] as const, problems, (resolution) => typeProblems(projects, resolution, work, env));
  problems.push(...types.flat());
  say("types checked, with moduleResolution nodenext and bundler");

  const older = tooOldNode();
  const program = await installProgram(work, env, older);
  if (older) say(`mothership installed; on the Node at ${older} it says that this is too old`);
  const demo = await startDemo(program, work, process.execPath, env);
  say("the demo fleet started with the installed program");
  try {
    problems.push(...(await perProject((project, node) => exampleProblems(project, demo.folder, node, env))).flat());
    say(`${projects.flatMap(({ examples }) => examples).length} examples of READMEs run`);
  } finally {
    problems.push(...(await demo.stop()));
  }
  say("the demo fleet asked and stopped");
}

const work = mkdtempSync(join(tmpdir(), "ms-release-"));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    killAll();
    rmSync(work, { recursive: true, force: true });
    process.exit(128 + constants.signals[signal]);
  });
}
try {
  const problems: string[] = [];
  await rehearse(work, problems).catch((error: unknown) => problems.push(error instanceof Error ? error.message : String(error)));
  for (const problem of problems) process.stderr.write(`rehearsal: ${problem}\n`);
  say(problems.length === 0 ? "a release would be sound" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
