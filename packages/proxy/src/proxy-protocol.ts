/**
 * The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): what a balancer says about the client before the first byte of
 * that client. Pure; the caller collects bytes and asks again until there is an answer.
 */
import { isIPv4, isIPv6 } from "node:net";
import { crc32c } from "./crc32c.ts";
import { ipv6Text } from "./ipv6.ts";

/** A header, and where in the bytes what comes after it begins. */
export interface ProxyHeader {
  /** The client and whether it spoke TLS to the balancer; undefined where the header says nothing of it: the peer speaks for itself. */
  readonly client: { readonly address: string; readonly port: number; readonly secure: boolean } | undefined;
  readonly length: number;
}

/** The bytes begin like a header and are none. The connection is to be dropped without an answer: nobody knows who would read it. */
export interface ProxyHeaderProblem {
  readonly reason: string;
}

/** incomplete: more bytes are needed. absent: whatever this is, it is no header. */
export type ProxyHeaderResult = ProxyHeader | ProxyHeaderProblem | "incomplete" | "absent";

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const word = Buffer.from("PROXY ", "latin1");
/** "PROXY UNKNOWN" with two full IPv6 addresses and ports, CRLF included. */
const maxTextBytes = 107;
/** Addresses and TLVs of a version 2 header. Real ones, certificates' names included, have some hundreds of bytes. */
const maxBinaryBytes = 4096;

const problem = (reason: string): ProxyHeaderProblem => ({ reason });

/** Looks for a header at the start of `bytes`, which hold all that has come so far. */
export function parseProxyHeader(bytes: Buffer): ProxyHeaderResult {
  if (startsLike(bytes, word)) return bytes.length < word.length ? "incomplete" : parseText(bytes);
  if (startsLike(bytes, signature)) return bytes.length < 16 ? "incomplete" : parseBinary(bytes);
  return "absent";
}

/** True when `bytes` are the start of `expected`, or begin with it. */
function startsLike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.compare(expected, 0, length, 0, length) === 0;
}

function parseText(bytes: Buffer): ProxyHeaderResult {
  const end = bytes.indexOf("\r\n");
  if (end === -1 || end + 2 > maxTextBytes)
    return bytes.length < maxTextBytes && end === -1 ? "incomplete" : problem("the line is too long");
  const length = end + 2;
  const [, family = "", ...rest] = bytes.toString("latin1", 0, end).split(" ");
  if (family === "UNKNOWN") return { client: undefined, length };
  const [source = "", destination = "", sourcePort = "", destinationPort = "", ...more] = rest;
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isPlainIPv6 : undefined;
  if (!isAddress) return problem("the protocol is none of TCP4, TCP6 and UNKNOWN");
  if (!isAddress(source) || !isAddress(destination)) return problem("an address is not of the family that is named");
  if (!isPort(sourcePort) || !isPort(destinationPort) || more.length > 0) return problem("a port is missing or is none");
  return { client: { address: source.toLowerCase(), port: Number(sourcePort), secure: false }, length };
}

const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes("%");

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

function parseBinary(bytes: Buffer): ProxyHeaderResult {
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 15;
  const size = bytes.readUInt16BE(14);
  if (version !== 2) return problem("the version is not 2");
  if (command > 1) return problem("the command is neither LOCAL nor PROXY");
  if (size > maxBinaryBytes) return problem("the header is too long");
  const length = 16 + size;
  if (bytes.length < length) return "incomplete";
  const header = bytes.subarray(0, length);
  const addressBytes = sizes[bytes[13]!] ?? 0;
  if (size < addressBytes) return problem("the header is shorter than its addresses");
  // Families that we do not know have a length that we do not know either: nothing in them can be read.
  const extras = bytes[13]! in sizes ? readExtras(header, 16 + addressBytes) : { secure: false };
  if ("reason" in extras) return extras;
  // LOCAL is the balancer itself, asking how we are.
  const client = command === 0 ? undefined : clientIn(header, extras.secure);
  return { client, length };
}

/** Bytes of the two addresses, by family and transport; those that are not here say nothing of use about a TCP connection. */
const sizes: Readonly<Record<number, number>> = { 0: 0, 17: 12, 18: 12, 33: 36, 34: 36, 49: 216, 50: 216 };

function clientIn(header: Buffer, secure: boolean): ProxyHeader["client"] {
  if (header[13] === 0x11) return { address: header.subarray(16, 20).join("."), port: header.readUInt16BE(24), secure };
  if (header[13] === 0x21) return { address: ipv6Text(header.subarray(16, 32)), port: header.readUInt16BE(48), secure };
  return undefined;
}

const typeCrc32c = 0x03;
const typeSsl = 0x20;

/** Reads the type-length-value triples behind the addresses. */
function readExtras(header: Buffer, from: number): { readonly secure: boolean } | ProxyHeaderProblem {
  let secure = false;
  for (let at = from; at < header.length; ) {
    const start = at + 3;
    const end = start + (start <= header.length ? header.readUInt16BE(at + 1) : 0);
    if (start > header.length || end > header.length) return problem("an extension reaches beyond the header");
    const type = header[at]!;
    if (type === typeCrc32c && (end - start !== 4 || !checksumFits(header, start))) return problem("the checksum does not fit");
    // Its first byte is a set of flags; the first says that the client spoke TLS.
    if (type === typeSsl) secure = end > start && (header[start]! & 1) === 1;
    at = end;
  }
  return { secure };
}

function checksumFits(header: Buffer, at: number): boolean {
  const blank = Buffer.from(header);
  blank.fill(0, at, at + 4);
  return crc32c(blank) === header.readUInt32BE(at);
}
