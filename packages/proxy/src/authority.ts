/** The host of an authority: lower case, without port and closing dot, IPv6 in its brackets. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(":");
  const host = colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
  return (host.endsWith(".") ? host.slice(0, -1) : host).toLowerCase();
}
