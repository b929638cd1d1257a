import { stat } from "node:fs/promises";
import type { SecureContext } from "node:tls";
import { type Deps, hasCode, messageOf } from "@mothership/kernel";
import { type Certificate, type CertificateFiles, type ContextOptions, readCertificate } from "./certificate.ts";
import { ServerNames } from "./server-names.ts";

/** How often the files are looked at. Polled, for what renews certificates replaces links and folders, which no watch on a file would see. */
const pollMs = 5000;
const dayMs = 86_400_000;
/** A warning comes so long before the end, or when a third of a short life is left. */
const warnMs = 14 * dayMs;

interface Entry {
  readonly files: CertificateFiles;
  certificate: Certificate;
  /** What the files looked like when they were last read, whether or not that went well. */
  read: string;
  /** What they looked like at the last look: only files that have come to rest are read. */
  seen: string;
  warnedAt: number;
}

/**
 * The certificates of one bind, kept up to date with their files.
 *
 * A change is taken over once the files have stayed the same for one look (5 s), so that a certificate and a key that are replaced one after
 * the other are not read between the two. What cannot be used is logged, and the last good certificate stays.
 */
export class Certificates implements Disposable {
  readonly #bind: string;
  readonly #options: ContextOptions;
  readonly #deps: Deps;
  readonly #entries: readonly Entry[];
  readonly #onChange: () => void;
  #names: ServerNames;
  #timer: Disposable | undefined;
  #closed = false;

  constructor(bind: string, entries: readonly Entry[], options: ContextOptions, deps: Deps, onChange: () => void) {
    this.#bind = bind;
    this.#options = options;
    this.#deps = deps;
    this.#entries = entries;
    this.#onChange = onChange;
    this.#names = this.#index();
    for (const entry of entries) this.#judge(entry);
    this.#schedule();
  }

  /** For clients that ask for no name, or for one that no certificate has. */
  get first(): Certificate {
    return this.#entries[0]!.certificate;
  }

  contextFor(host: string): SecureContext {
    return this.#entries[this.indexFor(host)]!.certificate.context;
  }

  /** Which certificate, counted from 0, a client that asks for this name is given. */
  indexFor(host: string): number {
    return this.#names.find(host) ?? 0;
  }

  /** Stops looking at the files. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #index(): ServerNames {
    return new ServerNames(this.#entries.map(({ certificate }) => certificate.names));
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#deps.clock.timer(pollMs, () => {
      this.#look().then(
        () => this.#schedule(),
        (error: unknown) => {
          this.#deps.log.error("looking at the certificates failed", { bind: this.#bind, reason: messageOf(error) });
          this.#schedule();
        },
      );
    });
  }

  async #look(): Promise<void> {
    for (const entry of this.#entries) {
      const now = await stampOf(entry.files);
      const settled = now === entry.seen;
      entry.seen = now;
      if (settled && now !== entry.read && !this.#closed) await this.#reload(entry, now);
      this.#judge(entry);
    }
  }

  async #reload(entry: Entry, stamp: string): Promise<void> {
    entry.read = stamp;
    const { certFile } = entry.files;
    try {
      const next = await readCertificate(this.#bind, entry.files, this.#options);
      if (this.#closed) return;
      const now = this.#deps.clock.wallTime();
      if (!isValid(next, now) && isValid(entry.certificate, now)) throw new Error("its time is over, or has not come");
      entry.certificate = next;
      entry.warnedAt = Number.NEGATIVE_INFINITY;
      this.#names = this.#index();
      this.#onChange();
      this.#deps.log.info("a certificate was reloaded", { bind: this.#bind, certFile, names: next.names, validTo: dateOf(next.validTo) });
    } catch (error) {
      const code = hasCode(error, "MS_TLS_CERTIFICATE") ? "MS_TLS_CERTIFICATE" : undefined;
      const facts = { bind: this.#bind, certFile, code, reason: messageOf(error) };
      this.#deps.log.error("a changed certificate cannot be used; the one before it stays in use", facts);
    }
  }

  /** Says so, once a day, when clients will not, or soon no longer, accept a certificate. */
  #judge(entry: Entry): void {
    const { certificate, files } = entry;
    const now = this.#deps.clock.wallTime();
    if (now - entry.warnedAt < dayMs) return;
    const { validFrom, validTo } = certificate;
    const facts = { bind: this.#bind, certFile: files.certFile, names: certificate.names, validTo: dateOf(validTo) };
    if (validTo <= now) this.#deps.log.error("a certificate has expired: clients refuse it", facts);
    else if (validFrom > now) this.#deps.log.error("a certificate is not valid yet: clients refuse it", facts);
    else if (validTo - now < Math.min(warnMs, (validTo - validFrom) / 3)) this.#deps.log.warn("a certificate expires soon", facts);
    else return;
    entry.warnedAt = now;
  }
}

/** Reads all certificates of a bind and keeps an eye on their files. `onChange` is called after one was replaced. @throws {TlsCertificateError} */
export async function openCertificates(
  bind: string,
  list: readonly CertificateFiles[],
  options: ContextOptions,
  deps: Deps,
  onChange: () => void,
): Promise<Certificates> {
  const entries: Entry[] = [];
  for (const files of list) {
    // Before the contents: a change in between is then seen as one.
    const stamp = await stampOf(files);
    const certificate = await readCertificate(bind, files, options);
    entries.push({ files, certificate, read: stamp, seen: stamp, warnedAt: Number.NEGATIVE_INFINITY });
    if (certificate.names.length === 0 && entries.length > 1)
      deps.log.warn("a certificate has no host name, so no client is given it", { bind, certFile: files.certFile });
  }
  return new Certificates(bind, entries, options, deps, onChange);
}

const isValid = ({ validFrom, validTo }: Certificate, now: number): boolean => validFrom <= now && now < validTo;

const dateOf = (ms: number): string => new Date(ms).toISOString();

/** Different whenever one of the two files was written or replaced. */
async function stampOf({ certFile, keyFile }: CertificateFiles): Promise<string> {
  const stamps = await Promise.all(
    [certFile, keyFile].map((file) =>
      stat(file).then(
        ({ dev, ino, size, mtimeMs, ctimeMs }) => [dev, ino, size, mtimeMs, ctimeMs].join(":"),
        (error: unknown) => messageOf(error),
      ),
    ),
  );
  return stamps.join("|");
}
