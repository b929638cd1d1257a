import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** A throw-away certificate and its key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  issue(names: readonly string[], options?: { readonly expired?: boolean }): Certificate;
}

/** An authority of its own for one test run: X.509 in the few lines of DER that it takes, so that no tool has to be installed. */
export function createAuthority(name = "Test Authority"): Authority {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issue = (subject: string, publicKey: KeyObject, from: number, to: number, extensions: Buffer[]): string =>
    certificate({ issuer: name, issuerKey: own.privateKey, subject, publicKey, from, to, extensions });
  const basic = extension([2, 5, 29, 19], sequence(der(0x01, Buffer.of(0xff))), true);
  return {
    cert: issue(name, own.publicKey, -1, 10, [basic]),
    key: pem(own.privateKey),
    issue(names, { expired = false } = {}) {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const alternatives = names.map((one) =>
        isIPv4(one) ? der(0x87, Buffer.from(one.split(".").map(Number))) : der(0x82, Buffer.from(one)),
      );
      const extensions = [extension([2, 5, 29, 17], sequence(...alternatives))];
      const cert = issue(names[0] ?? "", pair.publicKey, -3, expired ? -1 : 5, extensions);
      return { cert, key: pem(pair.privateKey) };
    },
  };
}

interface Parts {
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly subject: string;
  readonly publicKey: KeyObject;
  /** Days from now. */
  readonly from: number;
  readonly to: number;
  readonly extensions: readonly Buffer[];
}

function certificate({ issuer, issuerKey, subject, publicKey, from, to, extensions }: Parts): string {
  const algorithm = sequence(oid([1, 2, 840, 10045, 4, 3, 2])); // ecdsa-with-SHA256
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer),
    sequence(time(from), time(to)),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuerKey);
  const bytes = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function extension(id: readonly number[], value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid([2, 5, 4, 3]), der(0x0c, Buffer.from(commonName)))));
}

function time(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(0x17, Buffer.from(text.slice(2)));
}

function oid([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const digits = rest.flatMap((arc) => {
    const bytes = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(128 + (left % 128));
    return bytes;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...digits]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const length = content.length;
  const header = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function pem(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}
