import schema from "./schema.json" with { type: "json" };
import type { JsonSchema } from "./validate.ts";

/** JSON Schema (draft 7) of `ship-manifest.toml`, as data: for editors, and what the loader itself checks against. */
export const manifestSchema: JsonSchema = schema;
