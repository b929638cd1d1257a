import { ManifestError } from "../src/errors.ts";
import type { ManifestIssue } from "../src/issue.ts";
import { type ParseOptions, parseManifest } from "../src/parse.ts";

/** The mistakes of a text; fails when there are none. */
export function issuesOf(text: string, options: ParseOptions = {}): readonly ManifestIssue[] {
  try {
    parseManifest(text, options);
  } catch (error) {
    if (error instanceof ManifestError) return error.issues;
    throw error;
  }
  throw new Error(`no mistake was found in\n${text}`);
}

/** `line:column message` of each, which is what most tests are about. */
export function placesOf(text: string, options: ParseOptions = {}): readonly string[] {
  return issuesOf(text, options).map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** A manifest that is right, to put something wrong into. */
export const http = '[mothership.bind]\nhttp = "127.0.0.1:8080"\n';

/** A ship with more keys. */
export function ship(name: string, ...lines: readonly string[]): string {
  return `${["[[fleet.web]]", `name = "${name}"`, 'command = "true"', ...lines].join("\n")}\n`;
}
