import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import type { CertificateFiles } from "../src/certificate.ts";

/**
 * Self-signed certificates, made on the spot: a DER writer of the few types that one consists of (X.690; RFC 5280, 4.1), so that the tests
 * need no program and no certificate that expires in the repository.
 */
export interface CertificateParts {
  /** DNS names and IPv4 addresses of subjectAltName. */
  readonly names?: readonly string[];
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export function selfSigned({
  names = [],
  validFrom = new Date("2025-01-01"),
  validTo = new Date("2045-01-01"),
}: CertificateParts = {}): Pem {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(tagged(0x31, sequence(oid(0x55, 0x04, 0x03), tagged(0x0c, Buffer.from("mothership test")))));
  const basicConstraints = sequence(oid(0x55, 0x1d, 0x13), tagged(0x01, Buffer.of(0xff)), octets(sequence(tagged(0x01, Buffer.of(0xff)))));
  const alternatives = names.map((text) =>
    isIPv4(text) ? tagged(0x87, Buffer.from(text.split(".").map(Number))) : tagged(0x82, Buffer.from(text)),
  );
  const subjectAltName = sequence(oid(0x55, 0x1d, 0x11), octets(sequence(...alternatives)));
  const extensions = names.length > 0 ? [basicConstraints, subjectAltName] : [basicConstraints];
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(validFrom), time(validTo)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = certificate.toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Writes both files of a new certificate; a second call with the same stem replaces them. */
export function certificateFiles(stem: string, parts: CertificateParts = {}): CertificateFiles & Pem {
  const pem = selfSigned(parts);
  const files = { certFile: `${stem}.crt`, keyFile: `${stem}.key` };
  writeFileSync(files.certFile, pem.cert);
  writeFileSync(files.keyFile, pem.key);
  return { ...files, ...pem };
}

function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, Buffer.concat(parts));
const oid = (...bytes: readonly number[]): Buffer => tagged(0x06, Buffer.from(bytes));
const octets = (content: Uint8Array): Buffer => tagged(0x04, content);

/** UTCTime, which ends in 2049. */
function time(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return tagged(0x17, Buffer.from(text.slice(2)));
}
