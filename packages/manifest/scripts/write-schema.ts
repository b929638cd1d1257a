// Writes src/schema.json from the typebox schema. Run after a change of src/schema.ts: node scripts/write-schema.ts
import { writeFileSync } from "node:fs";
import { schema } from "../src/schema.ts";

writeFileSync(new URL("../src/schema.json", import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
