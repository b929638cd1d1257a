import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The versions of npm peers that are measured. None of them is a dependency of the workspace. */
const versions = {
  "http-proxy-3": "2.0.1",
  undici: "8.12.4",
  "@fastify/http-proxy": "11.6.3",
  fastify: "5.12.8",
  pm2: "7.0.4",
} as const;

export type NpmPeer = keyof typeof versions;

/** Installs npm peers into a folder of their own under the system's temporary folder, kept from run to run; resolves to that folder. */
export function npmPeers(...names: readonly NpmPeer[]): string {
  const wanted = names.map((name) => `${name}@${versions[name]}`);
  const place = join(tmpdir(), `mothership-bench-peers-${wanted.join("-").replaceAll(/[@/]+/g, "_")}`);
  if (!names.every((name) => existsSync(join(place, "node_modules", name)))) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "package.json"), '{ "private": true }');
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...wanted], { cwd: place, stdio: "inherit" });
  }
  return place;
}

export function peerVersions(names: readonly NpmPeer[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, versions[name]]));
}
