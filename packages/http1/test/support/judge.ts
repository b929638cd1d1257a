import { type Body, type Deps, emptyBody, Fields, silentLogger } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { type Refusal, type ServerSpec, serveConnection } from "../../src/index.ts";
import { memory } from "./memory-socket.ts";

/** One request as it came out of a connection. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  /** The body came to its end. */
  readonly whole: boolean;
}

export interface Verdict {
  readonly seen: readonly Seen[];
  readonly refusal: Refusal | undefined;
  readonly answer: string;
}

const deps: Deps = { clock: new FakeClock(), log: silentLogger };
const head = { status: 200, fields: new Fields() };

function collect(body: Body, done: (content: string, whole: boolean) => void): void {
  let content = "";
  body.read({
    data: (piece) => {
      content += Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
      return true;
    },
    end: () => done(content, true),
    fail: () => done(content, false),
  });
}

/** What a server connection makes of these pieces, when every request is read to its end and answered 200. */
export function judge(pieces: readonly Buffer[], spec: Partial<ServerSpec> = {}): Verdict {
  const seen: Seen[] = [];
  let refusal: Refusal | undefined;
  const peer = memory();
  serveConnection(
    peer.socket,
    {
      ...spec,
      onRequest: (incoming) =>
        collect(incoming.body, (body, whole) => {
          const { method, target, authority, fields } = incoming;
          seen.push({ method, target, authority, fields: [...fields], body, whole });
          incoming.respond(head, emptyBody);
        }),
      onRefused: (reason) => {
        refusal = reason;
      },
    },
    deps,
  );
  for (const piece of pieces) peer.send(piece);
  peer.end();
  peer.close();
  return { seen, refusal, answer: peer.written };
}
