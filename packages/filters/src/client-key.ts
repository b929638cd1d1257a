/** Longer keys are cut, so that the memory for a client has a bound; two that begin alike count as one client. */
const maxKeyLength = 256;

/** A key of bounded length for whatever names a client. */
export function boundedKey(key: string): string {
  return key.length <= maxKeyLength ? key : key.slice(0, maxKeyLength);
}

/** Under which name the sender of a request is counted. `address` is a valid one, or "" for a Unix socket. */
export function clientKey(address: string): string {
  if (address === "") return "unix";
  return address.includes(":") ? ipv6Key(address) : address;
}

/**
 * The first 64 bits of an IPv6 address: every customer has at least so many addresses (RFC 6177), so a limit for one address would be
 * none. An IPv4 address in IPv6 form (RFC 4291, 2.5.5.2), in whatever spelling, is that IPv4 address.
 */
function ipv6Key(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, high = 0, low = 0] = readGroups(address);
  if (f === 0xffff && (a | b | c | d | e) === 0) return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  return `${a.toString(16)}:${b.toString(16)}:${c.toString(16)}:${d.toString(16)}::/64`;
}

/** The eight groups of an IPv6 address. By character, for every request: the usual libraries take ten times as long as the limiter. */
function readGroups(address: string): readonly number[] {
  const groups: number[] = [];
  let [gap, digits, hex, decimal, quad, dotted] = [-1, 0, 0, 0, 0, false];
  for (let index = 0; index < address.length && address[index] !== "%"; index++) {
    const code = address.charCodeAt(index);
    if (code === 0x3a) {
      if (digits > 0) groups.push(hex);
      else if (index > 0) gap = groups.length;
      [digits, hex, decimal] = [0, 0, 0];
    } else if (code === 0x2e) {
      quad = quad * 256 + decimal;
      [dotted, decimal] = [true, 0];
    } else {
      const digit = code <= 0x39 ? code - 0x30 : (code & 0xdf) - 0x37;
      [digits, hex, decimal] = [digits + 1, hex * 16 + digit, decimal * 10 + digit];
    }
  }
  if (dotted) groups.push((quad * 256 + decimal) >>> 16, (quad * 256 + decimal) & 0xffff);
  else if (digits > 0) groups.push(hex);
  while (gap >= 0 && groups.length < 8) groups.splice(gap, 0, 0);
  return groups;
}
