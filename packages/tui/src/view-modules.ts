import { unitRows } from "./layout.ts";
import type { Model } from "./model.ts";
import { type Line, pad, width } from "./text.ts";

/** The WASM payloads of the fleet and the phase in which each runs. */
export function viewModules({ modules, moduleIndex, moduleTop, size }: Model): readonly Line[] {
  if (modules.length === 0) return [[{ text: "  The manifest has no modules.", dim: true }]];
  const longest = modules.reduce((most, { name }) => Math.max(most, width(name)), 8);
  const name = Math.min(longest, Math.floor(size.columns / 2));
  const head: Line = [
    { text: "  " },
    ...pad([{ text: "MODULE", bold: true, dim: true }], name + 2),
    { text: "PHASE", bold: true, dim: true },
  ];
  const rows = modules.slice(moduleTop, moduleTop + unitRows(size, "modules")).map((module, row): Line => {
    const cells: Line = [...pad([{ text: module.name, bold: true }], name), { text: "  " }, { text: module.phase, color: "cyan" }];
    if (moduleTop + row !== moduleIndex) return [{ text: "  " }, ...cells];
    return pad([{ text: "▸ " }, ...cells], size.columns).map((cell) => ({ ...cell, inverse: true }));
  });
  return [head, ...rows];
}
