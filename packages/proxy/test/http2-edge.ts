import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import type { Address } from "@mothership/kernel";
import { tempFolder } from "@mothership/testkit";
import { certificateFiles } from "./certificates.ts";
import { type Edge, type EdgeParts, edgeTo } from "./edge.ts";

/** An edge whose bind speaks TLS for `a.example` and 127.0.0.1. */
export interface SecureEdge extends Edge {
  readonly ca: string;
  /** File of the certificate, for programs. */
  readonly caFile: string;
  /** A new HTTP/2 connection of a client; closed with the edge at the latest. */
  client(settings?: Parameters<typeof connect>[1]): Promise<ClientHttp2Session>;
}

export async function secureEdgeTo(address: Address, parts: EdgeParts = {}): Promise<SecureEdge> {
  const folder = tempFolder();
  const { certFile, keyFile, cert } = certificateFiles(folder.join("edge"), { names: ["a.example", "127.0.0.1"] });
  const edge = await edgeTo(address, { ...parts, listener: { tls: { certificates: [{ certFile, keyFile }] }, ...parts.listener } });
  const sessions: ClientHttp2Session[] = [];
  return {
    ...edge,
    url: `https://127.0.0.1:${edge.port}`,
    ca: cert,
    caFile: certFile,
    async client(options = {}) {
      const session = connect(`https://127.0.0.1:${edge.port}`, { ca: cert, ...options });
      sessions.push(session);
      session.on("error", () => undefined);
      await once(session, "connect");
      return session;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await edge[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
  /** Of interim responses. */
  readonly interims: readonly IncomingHttpHeaders[];
  /** The code that the stream was closed with. */
  readonly code: number;
}

/** Everything that comes of a stream. Rejects when it was reset before it had a head. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const pieces: Buffer[] = [];
  const interims: IncomingHttpHeaders[] = [];
  let headers: IncomingHttpHeaders | undefined;
  let trailers: IncomingHttpHeaders | undefined;
  stream.on("error", () => undefined);
  stream.on("headers", (fields) => interims.push(fields));
  stream.on("response", (fields) => (headers = fields));
  stream.on("trailers", (fields) => (trailers = fields));
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  if (!stream.closed || !stream.destroyed) await new Promise((resolve) => stream.once("close", resolve));
  if (!headers) throw new Error(`reset with code ${stream.rstCode}`);
  return { status: Number(headers[":status"]), headers, body: Buffer.concat(pieces), trailers, interims, code: stream.rstCode ?? 0 };
}

/** One request without content, or with this. */
export function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

/** Sends a request's content back. */
export const echo = (request: IncomingMessage, response: ServerResponse): void => void request.pipe(response);

/** What was refused, by code, and how often. */
export function refusals(edge: SecureEdge): Map<string, number> {
  const seen = new Map<string, number>();
  edge.proxy.events.on("refused", ({ code }) => seen.set(code, (seen.get(code) ?? 0) + 1));
  return seen;
}
