import { parse, TomlError } from "smol-toml";
import { ManifestError } from "./errors.ts";
import { codeFrame } from "./frame.ts";
import { limits } from "./limits.ts";

/**
 * TOML to plain tables. The one place that stops at the first mistake: what stands behind it could mean anything.
 *
 * @throws {ManifestError} with one issue at the place where reading stopped.
 */
export function readToml(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text, { maxDepth: limits.nesting, integersAsBigInt: "asNeeded" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    const source = text.split("\n", line)[line - 1] ?? "";
    const reason = (error.message.split("\n", 1)[0] ?? "").replace(/^Invalid TOML document: /, "");
    const hint = hintFor(reason, source, column);
    throw new ManifestError([
      {
        file,
        line,
        column,
        path: "",
        message: `this is not TOML: ${reason}`,
        hint: `${hint === undefined ? "" : `${hint}; `}what follows this place was not read`,
        frame: codeFrame(text, line, column),
      },
    ]);
  }
}

function hintFor(reason: string, source: string, column: number): string | undefined {
  if (/already defined/.test(reason)) {
    return /^\s*\[[^[]/.test(source)
      ? "a table may stand once; for a list of tables write the header with two brackets, as [[fleet.web]]"
      : "a key may stand once in a table";
  }
  const rest = source.slice(column - 1);
  const bare = /^[A-Za-z_./~-][^\s,#\]}]*/.exec(rest)?.[0];
  if (/invalid value/.test(reason) && bare !== undefined) {
    return /^(?:true|false)$/i.test(bare) ? `write ${bare.toLowerCase()}` : "text stands in quotes";
  }
  if (/^\s*[\w.-]+\s*:/.test(source)) return 'a key and its value stand as key = "value"';
  return undefined;
}
