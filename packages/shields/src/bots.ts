import { createRequire } from "node:module";

let test: ((userAgent: string) => boolean) | undefined;

/**
 * Whether an agent is a crawler, a command line tool or a library, by the list of the package `isbot`.
 * The list is loaded at the first call: it is a large expression (some 3 ms to load and compile), and most installations never ask.
 */
export function isBot(userAgent: string): boolean {
  test ??= load();
  return test(userAgent);
}

function load(): (userAgent: string) => boolean {
  // `require` returns `any`; the package describes what it exports.
  const { isbot } = createRequire(import.meta.url)("isbot") as typeof import("isbot");
  return isbot;
}
