import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { root } from "../workspace.ts";
import { installScripts } from "./contents.ts";
import type { Packed } from "./tree.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A version of a package that the registry has. */
interface Held {
  readonly manifest: Manifest;
  readonly tarball: string;
}

/** A package registry on the loopback interface that holds a release, and what it depends on, and nothing else. */
export interface Registry extends AsyncDisposable {
  readonly url: string;
  /** Packages of others that run something when they are installed. */
  readonly withInstallScripts: readonly string[];
}

/** What the release depends on, wherever the workspace has it installed: folders by `name@version`. */
function thirdParties(releases: readonly Packed[]): Map<string, string> {
  const own = new Set(releases.map(({ name }) => name));
  const found = new Map<string, string>();
  const visit = (folder: string, modules: string): void => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      if (own.has(name)) continue;
      const link = join(modules, name);
      if (!existsSync(link)) {
        // One for another platform is not here, and npm does without it, too.
        if (manifest.optionalDependencies?.[name]) continue;
        throw new Error(`${manifest.name} depends on ${name}, which is not installed here: run "pnpm install"`);
      }
      const target = realpathSync(link);
      const { version } = JSON.parse(readFileSync(join(target, "package.json"), "utf8")) as Manifest;
      if (found.has(`${name}@${version}`)) continue;
      found.set(`${name}@${version}`, target);
      // pnpm puts the dependencies of a package beside it.
      visit(target, join(target, name.startsWith("@") ? "../.." : ".."));
    }
  };
  for (const { folder } of releases) visit(join(root, folder), join(root, folder, "node_modules"));
  return found;
}

function packThirdParty(folder: string, key: string, work: string): string {
  const stage = join(work, key.replaceAll("/", "-"));
  // Copied first: in pnpm's store equal files are one, and tar would write links that npm does not follow.
  cpSync(folder, join(stage, "package"), { recursive: true, dereference: true, filter: (file) => basename(file) !== "node_modules" });
  execFileSync("tar", ["-czf", `${stage}.tgz`, "-C", stage, "package"], { stdio: "pipe" });
  return `${stage}.tgz`;
}

/** Opens the registry on a free port. `work` is a folder for its tarballs; the caller removes it. */
export async function openRegistry(releases: readonly Packed[], work: string): Promise<Registry> {
  mkdirSync(work, { recursive: true });
  const held: Held[] = releases.map(({ tarball }) => ({
    tarball,
    manifest: JSON.parse(execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" })) as Manifest,
  }));
  for (const [key, folder] of thirdParties(releases)) {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    held.push({ manifest, tarball: packThirdParty(folder, key, work) });
  }
  const runsScripts = ({ manifest }: Held): boolean => installScripts.slice(0, 3).some((script) => manifest.scripts?.[script]);

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const tarball = held.find((one) => path === `-/${basename(one.tarball)}`)?.tarball;
    if (tarball) return response.end(readFileSync(tarball));
    const versions = held.filter(({ manifest }) => manifest.name === path);
    if (versions.length === 0) return response.writeHead(404).end("{}");
    const documents = versions.map((one) => {
      const bytes = readFileSync(one.tarball);
      const dist = {
        tarball: `http://${request.headers.host}/-/${basename(one.tarball)}`,
        shasum: createHash("sha1").update(bytes).digest("hex"),
        integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
      };
      return [one.manifest.version, { ...one.manifest, dist, hasInstallScript: runsScripts(one) }] as const;
    });
    const latest = documents.at(-1)?.[0];
    response.setHeader("Content-Type", "application/json");
    return response.end(JSON.stringify({ name: path, "dist-tags": { latest }, versions: Object.fromEntries(documents) }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    withInstallScripts: held
      .slice(releases.length)
      .filter(runsScripts)
      .map(({ manifest }) => `${manifest.name}@${manifest.version}`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
