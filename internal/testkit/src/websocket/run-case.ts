import { once } from "node:events";
import type { Heard, WebSocketCase } from "./case.ts";
import { closeFrame } from "./case.ts";
import { opcodes, openRawClient, type RawClient } from "./raw-client.ts";

export interface CaseTarget {
  readonly port: number;
  readonly path?: string;
}

/**
 * Plays one case against a server that echoes. "ok", "non-strict" where the suite says so (the connection failed as it should, before the echo of
 * what came earlier), or a sentence that says what was wrong.
 */
export async function runWebSocketCase(one: WebSocketCase, { port, path }: CaseTarget): Promise<string> {
  const client = await openRawClient(port, path === undefined ? {} : { path });
  try {
    if (!client.head.startsWith("HTTP/1.1 101 ")) return `the handshake was answered with ${client.head}`;
    return await play(one, client);
  } finally {
    client.socket.destroy();
  }
}

async function play(one: WebSocketCase, client: RawClient): Promise<string> {
  const listener = new Listener(client);
  for (const step of one.steps) {
    if (!("heard" in step)) {
      // The server may have ended it by now, which it may.
      if (!client.socket.writable) break;
      if (!client.socket.write(step)) await Promise.race([once(client.socket, "drain"), once(client.socket, "close")]);
    } else if (!(await listener.until(step.heard))) return `the connection ended after ${listener.heard.length} messages`;
  }
  if (one.end.by === "client") {
    if (!(await listener.until(one.echoes.length)))
      return `the connection ended with ${listener.code} after ${listener.heard.length} messages`;
    client.socket.write(closeFrame(1000));
  }
  await listener.end();
  return judge(one, listener);
}

function judge({ end, echoes }: WebSocketCase, { heard, code }: Listener): string {
  const codes = end.by === "client" ? [1000] : end.codes;
  if (code === undefined || !codes.includes(code)) return `closed with ${code ?? "no close frame"} instead of ${codes.join(" or ")}`;
  const all = same(heard, echoes);
  if (all) return "ok";
  if (end.by === "server" && heard.length === 0) return "non-strict";
  if (end.by === "either" && same(heard, echoes.slice(0, heard.length))) return "non-strict";
  return `heard ${heard.map(briefly).join(", ") || "nothing"} instead of ${echoes.map(briefly).join(", ") || "nothing"}`;
}

function same(one: readonly Heard[], other: readonly Heard[]): boolean {
  return (
    one.length === other.length && one.every(({ kind, payload }, at) => kind === other[at]!.kind && payload.equals(other[at]!.payload))
  );
}

function briefly({ kind, payload }: Heard): string {
  return `${kind} of ${payload.length} bytes`;
}

/** Puts frames together to what was said. */
class Listener {
  readonly heard: Heard[] = [];
  /** Of the close frame. */
  code: number | undefined;
  readonly #client: RawClient;
  #parts: Buffer[] = [];
  #kind: "text" | "binary" = "text";

  constructor(client: RawClient) {
    this.#client = client;
  }

  /** False when the connection ends before. */
  async until(count: number): Promise<boolean> {
    while (this.heard.length < count) if (!(await this.#next())) return false;
    return true;
  }

  async end(): Promise<void> {
    while (await this.#next());
  }

  async #next(): Promise<boolean> {
    const frame = await this.#client.next();
    if (!frame) return false;
    if (this.code !== undefined) throw new Error("a frame came after the close frame");
    if (frame.rsv !== 0) throw new Error("a reserved bit is set");
    if (frame.opcode === opcodes.close) this.code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
    else if (frame.opcode === opcodes.pong) this.heard.push({ kind: "pong", payload: frame.payload });
    else if (frame.opcode !== opcodes.ping) this.#data(frame);
    return true;
  }

  #data({ opcode, fin, payload }: { readonly opcode: number; readonly fin: boolean; readonly payload: Buffer }): void {
    if (opcode !== opcodes.continuation) this.#kind = opcode === opcodes.text ? "text" : "binary";
    this.#parts.push(payload);
    if (!fin) return;
    this.heard.push({ kind: this.#kind, payload: Buffer.concat(this.#parts) });
    this.#parts = [];
  }
}
