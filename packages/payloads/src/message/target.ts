import { payloadLimits } from "../limits.ts";

/** Visible ASCII that begins with a slash, without what would end or change the path: `#`, and `\`, which some read as `/`. */
const target = /^\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/;

/** True for a path, with or without a query, that a guest may set. */
export function isTarget(text: string): boolean {
  return text.length <= payloadLimits.pathBytes && target.test(text);
}

/** The query keeps its `?`; a `?` with nothing behind it is an empty query, none at all is undefined. */
export function splitTarget(text: string): { readonly path: string; readonly query: string | undefined } {
  const mark = text.indexOf("?");
  if (mark < 0) return { path: text, query: undefined };
  return { path: text.slice(0, mark), query: mark === text.length - 1 ? "" : text.slice(mark) };
}
