import { type Coordinator, launchOf, postgresCoordinator, soloCoordinator, staticCoordinator } from "@mothership/flagship";
import { type Deps, MothershipError } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import type { Surroundings } from "./processes.ts";

/** The manifest lets servers coordinate, but not how. The manifest's own check finds that first; this is for manifests made by hand. */
export class ElectionIncompleteError extends MothershipError {
  readonly code = "MS_ELECTION_INCOMPLETE";
  constructor(missing: string) {
    super(`the flagship election needs ${missing}`);
    this.name = "ElectionIncompleteError";
  }
}

/** Who decides which server runs the prelaunch jobs: this one alone, its environment, or a database. */
export function coordinatorFor({ mothership }: Manifest, { env }: Surroundings, deps: Deps): Coordinator {
  const { flagship, prelaunch } = mothership;
  if (!flagship.enabled) return soloCoordinator();
  if (flagship.election === "static") {
    const rule = flagship.staticFlagship;
    if (!rule) throw new ElectionIncompleteError("static_flagship");
    return staticCoordinator(rule.kind === "value" ? { value: rule.value } : { command: rule.command, equals: rule.equals }, deps);
  }
  if (flagship.electionUrl === undefined) throw new ElectionIncompleteError("election_url");
  return postgresCoordinator(
    {
      url: flagship.electionUrl,
      fleet: flagship.fleet,
      launch: launchOf(prelaunch, flagship.launchId ?? (env["MS_LAUNCH_ID"] || env["MS_RELEASE"])),
      allowInsecure: env["MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE"] === "true",
      electionTimeoutMs: flagship.electionTimeoutMs,
      prelaunchTimeoutMs: flagship.prelaunchTimeoutMs,
      onFlagshipLoss: flagship.onFlagshipLoss,
    },
    deps,
  );
}
