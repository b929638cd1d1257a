import { type AbortOptions, type Logger, silentLogger, systemClock } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import type { LogLine } from "@mothership/supervisor";
import { launch as launchWith } from "./bridge/launch.ts";
import type { Mothership } from "./bridge/running-fleet.ts";

export interface EmbedOptions extends AbortOptions {
  /** Where mothership says what it does. Default: nowhere. */
  readonly log?: Logger;
  /** Called with every line that a process prints; must be quick. Default: nothing. */
  readonly onLine?: (line: LogLine) => void;
}

/**
 * Runs the fleet of a manifest inside this program; what `mothership run` does without its terminal, log and signals.
 *
 * Resolves when the fleet runs. The caller closes it; `finished` tells when it ended by itself. If a phase fails or the signal fires, all
 * that was started is ended before this rejects, with what failed or with the signal's reason. Rejects with a TypeError for anything that is
 * no manifest.
 */
export function launch(
  manifest: Manifest,
  { signal, log = silentLogger, onLine = () => undefined }: EmbedOptions = {},
): Promise<Mothership> {
  // From JavaScript anything may come: the text of a manifest or its path, above all.
  if (!isManifest(manifest)) {
    return Promise.reject(
      new TypeError("launch needs a manifest as parseManifest(text) or loadManifest(path) gives it, not its text or path"),
    );
  }
  const sink = {
    name: "onLine",
    write(line: LogLine): boolean {
      onLine(line);
      return true;
    },
    onDrain: () => undefined,
  };
  return launchWith(manifest, { clock: systemClock, log, sink, signal, surroundings: { env: process.env, execPath: process.execPath } });
}

/** As far as it can be told without reading all of it. */
function isManifest(given: unknown): boolean {
  const { mothership, ships, bays, modules } = (given ?? {}) as Partial<Record<keyof Manifest, unknown>>;
  return typeof mothership === "object" && mothership !== null && [ships, bays, modules].every(Array.isArray);
}
