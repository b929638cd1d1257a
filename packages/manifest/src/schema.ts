/**
 * The shape of `ship-manifest.toml`. The one definition: `raw.ts` states the same as types and `schema.json`, made from it, is what runs
 * and what editors read. Nothing that runs imports this file, because loading typebox takes longer than reading a manifest.
 *
 * `title` is what a message says was expected; `description` is what an editor shows. The tables of docs/manifest.md are made of both.
 */
import { type Static, Type } from "typebox";
import { limits } from "./limits.ts";
import { base, bay, module_, ship } from "./schema-members.ts";
import { mothership } from "./schema-settings.ts";
import { shields } from "./schema-shields.ts";
import { closed, groups, tables } from "./schema-values.ts";

export const schema = Type.Object(
  {
    mothership: Type.Optional(mothership),
    fleet: Type.Optional(groups(ship, "[[fleet.web]]", "Ships: `[[fleet.web]]`.")),
    bays: Type.Optional(groups(bay, "[[bays.websocket]]", "Bays: `[[bays.websocket]]`.")),
    modules: Type.Optional(tables(module_, "[[modules]]", "WebAssembly payloads: `[[modules]]`.", limits.modules)),
    shields: Type.Optional(shields),
    base: Type.Optional(base),
  },
  {
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "urn:mothership:ship-manifest",
    title: "a manifest",
    description: "The manifest of a mothership fleet (ship-manifest.toml).",
    ...closed,
  },
);

/** What the schema says about the data, as a type; equal to `RawManifest`. */
export type SchemaManifest = Static<typeof schema>;
