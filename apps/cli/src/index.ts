export { loadManifest, type Manifest, parseManifest } from "@mothership/manifest";
export type { Ending, Mothership } from "./bridge/launch.ts";
export type { FinalStatus, Status } from "./bridge/lifecycle.ts";
export { type EmbedOptions, launch } from "./embed.ts";
