export { loadManifest, type Manifest, parseManifest } from "@mothership/manifest";
export type { FinalStatus, Status } from "./bridge/lifecycle.ts";
export type { Ending, Mothership } from "./bridge/running-fleet.ts";
export { type EmbedOptions, launch } from "./embed.ts";
