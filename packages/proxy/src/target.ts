/**
 * The canonical form of a request path. What this file returns is what routes are matched against *and* what is forwarded,
 * so a route, a filter and the upstream can never disagree about which path was asked for.
 *
 * 1. Escapes of unreserved characters are decoded once (`%41` is `A`, `%2e` is `.`); other escapes stay and get upper-case digits.
 * 2. Dot segments are resolved (RFC 3986, 5.2.4). `..` at the root stays at the root.
 * 3. Slashes at the start become one, because `//host` is something else to whoever resolves it. Empty segments further on are kept:
 *    applications use them (`/fetch/https://example.com`).
 * 4. `%2F` and `%5C` are not separators and stay as they are. Where a dot segment would appear if they were (`..%2F`), or if path
 *    parameters were cut off (`..;a`), the path is refused: an upstream that decodes later would climb.
 * 5. `%00` and malformed escapes are refused.
 */

/** Why a path has no canonical form. One of a few constants: telling a client costs no allocation. */
export interface PathProblem {
  readonly reason: string;
}

const malformedEscape: PathProblem = { reason: 'a "%" is not followed by two hexadecimal digits' };
const encodedNul: PathProblem = { reason: "the path holds an encoded NUL" };
const hiddenDots: PathProblem = { reason: "the path hides a dot segment behind an encoded slash or a parameter" };
const noPath: PathProblem = { reason: 'the path does not begin with "/"' };

/** The canonical form of `path` (origin-form, without the query), or why it has none. Returns `path` itself when it is canonical already. */
export function canonicalPath(path: string): string | PathProblem {
  if (path.charCodeAt(0) !== 0x2f) return noPath;
  // Nothing of what the rules act on can begin without one of these: most paths end here.
  if (!path.includes("%") && !path.includes("/.") && !path.startsWith("//")) return path;
  const decoded = path.includes("%") ? decodeUnreserved(path) : path;
  if (typeof decoded !== "string") return decoded;
  return decoded.includes("/.") || decoded.startsWith("//") || /%(?:2F|5C)\./.test(decoded) ? resolveDots(decoded) : decoded;
}

/** The path without `prefix`, where that ends at a segment: `/api` is no prefix of `/apix`. Paths that do not have it stay. */
export function stripPrefix(path: string, prefix: string): string {
  if (!path.startsWith(prefix)) return path;
  const at = prefix.endsWith("/") ? prefix.length - 1 : prefix.length;
  if (path.length === at) return "/";
  if (path.charCodeAt(at) !== 0x2f) return path;
  let start = at;
  while (path.charCodeAt(start + 1) === 0x2f) start++;
  return path.slice(start);
}

const unreserved = /[A-Za-z\d\-._~]/;

function decodeUnreserved(path: string): string | PathProblem {
  let out = "";
  let from = 0;
  for (let at = path.indexOf("%"); at !== -1; at = path.indexOf("%", at + 3)) {
    const digits = path.slice(at + 1, at + 3);
    if (!/^[\dA-Fa-f]{2}$/.test(digits)) return malformedEscape;
    if (digits === "00") return encodedNul;
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    out += path.slice(from, at) + (unreserved.test(character) ? character : `%${digits.toUpperCase()}`);
    from = at + 3;
  }
  return out + path.slice(from);
}

function resolveDots(path: string): string | PathProblem {
  const kept: string[] = [];
  const segments = path.split("/");
  for (let index = 1; index < segments.length; index++) {
    const segment = segments[index]!;
    const last = index === segments.length - 1;
    if (segment === "." || segment === "..") {
      if (segment === "..") kept.pop();
      // "/a/." and "/a/b/.." name a folder, and keep the slash that says so.
      if (last) kept.push("");
    } else {
      if (segment.includes(".") && hidesDots(segment)) return hiddenDots;
      // An empty segment counts only behind another one, and at the end, where it is the slash that names a folder.
      if (segment !== "" || kept.length > 0 || last) kept.push(segment);
    }
  }
  return `/${kept.join("/")}`;
}

/** True when a reader that splits at encoded separators, or drops parameters, would find `.` or `..` in this segment. */
function hidesDots(segment: string): boolean {
  return segment.split(/%2F|%5C/).some((piece) => /^\.\.?(?:;|$)/.test(piece));
}
