import { LineCounter, parseDocument } from "yaml";
import { oneLine } from "../one-line.ts";
import type { Literal } from "./js-literal.ts";
import { literalOf } from "./literal-of.ts";

/** The first value of a YAML file with its lines, or why it is none. Aliases are followed, up to the library's limit against blow-ups. */
export function readYaml(text: string): Literal | { readonly line: number; readonly problem: string } {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, merge: true, uniqueKeys: false, logLevel: "silent" });
  const [mistake] = document.errors;
  if (mistake)
    return { line: counter.linePos(mistake.pos[0]).line, problem: `is no YAML: ${oneLine(mistake.message.split("\n")[0] ?? "")}` };
  const lineOf = (path: readonly (string | number)[]): number | undefined => {
    const node = document.getIn(path, true) as { readonly range?: readonly number[] | null } | undefined;
    // What was merged in stands elsewhere.
    return node?.range ? counter.linePos(node.range[0] ?? 0).line : undefined;
  };
  try {
    return literalOf(document.toJS({ maxAliasCount: 100 }), lineOf);
  } catch (error) {
    return { line: 1, problem: `is no YAML: ${error instanceof Error ? error.message : "unknown reason"}` };
  }
}
