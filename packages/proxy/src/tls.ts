/**
 * TLS on accepted sockets.
 *
 * 1. A socket comes here when whatever stands before TLS (a PROXY protocol header) has been read.
 * 2. The client's hello names a host; the certificate is chosen by it, and HTTP/2 or HTTP/1.1 by ALPN.
 * 3. When the handshake is done the secured socket is handed over. Whoever takes it owns it, and with it the socket below.
 * 4. A handshake that fails, or takes too long, closes the socket without a word in another protocol.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { constants, createHash } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { type Deps, messageOf } from "@mothership/kernel";
import type { CertificateFiles, ContextOptions } from "./certificate.ts";
import { type Certificates, openCertificates } from "./certificates.ts";
import { TicketKeys } from "./ticket-keys.ts";

/** How TLS is ended on a bind. Plain data. */
export interface TlsSpec {
  /** At least one. Each client is given the first whose names have the one it asks for exactly, else by wildcard, else the first of all. */
  readonly certificates: readonly CertificateFiles[];
  /** Default "TLSv1.2". */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Time for a handshake. Default 10,000. */
  readonly handshakeMs?: number;
  /** Handshakes at a time; the socket of a further one is closed at once. Default 1,024. */
  readonly maxHandshakes?: number;
  /** Made by `ticketMemory`, for the same bind in each of several threads, whose clocks agree: a client may resume its session in any. Default: alone. */
  readonly ticketMemory?: SharedArrayBuffer | undefined;
}

/** What a handshake came to: exactly one of the two is called, once. */
export interface HandshakeHandler {
  /** `http2`: the client and we agreed on it. */
  secured(socket: TLSSocket, http2: boolean): void;
  /** The socket is closed or about to be, from whichever side. */
  failed(reason: string): void;
}

/**
 * Suites for TLS 1.2: forward secrecy and authenticated encryption only, which is also what HTTP/2 asks for (RFC 9113, 9.2.2). Those of
 * TLS 1.3 are all good. Any of them is good enough for us, so the client chooses the one that it is fast at.
 */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** Node's own limit runs on another clock than ours; ours always comes first. */
const never = 2 ** 31 - 1;

/** Ends TLS for one bind. Disposing stops looking at certificate files; sockets that were handed over live on. */
export class TlsTerminator implements Disposable {
  readonly certificates: Certificates;
  readonly #server: Server;
  readonly #options: ContextOptions;
  readonly #deps: Deps;
  readonly #ticketKeys: TicketKeys;
  readonly #handshakeMs: number;
  readonly #maxHandshakes: number;
  // The server reports the end of a handshake, but not on which of the sockets that it was given.
  readonly #current = new AsyncLocalStorage<Handshake>();
  #pending = 0;

  constructor(spec: TlsSpec, http2: boolean, certificates: Certificates, options: ContextOptions, deps: Deps) {
    this.certificates = certificates;
    this.#options = options;
    this.#deps = deps;
    this.#handshakeMs = spec.handshakeMs ?? 10_000;
    this.#maxHandshakes = spec.maxHandshakes ?? 1024;
    this.#ticketKeys = new TicketKeys(deps.clock, spec.ticketMemory);
    const { cert, key } = certificates.first;
    this.#server = createServer({
      ...options,
      cert,
      key,
      handshakeTimeout: never,
      ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
      SNICallback: (name, answer) => answer(null, certificates.contextFor(name)),
    });
    this.#server.on("secureConnection", (socket) => {
      const handshake = this.#current.getStore();
      if (handshake) handshake.succeeded(socket);
      else socket.destroy();
    });
    this.#server.on("tlsClientError", (error) => this.#current.getStore()?.failed(reasonOf(error)));
  }

  /** Handshakes that have not ended. */
  get pending(): number {
    return this.#pending;
  }

  /** Takes ownership of `raw`, from which nothing is read yet but `first`. */
  accept(raw: Socket, first: Uint8Array | undefined, handler: HandshakeHandler): void {
    if (this.#pending >= this.#maxHandshakes) {
      raw.destroy();
      handler.failed("there are as many handshakes as there may be");
      return;
    }
    this.#renewTicketKeys();
    this.#pending++;
    const { clock } = this.#deps;
    const handshake = new Handshake(raw, this.#handshakeMs, clock, handler, () => {
      this.#pending--;
    });
    // A client that goes away in the middle would otherwise be waited for: TLS has no use for half a connection before it stands.
    raw.allowHalfOpen = false;
    if (first && first.length > 0) {
      // It may flow towards nobody since whoever read the first bytes has let go of it.
      raw.pause();
      raw.unshift(first);
    }
    this.#current.run(handshake, () => this.#server.emit("connection", raw));
  }

  /** From the next handshake on, clients without a name are given what is now the first certificate. */
  refresh(): void {
    const { cert, key } = this.certificates.first;
    // The tickets that clients have stay good.
    this.#server.setSecureContext({ ...this.#options, cert, key, ticketKeys: this.#server.getTicketKeys() });
  }

  [Symbol.dispose](): void {
    this.certificates[Symbol.dispose]();
  }

  #renewTicketKeys(): void {
    const keys = this.#ticketKeys.changed();
    if (keys) this.#server.setTicketKeys(keys);
  }
}

/** One handshake until it has succeeded or failed. */
class Handshake {
  readonly #raw: Socket;
  readonly #handler: HandshakeHandler;
  readonly #onEnd: () => void;
  readonly #timer: Disposable;
  #over = false;

  constructor(raw: Socket, ms: number, clock: Deps["clock"], handler: HandshakeHandler, onEnd: () => void) {
    this.#raw = raw;
    this.#handler = handler;
    this.#onEnd = onEnd;
    this.#timer = clock.timer(ms, () => this.failed("it took too long"));
    raw.on("close", this.#onClose).on("error", ignore);
  }

  succeeded(socket: TLSSocket): void {
    if (this.#over) {
      socket.destroy();
      return;
    }
    this.#end();
    // A broken record destroys the connection; Node only reports it.
    socket.on("error", () => socket.destroy());
    this.#handler.secured(socket, socket.alpnProtocol === "h2");
  }

  failed(reason: string): void {
    if (this.#over) return;
    this.#end();
    this.#raw.destroy();
    this.#handler.failed(reason);
  }

  readonly #onClose = (): void => this.failed("the client left");

  #end(): void {
    this.#over = true;
    this.#timer[Symbol.dispose]();
    this.#raw.off("close", this.#onClose);
    this.#onEnd();
  }
}

const ignore = (): void => undefined;

/** Reads the certificates of `bind` and makes ready to end TLS with them. @throws {TlsCertificateError} */
export async function openTls(bind: string, spec: TlsSpec, http2: boolean, deps: Deps): Promise<TlsTerminator> {
  const options: ContextOptions = {
    minVersion: spec.minVersion ?? "TLSv1.2",
    ciphers,
    honorCipherOrder: false,
    // Renegotiation costs us more than the client (CVE-2011-1473), and nobody needs it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // A session is good for the bind that began it. Node's own context is made of the command line, which other threads have not.
    sessionIdContext: createHash("sha256").update(bind).digest("hex").slice(0, 32),
  };
  if (spec.certificates.length === 0) throw new RangeError(`The bind "${bind}" has TLS and no certificate`);
  const certificates = await openCertificates(bind, spec.certificates, options, deps, () => terminator.refresh());
  const terminator = new TlsTerminator(spec, http2, certificates, options, deps);
  return terminator;
}

/** In a few words, for logs: OpenSSL's own hold the place in its source. */
function reasonOf(error: Error): string {
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : messageOf(error);
  return reason.slice(0, 200);
}
