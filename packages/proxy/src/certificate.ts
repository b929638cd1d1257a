import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { hasCode, messageOf } from "@mothership/kernel";
import { TlsCertificateError } from "./errors.ts";
import { alternativeNames, normalName } from "./server-names.ts";

/** A certificate with its chain, the key to it, both in PEM, and the names it is for. */
export interface CertificateFiles {
  /** The certificate first, then those that it was signed with, up to but without the root. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Host names that it is given out for, `*.` as the first label allowed. Default: the DNS names in the certificate. */
  readonly names?: readonly string[];
}

/** A certificate that was read and can be used. */
export interface Certificate {
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  readonly context: SecureContext;
  /** What the context was made of, for a server that makes its own. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How TLS is spoken, whatever the certificate. */
export interface ContextOptions {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly ciphers: string;
  readonly honorCipherOrder: boolean;
  readonly secureOptions: number;
  /** What a session is good for. */
  readonly sessionIdContext: string;
}

/** No chain and no key comes near this; a log file named by mistake would. */
const maxFileBytes = 1_048_576;

/** Reads and checks a certificate. Whether its time has come or is over is for the caller to judge. @throws {TlsCertificateError} */
export async function readCertificate(bind: string, files: CertificateFiles, options: ContextOptions): Promise<Certificate> {
  const [cert, key] = await Promise.all([contents(bind, files.certFile), contents(bind, files.keyFile)]);
  const fail = (file: string, reason: string, cause?: unknown): never => {
    throw new TlsCertificateError(bind, file, reason, cause === undefined ? undefined : { cause });
  };
  const leaf = attempt(() => new X509Certificate(cert)) ?? fail(files.certFile, "it holds no certificate in PEM");
  const secret = attempt(() => createPrivateKey(key)) ?? fail(files.keyFile, "it holds no private key in PEM, or one with a passphrase");
  if (!leaf.checkPrivateKey(secret)) fail(files.keyFile, `it is not the key to the certificate in ${files.certFile}`);
  try {
    const context = createSecureContext({ ...options, cert, key });
    const names = files.names?.map((name) => normalName(name) ?? fail(files.certFile, `"${name}" is no host name`));
    return {
      names: names ?? alternativeNames(leaf.subjectAltName ?? ""),
      validFrom: Date.parse(leaf.validFrom),
      validTo: Date.parse(leaf.validTo),
      context,
      cert,
      key,
    };
  } catch (error) {
    // A chain whose second certificate is broken, a key too short for today's rules.
    return error instanceof TlsCertificateError ? Promise.reject(error) : fail(files.certFile, messageOf(error), error);
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    // OpenSSL's words ("no start line") help nobody; the caller says what was expected.
    return undefined;
  }
}

async function contents(bind: string, file: string): Promise<Buffer> {
  try {
    // Before it is opened: opening a pipe would wait for whoever writes into it.
    const stats = await stat(file);
    if (!stats.isFile()) throw new Error("it is no file");
    if (stats.size > maxFileBytes) throw new Error(`it is longer than ${maxFileBytes} bytes`);
    return await readFile(file);
  } catch (error) {
    throw new TlsCertificateError(bind, file, readProblem(error), { cause: error });
  }
}

/** The words of the system name the call, and the file once more. */
function readProblem(error: unknown): string {
  if (hasCode(error, "ENOENT")) return "there is no such file";
  return hasCode(error, "EACCES") ? "this user may not read it" : messageOf(error);
}
