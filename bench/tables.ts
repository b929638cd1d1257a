import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shown } from "./lib/results.ts";

/**
 * Puts the tables that are kept in bench/results into docs/performance.md, where a comment names them: `<!-- table proxy get -->`, and
 * `<!-- end -->` behind it. One that has no place yet comes before `<!-- more proxy -->`, under its title. Returns how many are others now.
 */
export function writeTables(): number {
  const folder = join(import.meta.dirname, "results");
  const page = join(import.meta.dirname, "../docs/performance.md");
  let text = readFileSync(page, "utf8");
  let count = 0;
  for (const file of readdirSync(folder)) {
    const topic = file.replace(/\.json$/, "");
    const parts = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, { readonly shown?: Shown }>;
    for (const [part, { shown }] of Object.entries(parts)) {
      if (!shown) continue;
      const next = withTable(text, topic, part, shown);
      if (next !== text) count++;
      text = next;
    }
  }
  writeFileSync(page, text);
  return count;
}

function withTable(text: string, topic: string, part: string, { title, table }: Shown): string {
  const begin = `<!-- table ${topic} ${part} -->`;
  const end = "<!-- end -->";
  const whole = `${begin}\n\n${table}\n\n${end}`;
  const from = text.indexOf(begin);
  if (from >= 0) return text.slice(0, from) + whole + text.slice(text.indexOf(end, from) + end.length);
  const more = `<!-- more ${topic} -->`;
  return text.replace(more, () => `### ${title}\n\n${whole}\n\n${more}`);
}
