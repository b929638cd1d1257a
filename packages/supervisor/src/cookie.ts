/**
 * The mark that a process and all that it starts carry in their environment: which set, which process, which start.
 *
 * A supervisor inside a supervisor adds its own behind the outer one's, so that both find theirs.
 */
export const cookieName = "MS_COOKIE";

const separator = ",";

/** What the cookies of one set have in common, or with a name those of one process of it. */
export function cookiePrefix(fleetId: string, name?: string): string {
  const fleet = `${encodeURIComponent(fleetId)}:`;
  return name === undefined ? fleet : `${fleet}${encodeURIComponent(name)}:`;
}

/** The value for one start. `outer` is what stands there already, from a supervisor around this one. */
export function cookieFor(fleetId: string, name: string, incarnation: number, outer: string | undefined): string {
  const own = `${cookiePrefix(fleetId, name)}${incarnation}`;
  return outer ? `${outer}${separator}${own}` : own;
}

/** Every prefix by which the cookies in this value can be looked for: of the set and of the process, for each. */
export function prefixesIn(value: string): readonly string[] {
  return value.split(separator).flatMap((one) => [one.slice(0, one.indexOf(":") + 1), one.slice(0, one.lastIndexOf(":") + 1)]);
}

/** The value of the cookie in an environment block as the system shows it (entries that end with NUL), "" without one. */
export function cookieIn(environment: Buffer): string {
  const key = `${cookieName}=`;
  for (let at = environment.indexOf(key); at !== -1; at = environment.indexOf(key, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString("latin1", at + key.length, end === -1 ? undefined : end);
  }
  return "";
}
