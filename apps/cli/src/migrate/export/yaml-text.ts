import { Document, isScalar, visit } from "yaml";
import { oneLine } from "../one-line.ts";

/** What a YAML file of an export is made of. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue | undefined };

/**
 * YAML that every reader understands alike: texts are always in quotes, so that no `on` or `1e3` becomes something else, and nothing is
 * folded; a text of several lines stands as it is. Keys are ours and plain. What is undefined is left out.
 */
export function yamlText(value: YamlValue, comments: readonly string[] = []): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (key, node) => {
      if (key !== "key" && isScalar(node) && typeof node.value === "string")
        node.type = /^[^\r\0]*\n[^\r\0]*$/.test(node.value) && !/^\s/.test(node.value) ? "BLOCK_LITERAL" : "QUOTE_DOUBLE";
    },
  });
  return [...comments.map((line) => `# ${oneLine(line)}`), document.toString({ lineWidth: 0 })].join("\n");
}
