import { bindings } from "./keys.ts";
import { type Line, pad } from "./text.ts";

/** All keys. */
export function viewHelp(): readonly Line[] {
  const rows = bindings.map(({ shown, help }): Line => [{ text: "  " }, ...pad([{ text: shown, bold: true }], 14), { text: help }]);
  return [[{ text: "  Keys (any key closes this)", bold: true }], ...rows];
}
