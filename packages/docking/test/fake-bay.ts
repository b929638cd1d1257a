import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { FrameDecoder } from "../src/decode.ts";
import { encodeFrame } from "../src/encode.ts";
import type { DockTerms, Frame, FrameType } from "../src/frame.ts";

export const terms: DockTerms = { features: [], window: 262_144, linkWindow: 16_777_216, maxMessage: 1_048_576, links: 1 };

/** One link of a scripted bay: what it got, and the means to say anything, right or wrong. */
export interface FakeLink {
  readonly socket: Socket;
  readonly received: Frame[];
  send(...frames: Frame[]): void;
  raw(bytes: Uint8Array): void;
  /** The next frame of this type that no earlier call has given. */
  next<T extends FrameType>(type: T): Promise<Extract<Frame, { readonly type: T }>>;
  /** Resolves when mothership has closed the link. */
  readonly closed: Promise<void>;
}

export interface FakeBay extends AsyncDisposable {
  /** The next link that mothership dials. */
  link(): Promise<FakeLink>;
}

/** A bay that does nothing by itself. */
export async function openFakeBay(path: string): Promise<FakeBay> {
  const links: FakeLink[] = [];
  const waiting: ((link: FakeLink) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const link = fakeLink(socket);
    const wanted = waiting.shift();
    if (wanted) wanted(link);
    else links.push(link);
  });
  server.listen(path);
  await once(server, "listening");
  return {
    link: () => {
      const ready = links.shift();
      return ready ? Promise.resolve(ready) : new Promise((resolve) => waiting.push(resolve));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Speaks frames over a connection. */
export function fakeLink(socket: Socket): FakeLink {
  const decoder = new FrameDecoder();
  const received: Frame[] = [];
  const unclaimed: Frame[] = [];
  const wanted: { readonly type: FrameType; give(frame: Frame): void }[] = [];
  const closed = Promise.withResolvers<void>();
  socket.on("data", (chunk: Buffer) => {
    for (const frame of decoder.push(Buffer.from(chunk))) {
      received.push(frame);
      const at = wanted.findIndex(({ type }) => type === frame.type);
      if (at >= 0) wanted.splice(at, 1)[0]?.give(frame);
      else unclaimed.push(frame);
    }
  });
  // A link that is cut under a test's hands is often what the test is about.
  socket.on("error", () => undefined);
  socket.on("close", () => closed.resolve());
  return {
    socket,
    received,
    closed: closed.promise,
    raw: (bytes) => void socket.write(bytes),
    send: (...frames) => void socket.write(Buffer.concat(frames.map((frame) => encodeFrame(frame)))),
    next: <T extends FrameType>(type: T) =>
      new Promise<Extract<Frame, { readonly type: T }>>((resolve) => {
        const give = (frame: Frame): void => resolve(frame as Extract<Frame, { readonly type: T }>);
        const at = unclaimed.findIndex((frame) => frame.type === type);
        if (at >= 0) give(unclaimed.splice(at, 1)[0]!);
        else wanted.push({ type, give });
      }),
  };
}

/** Docks in version 1 and gives the link once Moored has come. */
export async function dock1(bay: FakeBay, ship = "bay"): Promise<FakeLink> {
  const link = await bay.link();
  link.send({ type: "dock", version: 1, ship });
  await link.next("moored");
  return link;
}

/** Docks in version 2, ready for clients. */
export async function dock2(bay: FakeBay, more: Partial<DockTerms> = {}): Promise<FakeLink> {
  const link = await bay.link();
  link.send({ type: "dock", version: 2, ship: "bay", terms: { ...terms, ...more } });
  await link.next("moored");
  link.send({ type: "ready", accepting: true });
  return link;
}

/** Takes the next client that boards. */
export async function accept(link: FakeLink): Promise<number> {
  const { connId } = await link.next("boarding");
  link.send({ type: "accept", connId, protocol: "", headers: [] });
  return connId;
}

export function text(connId: number, data: string): Frame {
  return { type: "message", connId, binary: false, continues: false, data: Buffer.from(data) };
}
