/** One fenced block of TypeScript in a document. */
export interface Example {
  /** Line of the document on which the code begins, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The `ts` blocks of a document, in order. Each checks its own result and ends by itself. */
export function examplesIn(text: string): Example[] {
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```/gm), (block) => ({
    line: text.slice(0, block.index).split("\n").length + 1,
    code: block[1] ?? "",
  }));
}

/** The packages that a README says to install. */
export function installLine(text: string): string[] {
  const [, names = ""] = /^## Install\n[\s\S]*?^npm install ([^\n]+)$/m.exec(text) ?? [];
  return names.split(" ").filter((name) => name !== "");
}

/** The packages, without subpaths, that a piece of code imports. */
export function importedPackages(code: string): string[] {
  const found = Array.from(code.matchAll(/(?:from|import) "((?:@[\w-]+\/)?[\w.-]+)(?:\/[^"]*)?";/g), ([, name = ""]) => name);
  return [...new Set(found)].filter((name) => !name.startsWith("node:") && !name.startsWith("."));
}
