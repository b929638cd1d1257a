import { MothershipError } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";

/**
 * The manifest is valid, but asks for something that this version cannot run. Starting without it would be worse than not
 * starting: a limit that does not limit, a bay that nobody reaches.
 */
export class UnsupportedError extends MothershipError {
  readonly code = "MS_UNSUPPORTED";
  readonly features: readonly string[];
  constructor(features: readonly string[]) {
    super(`this version of mothership cannot run: ${features.join(", ")}; take them out of the manifest or use a version that can`);
    this.name = "UnsupportedError";
    this.features = features;
  }
}

/** @throws {UnsupportedError} naming all of it at once. */
export function assertSupported({ mothership, ships, bays, modules }: Manifest): void {
  const routes = ships.flatMap((ship) => ship.routes);
  const asked: readonly (readonly [boolean, string])[] = [
    [bays.length > 0, "bays ([[bays.*]])"],
    [modules.length > 0, "WebAssembly payloads ([[modules]])"],
    [mothership.compression, "response compression (mothership.compression)"],
    [mothership.corsCache.enabled, "the preflight cache (mothership.cors_cache)"],
    [
      mothership.rateLimiting.globalRps !== undefined || mothership.rateLimiting.perIpRpm !== undefined,
      "rate limits (mothership.rate_limiting)",
    ],
    [mothership.metricsPort !== undefined, "metrics (mothership.metrics_port)"],
    [routes.some((route) => route.uaFilter !== undefined), "routes by user agent (ua_filter)"],
  ];
  const features = asked.flatMap(([is, name]) => (is ? [name] : []));
  if (features.length > 0) throw new UnsupportedError(features);
}
