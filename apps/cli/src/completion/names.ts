import { homedir } from "node:os";
import type { UnitSnapshot } from "@mothership/control";
import { deadline, systemClock } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { fleetOf } from "../control-socket.ts";
import type { Candidate, KnownNames } from "./complete.ts";

/** Somebody waits with a finger on the key: a fleet that does not answer by then is not asked further. */
const patienceMs = 500;

/** Asks the fleet that runs, else its manifest. What fails gives no names. */
export const namesAround: KnownNames = {
  async units(written, which) {
    const manifest = withHome(written);
    try {
      using limit = deadline("asking the fleet for its names", patienceMs, systemClock);
      const { units } = await fleetOf({ manifest }).snapshot({ signal: limit.signal });
      return units.filter((unit) => which === "all" || !isPrelaunch(unit)).map(unitCandidate);
    } catch {
      // No fleet runs, or it is busy: the manifest has the same names, but for prelaunch jobs.
      return (
        (await manifestNames(manifest, ({ ships, bays }) => [...ships, ...bays].map(({ name, kind }) => ({ word: name, about: kind })))) ??
        []
      );
    }
  },
  members: async (manifest) => (await manifestNames(withHome(manifest), memberCandidates)) ?? [],
};

function isPrelaunch({ kind, group }: UnitSnapshot): boolean {
  return kind === "job" && group === "prelaunch";
}

function unitCandidate({ name, kind, state }: UnitSnapshot): Candidate {
  return { word: name, about: `${kind}, ${state}` };
}

function memberCandidates({ ships, bays }: Manifest): Candidate[] {
  const about = new Map<string, string>();
  for (const { name, kind } of [...ships, ...bays]) about.set(name, kind);
  for (const { group } of ships) about.set(group, "group");
  for (const { type } of bays) about.set(type, "group");
  for (const { tags } of [...ships, ...bays]) for (const tag of tags) about.set(tag, "tag");
  return Array.from(about, ([word, about]) => ({ word, about }));
}

async function manifestNames(manifest: string | undefined, names: (manifest: Manifest) => Candidate[]): Promise<Candidate[] | undefined> {
  try {
    // Loaded only here: reading a manifest needs more code than asking a fleet.
    const { readManifest } = await import("../files/manifest-file.ts");
    return names((await readManifest({ manifest, only: [], except: [] })).manifest);
  } catch {
    // A manifest that is not there or not valid has no names; a message would garble the line that is being typed.
    return undefined;
  }
}

/** While a line is typed, no shell has put the folder in the place of the tilde yet. */
function withHome(path: string | undefined): string | undefined {
  return path?.replace(/^~(?=\/)/, homedir());
}
