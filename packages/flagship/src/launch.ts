import { createHash } from "node:crypto";

/** What the servers of one deployment agree on, and the next deployment does not share. */
export interface Launch {
  /** The same on every server of the deployment. */
  readonly id: string;
  /**
   * True when the deployer named the release, so that the id is never used for another deployment: once done, its work is
   * done. False when the id repeats from one deployment to the next: then a result counts only for a while.
   */
  readonly explicit: boolean;
}

const maxReleaseLength = 200;

/**
 * The launch of this work (JSON data, such as the prelaunch section of a manifest) and this release (a commit, an image
 * digest), if the deployer names one. Servers with different work are never in one launch.
 */
export function launchOf(work: unknown, release?: string): Launch {
  const hash = createHash("sha256").update(canonical(work)).digest("hex").slice(0, 16);
  if (release === undefined || release === "") return { id: hash, explicit: false };
  const name = release.length <= maxReleaseLength ? release : createHash("sha256").update(release).digest("hex");
  return { id: `${name} ${hash}`, explicit: true };
}

/** JSON in which the order of keys makes no difference. */
function canonical(value: unknown): string {
  return String(
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ),
  );
}
