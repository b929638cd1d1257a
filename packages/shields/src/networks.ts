import { BlockList, isIP, SocketAddress } from "node:net";

/** Reads addresses and networks into a list of their own and into `all`; returns the first entry that is neither. */
export function readNetworks(entries: readonly string[], all: BlockList): { readonly list: BlockList } | { readonly wrong: string } {
  const own = new BlockList();
  for (const entry of entries) {
    const [address = "", bits, ...rest] = entry.split("/");
    const version = isIP(address);
    const family = version === 6 ? "ipv6" : "ipv4";
    const prefix = bits === undefined ? undefined : Number(bits);
    const fits = prefix === undefined || (/^\d{1,3}$/.test(bits!) && prefix <= (version === 6 ? 128 : 32));
    if (version === 0 || address.includes("%") || rest.length > 0 || !fits) return { wrong: entry };
    for (const list of [own, all]) {
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, prefix, family);
    }
  }
  return { list: own };
}

/** An address in the form that lists are asked with; null for what is no IP address. */
export function addressOf(text: string): SocketAddress | null {
  const version = isIP(text);
  return version === 0 ? null : new SocketAddress({ address: text, family: version === 6 ? "ipv6" : "ipv4" });
}
