import { isIP } from "node:net";

/** Whether a text is an address, or an address, a slash and how many of its bits count: `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [, address = "", bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || address.includes("%")) return false;
  return bits === undefined || Number(bits) <= (family === 4 ? 32 : 128);
}
